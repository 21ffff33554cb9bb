from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from archspec.language.values import Bool, Fraction
from archspec.ops.base import Op, Shape, column

if TYPE_CHECKING:
    from torch import nn


class DropPath(Op):
    """In training, drops everything that comes in for an example with probability `rate` and scales the rest up: stochastic
    depth, at the end of a residual branch (Huang et al. 2016).
    """

    name: ClassVar[str] = "drop path"

    rate: Fraction = column(0.0, about="share of the examples that are dropped")
    spread: Bool = column(
        False, about="the rate grows linearly over the network's drop paths that say so: 0 in the first, `rate` in the last"
    )

    @property
    def spreads(self) -> bool:
        return self.spread

    def placed(self, index: int, count: int) -> Self:
        return self.model_copy(update={"rate": self.rate * index / (count - 1) if count > 1 else self.rate})

    def allocates(self, shape: Shape, out: Shape) -> int:
        return 0

    def module(self, shape: Shape) -> nn.Module:
        from archspec.ops.modules import DropPath

        return DropPath(self.rate)
