from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from archspec.language.values import Bool, Channels
from archspec.ops.base import Cost, Op, Shape, Size, column, layer_cost
from archspec.ops.reach import Reach

if TYPE_CHECKING:
    from torch import nn


class Linear(Op):
    """Fully connected layer on everything that comes in, flattened as channels x height x width, as papers draw it."""

    name: ClassVar[str] = "linear"
    tensors: ClassVar[Mapping[str, int]] = {"weight": 2, "bias": 1}
    layer: ClassVar[bool] = True

    filters: Channels = column("=out_channels", about="output features", scale="none")
    bias: Bool = column(True)

    def output(self, shape: Shape) -> Shape:
        return Shape(self.filters, flat=True)

    def state(self, shape: Shape, out: Shape) -> Mapping[str, Size]:
        weight = (self.filters, shape.elements)
        return {"weight": weight, "bias": (self.filters,)} if self.bias else {"weight": weight}

    def cost(self, shape: Shape, out: Shape) -> Cost:
        return layer_cost(self.state(shape, out), 1, out)

    def reach(self, shape: Shape, out: Shape) -> tuple[Reach, Reach]:
        return Reach.whole(shape.height), Reach.whole(shape.width)

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        from archspec.ops.modules import FlatLinear

        layer = nn.Linear if shape.flat else FlatLinear
        return layer(shape.elements, self.filters, self.bias)
