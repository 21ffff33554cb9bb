from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from archspec.language.values import Sides
from archspec.ops.base import Op, Shape, column, needs_map

if TYPE_CHECKING:
    from torch import nn


class AdaptiveMaxPool(Op):
    """The largest value in as many windows as the output has places, whatever the size that comes in."""

    name: ClassVar[str] = "adaptive max pool"

    size: Sides = column((1, 1), header="pooled to", about="output height x width")

    def output(self, shape: Shape) -> Shape:
        needs_map(shape, "a pool")
        return Shape(shape.channels, *self.size)

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.AdaptiveMaxPool2d(self.size)
