from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from archspec.language.values import Bool, Padding, Sides
from archspec.ops.base import Op, Shape, column, needs_map
from archspec.ops.window import pool_padding, slide

if TYPE_CHECKING:
    from torch import nn


class AvgPool(Op):
    """The mean under a window that slides over each channel."""

    name: ClassVar[str] = "avg pool"

    patch: Sides = column(header="patch size/stride", about="window height x width")
    stride: Sides = column("=patch")
    padding: Padding = column("valid")
    ceil: Bool = column(False, about="keep a last, partial window (torch's ceil_mode)")
    count_padding: Bool = column(True, header="count padding", about="the zeros of the padding are part of the mean")

    def output(self, shape: Shape) -> Shape:
        needs_map(shape, "a pool")
        pad = pool_padding(self.padding, self.patch)
        return Shape(shape.channels, *slide(shape, self.patch, self.stride, pad, ceil=self.ceil))

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        pad = pool_padding(self.padding, self.patch)
        return nn.AvgPool2d(self.patch, self.stride, pad, self.ceil, self.count_padding)
