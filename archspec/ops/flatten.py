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

    def allocates(self, shape: Shape, out: Shape) -> int:
        # in channels-last memory the elements of a map lie in another order than those of the vector
        return out.elements if shape.channels > 1 and shape.height * shape.width > 1 else 0

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.Flatten()
