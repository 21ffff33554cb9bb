from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from archspec.language.values import Bool, Channels, Count, Padding, Sides
from archspec.ops.base import Cost, Op, Shape, Size, column, divides, layer_cost, needs_map
from archspec.ops.reach import Reach
from archspec.ops.window import ONE, Window

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

    @property
    def window(self) -> Window:
        return Window(self.patch, self.stride, self.padding, self.dilation)

    def output(self, shape: Shape) -> Shape:
        needs_map(shape, "a convolution")
        divides(self.groups, "groups", {"channels that come in": shape.channels, "filters": self.filters})
        return Shape(self.filters, *self.window.slide(shape))

    def state(self, shape: Shape, out: Shape) -> Mapping[str, Size]:
        weight = (self.filters, shape.channels // self.groups, *self.patch)
        return {"weight": weight, "bias": (self.filters,)} if self.bias else {"weight": weight}

    def cost(self, shape: Shape, out: Shape) -> Cost:
        return layer_cost(self.state(shape, out), out.height * out.width, out)

    def reach(self, shape: Shape, out: Shape) -> tuple[Reach, Reach]:
        return self.window.reach(shape)

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        from archspec.ops.modules import PaddedConv2d

        arguments: dict[str, Any] = {"dilation": self.dilation, "groups": self.groups, "bias": self.bias}
        if self.window.both is None:
            return PaddedConv2d(shape.channels, self.filters, self.window, **arguments)
        return nn.Conv2d(shape.channels, self.filters, self.patch, self.stride, self.window.both, **arguments)
