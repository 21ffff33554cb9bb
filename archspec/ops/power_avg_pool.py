from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from archspec.language.values import Number
from archspec.ops.base import Shape, ShapeError, column
from archspec.ops.facts import Facts
from archspec.ops.window import Pool

if TYPE_CHECKING:
    from torch import nn


class PowerAvgPool(Pool):
    """The p-norm of what is under a window that slides over each channel: (sum of |x|^p)^(1/p), torch's LPPool2d.

    A window that `ceil` keeps is scaled up as if it were whole, as torch does.
    With power 2 it is the L2 pooling of FaceNet (Schroff et al. 2015, Table 2).
    """

    name: ClassVar[str] = "power avg pool"

    power: Number = column(2, about="p; 1 is the sum, a large one nears the maximum")

    def output(self, shape: Shape) -> Shape:
        if self.power < 1:
            raise ShapeError("the power must be at least 1", "power")
        if self.window.both is None:
            raise ShapeError("a power-average pool pads both sides alike", "padding")
        return super().output(shape)

    def facts(self, shape: Shape, out: Shape) -> Facts:
        # torch's: an average pool of the powers, and the scaled root's sign and factor
        rows, columns = self.window.edges(shape[1:3])
        padded = shape.channels * (shape.height + sum(rows)) * (shape.width + sum(columns))
        return Facts(composed_elements=padded + 2 * out.elements)

    def module(self, shape: Shape) -> nn.Module:
        from archspec.ops.modules import PowerAvgPool

        return PowerAvgPool(self.patch, self.stride, self.window.both or (0, 0), self.power, self.ceil)
