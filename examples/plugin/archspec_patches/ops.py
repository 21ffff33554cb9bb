"""The op `space to depth`."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from archspec.language.values import Count
from archspec.ops import Op, Shape, ShapeError, column

if TYPE_CHECKING:
    from torch import nn


class SpaceToDepth(Op):
    """Each block of factor x factor pixels becomes one pixel with factor² times the channels (Shi et al. 2016, in reverse)."""

    name: ClassVar[str] = "space to depth"

    factor: Count = column(2, about="side of a block of pixels")

    def output(self, shape: Shape) -> Shape:
        if shape.height % self.factor or shape.width % self.factor:
            message = f"blocks of {self.factor}x{self.factor} do not divide the {shape.height}x{shape.width} map"
            raise ShapeError(message, "factor")
        return Shape(shape.channels * self.factor**2, shape.height // self.factor, shape.width // self.factor)

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.PixelUnshuffle(self.factor)
