from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from archspec.language.values import Bool, Count, Number
from archspec.ops.base import Op, Shape, ShapeError, Size, column, divides
from archspec.ops.facts import Facts

if TYPE_CHECKING:
    from torch import nn


class GroupNorm(Op):
    """Each group of channels of one example normalised by itself, then a trained scale and shift for each channel
    (Wu & He 2018).
    """

    name: ClassVar[str] = "group norm"
    tensors: ClassVar[Mapping[str, int]] = {"weight": 1, "bias": 1}

    groups: Count = column(32, about="groups of channels; 1 is layer norm over the whole map")
    eps: Number = column(1e-5, least=0, about="added to the variance")
    affine: Bool = column(True, about="whether it has a scale and a shift")

    def output(self, shape: Shape) -> Shape:
        divides(self.groups, "groups", {"channels that come in": shape.channels})
        if shape.elements == self.groups:
            raise ShapeError(f"{self.groups} groups leave each of the {shape.elements} values alone", "groups")
        return shape

    def state(self, shape: Shape, out: Shape) -> Mapping[str, Size]:
        return dict.fromkeys(self.tensors, (shape.channels,)) if self.affine else {}

    def facts(self, shape: Shape, out: Shape) -> Facts:
        if not self.affine:
            return Facts(plain_group_norm_elements=shape.elements)
        return Facts(group_norm_elements=shape.elements)

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.GroupNorm(self.groups, shape.channels, self.eps, self.affine)
