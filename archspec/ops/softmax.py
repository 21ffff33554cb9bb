from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from archspec.ops.base import Op, Shape
from archspec.ops.facts import Facts

if TYPE_CHECKING:
    from torch import nn


class Softmax(Op):
    """Probabilities over the channels. As the last row it reads the logits: the model returns those, as its loss expects."""

    name: ClassVar[str] = "softmax"
    reading: ClassVar[bool] = True

    def facts(self, shape: Shape, out: Shape) -> Facts:
        return Facts(softmax_elements=shape.elements, softmax_places=shape.height * shape.width)

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        return nn.Softmax(dim=1)
