from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from archspec.ops.base import Shape
from archspec.ops.facts import Facts
from archspec.ops.window import AdaptivePool

if TYPE_CHECKING:
    from torch import nn


class AdaptiveAvgPool(AdaptivePool):
    """The mean over as many windows as the output has places, whatever the size that comes in."""

    name: ClassVar[str] = "adaptive avg pool"

    def facts(self, shape: Shape, out: Shape) -> Facts:
        return Facts(pool_inputs=shape.elements, adaptive_pool_inputs=shape.elements, adaptive_pool_outputs=out.elements)

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.AdaptiveAvgPool2d(self.size)
