from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from archspec.language.values import Number
from archspec.ops.base import Op, Shape, column

if TYPE_CHECKING:
    from torch import nn


class L2Norm(Op):
    """The channels at each place divided by their Euclidean length, as an embedding is (Schroff et al. 2015, Figure 2)."""

    name: ClassVar[str] = "l2 norm"

    eps: Number = column(1e-12, least=0, about="the least length that is divided by")

    def module(self, shape: Shape) -> nn.Module:
        from archspec.ops.modules import L2Norm

        return L2Norm(self.eps)
