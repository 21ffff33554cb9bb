from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from archspec.language.values import Count, Number
from archspec.ops.base import Op, Shape, ShapeError, column, needs_map
from archspec.ops.facts import Facts

if TYPE_CHECKING:
    from torch import nn


class ResponseNorm(Op):
    """Local response normalisation across channels: x / (k + alpha * mean of squares of the `size` nearest channels) ** beta.

    Krizhevsky et al. 2012, section 3.3, in torch's convention: alpha multiplies the mean, not the sum.
    """

    name: ClassVar[str] = "response norm"

    size: Count = column(5, about="channels in the neighbourhood")
    alpha: Number = column(1e-4, least=0, about="multiplies the mean of the squares")
    beta: Number = column(0.75, least=0, about="exponent")
    k: Number = column(1.0, least=0, about="added to the mean")

    def output(self, shape: Shape) -> Shape:
        needs_map(shape, "response norm")
        if self.size > 2 * shape.channels:
            raise ShapeError(f"a neighbourhood of {self.size} is more than twice the {shape.channels} channels", "size")
        return shape

    def facts(self, shape: Shape, out: Shape) -> Facts:
        # torch's: the square, the scale and the shift, and a pool over the padded channels
        padded = (shape.channels + self.size - 1) * shape.height * shape.width
        return Facts(composed_elements=3 * shape.elements + padded)

    def module(self, shape: Shape) -> nn.Module:
        from archspec.ops.modules import ResponseNorm

        return ResponseNorm(self.size, self.alpha, self.beta, self.k)
