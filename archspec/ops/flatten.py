from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from archspec.ops.base import Op, Shape
from archspec.ops.reach import Reach

if TYPE_CHECKING:
    from torch import nn


class Flatten(Op):
    """A map as one vector, channels x height x width."""

    name: ClassVar[str] = "flatten"

    def output(self, shape: Shape) -> Shape:
        return Shape(shape.elements, flat=True)

    def reach(self, shape: Shape, out: Shape) -> tuple[Reach, Reach]:
        return Reach.whole(shape.height), Reach.whole(shape.width)

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.Flatten()
