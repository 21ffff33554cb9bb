from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from archspec.ops.base import Shape
from archspec.ops.facts import Facts
from archspec.ops.window import AdaptivePool

if TYPE_CHECKING:
    from torch import nn


class AdaptiveMaxPool(AdaptivePool):
    """The largest value in as many windows as the output has places, whatever the size that comes in."""

    name: ClassVar[str] = "adaptive max pool"

    def facts(self, shape: Shape, out: Shape) -> Facts:
        return Facts(pool_inputs=shape.elements)

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.AdaptiveMaxPool2d(self.size)
