from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from archspec.language.values import Number
from archspec.ops.base import Op, Shape, Size, column

if TYPE_CHECKING:
    from torch import nn


class LayerScale(Op):
    """Each channel times a trained factor that starts small, at the end of a residual branch (Touvron et al. 2021)."""

    name: ClassVar[str] = "layer scale"
    tensors: ClassVar[Mapping[str, int]] = {"weight": 1}

    init: Number = column(1e-6, about="the factor before training")

    def state(self, shape: Shape, out: Shape) -> Mapping[str, Size]:
        return {"weight": (shape.channels,)}

    def module(self, shape: Shape) -> nn.Module:
        from archspec.ops.modules import LayerScale

        return LayerScale(shape.channels, self.init)
