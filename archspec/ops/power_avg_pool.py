from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from archspec.language.values import Bool, Number, Sides
from archspec.ops.base import Op, Shape, ShapeError, column, needs_map
from archspec.ops.window import Window

if TYPE_CHECKING:
    from torch import nn


class PowerAvgPool(Op):
    """The p-norm of what is under a window that slides over each channel: (sum of |x|^p)^(1/p), torch's LPPool2d.

    With power 2 it is the L2 pooling of FaceNet (Schroff et al. 2015, Table 2).
    """

    name: ClassVar[str] = "power avg pool"

    patch: Sides = column(header="patch size/stride", about="window height x width")
    stride: Sides = column("=patch")
    power: Number = column(2, about="p; 1 is the sum, a large one nears the maximum")
    ceil: Bool = column(False, about="keep a last, partial window (torch's ceil_mode)")

    def output(self, shape: Shape) -> Shape:
        needs_map(shape, "a pool")
        if self.power < 1:
            raise ShapeError("the power must be at least 1", "power")
        return Shape(shape.channels, *Window(self.patch, self.stride, "valid").slide(shape, ceil=self.ceil))

    def module(self, shape: Shape) -> nn.Module:
        from archspec.ops.modules import PowerAvgPool

        return PowerAvgPool(self.patch, self.stride, self.power, self.ceil)
