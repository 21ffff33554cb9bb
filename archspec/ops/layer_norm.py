from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from archspec.language.values import Bool, Number
from archspec.ops.base import Op, Shape, Size, column
from archspec.ops.facts import Facts

if TYPE_CHECKING:
    from torch import nn


class LayerNorm(Op):
    """The channels at each place normalised by themselves, then a trained scale and shift (Ba et al. 2016; on maps as
    ConvNeXt has it, Liu et al. 2022). Over a whole map it is `group norm` with one group.
    """

    name: ClassVar[str] = "layer norm"
    tensors: ClassVar[Mapping[str, int]] = {"weight": 1, "bias": 1}

    eps: Number = column(1e-5, least=0, about="added to the variance; ConvNeXt has 1e-6")
    affine: Bool = column(True, about="whether it has a scale and a shift")

    def state(self, shape: Shape, out: Shape) -> Mapping[str, Size]:
        return dict.fromkeys(self.tensors, (shape.channels,)) if self.affine else {}

    def facts(self, shape: Shape, out: Shape) -> Facts:
        if not self.affine:
            return Facts(plain_layer_norm_elements=shape.elements)
        return Facts(layer_norm_elements=shape.elements)

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        from archspec.ops.modules import LayerNorm2d

        norm = nn.LayerNorm if shape.flat else LayerNorm2d
        return norm(shape.channels, self.eps, self.affine)
