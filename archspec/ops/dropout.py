from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from archspec.language.values import Fraction
from archspec.ops.base import Op, Shape, column

if TYPE_CHECKING:
    from torch import nn


class Dropout(Op):
    """In training, zeroes each element with probability `rate` and scales the rest up (Srivastava et al. 2014)."""

    name: ClassVar[str] = "dropout"

    rate: Fraction = column(0.5, about="share of the elements that are dropped")

    def allocates(self, shape: Shape, out: Shape) -> int:
        return 0

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.Dropout(self.rate)
