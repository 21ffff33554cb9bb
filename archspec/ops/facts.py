"""What ops do that other tools count: facts, of which a tool's convention is a weighted sum (archspec.analysis.counters)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Facts(NamedTuple):
    """Facts of an op for one example, in elements unless said; they add up over ops.

    `transposed_excess` is what a transposed convolution would have more in multiply-adds if each place of its output, not of
    its input, met the whole kernel. Norms, activations and softmax say what flows through them (`plain`: without a trained
    scale and shift; `softmax_places`: without the channels), pools what they read and give (`pool_inputs`: of every max or
    average pool, a padding that differs from side to side included; `adaptive_pool_*`: of adaptive average pools), an
    upsampling what it gives. `composed_elements` are what torch's response norm and power-average pool hand to functions of
    torch.
    """

    transposed_excess: int = 0
    batch_norm_elements: int = 0
    plain_batch_norm_elements: int = 0
    group_norm_elements: int = 0
    plain_group_norm_elements: int = 0
    layer_norm_elements: int = 0
    plain_layer_norm_elements: int = 0
    instance_norm_elements: int = 0
    plain_instance_norm_elements: int = 0
    pool_inputs: int = 0
    max_pool_outputs: int = 0
    avg_pool_outputs: int = 0
    adaptive_pool_inputs: int = 0
    adaptive_pool_outputs: int = 0
    nearest_elements: int = 0
    bilinear_elements: int = 0
    bicubic_elements: int = 0
    relu_elements: int = 0
    relu6_elements: int = 0
    leaky_relu_elements: int = 0
    prelu_elements: int = 0
    elu_elements: int = 0
    gelu_elements: int = 0
    silu_elements: int = 0
    softmax_elements: int = 0
    softmax_places: int = 0
    composed_elements: int = 0

    @classmethod
    def total(cls, facts: Iterable[Facts]) -> Facts:
        """The sum of facts."""
        return cls(*map(sum, zip(*facts, strict=True))) if (facts := tuple(facts)) else cls()
