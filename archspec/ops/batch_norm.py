from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from archspec.language.values import Bool, Number
from archspec.ops.base import Op, Shape, Size, column
from archspec.ops.facts import Facts

if TYPE_CHECKING:
    from torch import nn


class BatchNorm(Op):
    """Batch normalisation with a trained scale and shift for each channel (Ioffe & Szegedy 2015)."""

    name: ClassVar[str] = "batch norm"
    tensors: ClassVar[Mapping[str, int]] = {"weight": 1, "bias": 1}
    statistics: ClassVar[tuple[str, ...]] = ("running_mean", "running_var")

    eps: Number = column(1e-5, least=0, about="added to the variance")
    momentum: Number = column(0.1, least=0, about="weight of a new batch in the running statistics (torch's sense)")
    affine: Bool = column(True, about="whether it has a scale and a shift")

    def state(self, shape: Shape, out: Shape) -> Mapping[str, Size]:
        each = (*(self.tensors if self.affine else ()), *self.statistics)
        return {**dict.fromkeys(each, (shape.channels,)), "num_batches_tracked": ()}

    def facts(self, shape: Shape, out: Shape) -> Facts:
        if not self.affine:
            return Facts(plain_batch_norm_elements=shape.elements)
        return Facts(batch_norm_elements=shape.elements)

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        norm = nn.BatchNorm1d if shape.flat else nn.BatchNorm2d
        return norm(shape.channels, self.eps, self.momentum, self.affine)
