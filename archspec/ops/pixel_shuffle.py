from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from archspec.language.values import Count
from archspec.ops.base import Op, Shape, ShapeError, column, needs_map
from archspec.ops.reach import Reach

if TYPE_CHECKING:
    from torch import nn


class PixelShuffle(Op):
    """factor² channels become one channel with factor x factor times the places (Shi et al. 2016, also depth to space)."""

    name: ClassVar[str] = "pixel shuffle"

    factor: Count = column(2, about="by how much height and width grow")

    def output(self, shape: Shape) -> Shape:
        needs_map(shape, "a pixel shuffle")
        if shape.channels % self.factor**2:
            message = f"{self.factor}x{self.factor} places need a multiple of {self.factor**2} channels, {shape.channels} come in"
            raise ShapeError(message, "factor")
        return Shape(shape.channels // self.factor**2, shape.height * self.factor, shape.width * self.factor)

    def reach(self, shape: Shape, out: Shape) -> tuple[Reach, Reach]:
        return Reach.nearest(shape.height, out.height), Reach.nearest(shape.width, out.width)

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.PixelShuffle(self.factor)
