from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from archspec.language.values import Bool, Number
from archspec.ops.base import Op, Shape, ShapeError, Size, column, needs_map
from archspec.ops.facts import Facts

if TYPE_CHECKING:
    from torch import nn


class InstanceNorm(Op):
    """Each channel of each example normalised by itself (Ulyanov et al. 2016)."""

    name: ClassVar[str] = "instance norm"
    tensors: ClassVar[Mapping[str, int]] = {"weight": 1, "bias": 1}

    eps: Number = column(1e-5, least=0, about="added to the variance")
    affine: Bool = column(False, about="whether it has a trained scale and shift for each channel")

    def output(self, shape: Shape) -> Shape:
        needs_map(shape, "instance norm")
        if shape.height * shape.width == 1:
            raise ShapeError("instance norm needs more than one place in the map")
        return shape

    def state(self, shape: Shape, out: Shape) -> Mapping[str, Size]:
        return dict.fromkeys(self.tensors, (shape.channels,)) if self.affine else {}

    def facts(self, shape: Shape, out: Shape) -> Facts:
        if not self.affine:
            return Facts(plain_instance_norm_elements=shape.elements)
        return Facts(instance_norm_elements=shape.elements)

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.InstanceNorm2d(shape.channels, self.eps, affine=self.affine)
