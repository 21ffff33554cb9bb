from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from archspec.language.values import Number
from archspec.ops.base import Op, Shape, Size, column
from archspec.ops.facts import Facts

if TYPE_CHECKING:
    from torch import nn


class Prelu(Op):
    """x where it is positive, slope x elsewhere, with a trained slope for each channel (He et al. 2015)."""

    name: ClassVar[str] = "prelu"
    tensors: ClassVar[Mapping[str, int]] = {"weight": 1}

    slope: Number = column(0.25, about="the slope before training")

    def state(self, shape: Shape, out: Shape) -> Mapping[str, Size]:
        return {"weight": (shape.channels,)}

    def facts(self, shape: Shape, out: Shape) -> Facts:
        return Facts(prelu_elements=shape.elements)

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.PReLU(shape.channels, self.slope)
