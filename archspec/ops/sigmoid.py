from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from archspec.ops.base import Op, Shape

if TYPE_CHECKING:
    from torch import nn


class Sigmoid(Op):
    """1 / (1 + exp(-x)), a gate between 0 and 1."""

    name: ClassVar[str] = "sigmoid"

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.Sigmoid()
