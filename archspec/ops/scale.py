from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from archspec.language.values import Number
from archspec.ops.base import Op, Shape, column

if TYPE_CHECKING:
    from torch import nn


class Scale(Op):
    """x times a fixed factor, as in the residual branches of Inception-ResNet (Szegedy et al. 2016, section 3.3)."""

    name: ClassVar[str] = "scale"

    factor: Number = column(about="what everything is multiplied with")

    def module(self, shape: Shape) -> nn.Module:
        from archspec.ops.modules import Scale

        return Scale(self.factor)
