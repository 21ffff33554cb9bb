from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from archspec.language.values import Bool, Channels, Count, Padding, Sides
from archspec.ops.base import Cost, Op, Shape, ShapeError, column, needs_map
from archspec.ops.window import ONE, padded, slide

if TYPE_CHECKING:
    from torch import nn


class Conv(Op):
    """Two-dimensional convolution (cross-correlation, as in every framework), without norm and activation."""

    name: ClassVar[str] = "conv"
    tensors: ClassVar[Mapping[str, int]] = {"weight": 4, "bias": 1}
    layer: ClassVar[bool] = True

    patch: Sides = column(header="patch size/stride", about="kernel height x width")
    stride: Sides = column(ONE)
    filters: Channels = column("=out_channels", about="output channels")
    padding: Padding = column("same")
    dilation: Sides = column(ONE)
    groups: Count = column(1, about="the input's channels are split into this many groups, each with its own filters")
    bias: Bool = column(True)

    def output(self, shape: Shape) -> Shape:
        needs_map(shape, "a convolution")
        for count, what in ((shape.channels, "channels that come in"), (self.filters, "filters")):
            if count % self.groups:
                raise ShapeError(f"{self.groups} groups do not divide the {count} {what}", "groups")
        return Shape(self.filters, *slide(shape, self.patch, self.stride, self.pad, self.dilation))

    @property
    def pad(self) -> tuple[int, int]:
        return padded(self.padding, self.patch, self.dilation)

    def cost(self, shape: Shape) -> Cost:
        weights = self.filters * (shape.channels // self.groups) * self.patch[0] * self.patch[1]
        out = self.output(shape)
        biases = self.filters if self.bias else 0
        return Cost(weights + biases, biases, weights * out.height * out.width, out.elements)

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        arguments: dict[str, Any] = {"dilation": self.dilation, "groups": self.groups, "bias": self.bias}
        return nn.Conv2d(shape.channels, self.filters, self.patch, self.stride, self.pad, **arguments)
