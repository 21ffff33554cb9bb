from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from archspec.ops.base import Shape
from archspec.ops.facts import Facts
from archspec.ops.window import Pool

if TYPE_CHECKING:
    from torch import nn


class MaxPool(Pool):
    """The largest value under a window that slides over each channel; a padding never wins."""

    name: ClassVar[str] = "max pool"

    def facts(self, shape: Shape, out: Shape) -> Facts:
        return Facts(pool_inputs=self.read(shape), max_pool_outputs=out.elements)

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        from archspec.ops.modules import PaddedMaxPool2d

        if self.window.both is None:
            return PaddedMaxPool2d(self.window)
        return nn.MaxPool2d(self.patch, self.stride, self.window.both, ceil_mode=self.ceil)
