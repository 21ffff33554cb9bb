from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from archspec.ops.base import Op, Shape

if TYPE_CHECKING:
    from torch import nn


class Flatten(Op):
    """A map as one vector, channels x height x width."""

    name: ClassVar[str] = "flatten"

    def output(self, shape: Shape) -> Shape:
        return Shape(shape.elements, flat=True)

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.Flatten()
