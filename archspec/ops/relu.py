from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from archspec.ops.base import Op, Shape

if TYPE_CHECKING:
    from torch import nn


class Relu(Op):
    """Rectified linear unit, max(x, 0)."""

    name: ClassVar[str] = "relu"

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.ReLU()
