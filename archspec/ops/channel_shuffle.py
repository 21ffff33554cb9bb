from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from archspec.language.values import Count
from archspec.ops.base import Op, Shape, column, divides, needs_map

if TYPE_CHECKING:
    from torch import nn


class ChannelShuffle(Op):
    """The channels of each group dealt out over all groups, so that the next grouped convolution sees every group
    (Zhang et al. 2017).
    """

    name: ClassVar[str] = "channel shuffle"

    groups: Count = column(2)

    def output(self, shape: Shape) -> Shape:
        needs_map(shape, "a channel shuffle")
        divides(self.groups, "groups", {"channels that come in": shape.channels})
        return shape

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.ChannelShuffle(self.groups)
