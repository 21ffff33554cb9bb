from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from archspec.language.values import Sides
from archspec.ops.base import Cost, Op, Shape, column, needs_map

if TYPE_CHECKING:
    from torch import nn


class AdaptiveAvgPool(Op):
    """The mean over as many windows as the output has places, whatever the size that comes in."""

    name: ClassVar[str] = "adaptive avg pool"

    size: Sides = column((1, 1), header="pooled to", about="output height x width")

    def output(self, shape: Shape) -> Shape:
        needs_map(shape, "a pool")
        return Shape(shape.channels, *self.size)

    def cost(self, shape: Shape) -> Cost:
        return Cost(adaptive_pool_inputs=shape.elements)

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.AdaptiveAvgPool2d(self.size)
