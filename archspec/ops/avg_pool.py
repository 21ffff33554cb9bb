from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from archspec.language.values import Bool
from archspec.ops.base import Shape, column
from archspec.ops.facts import Facts
from archspec.ops.window import Pool

if TYPE_CHECKING:
    from torch import nn


class AvgPool(Pool):
    """The mean under a window that slides over each channel."""

    name: ClassVar[str] = "avg pool"

    count_padding: Bool = column(True, header="count padding", about="the zeros of the padding are part of the mean")

    def facts(self, shape: Shape, out: Shape) -> Facts:
        return Facts(pool_inputs=self.read(shape), avg_pool_outputs=out.elements)

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        from archspec.ops.modules import PaddedAvgPool2d

        if self.window.both is None:
            return PaddedAvgPool2d(self.window, self.count_padding)
        return nn.AvgPool2d(self.patch, self.stride, self.window.both, self.ceil, self.count_padding)
