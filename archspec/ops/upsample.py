from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from archspec.language.values import Bool, Count, Word
from archspec.ops.base import Op, Shape, ShapeError, column, needs_map
from archspec.ops.facts import Facts
from archspec.ops.reach import Reach

if TYPE_CHECKING:
    from torch import nn


class Upsample(Op):
    """A map at a larger (or other) size, by the nearest place or by interpolation, without trained tensors."""

    name: ClassVar[str] = "upsample"

    scale: Count = column(2, about="by how much height and width grow")
    height: Count = column("=in_height * scale", about="output height, where it is not a multiple")
    width: Count = column("=in_width * scale", about="output width")
    mode: Word = column("nearest", choices=("nearest", "bilinear", "bicubic"))
    align_corners: Bool = column(False, header="align corners", about="corners stay corners (torch's align_corners)")

    def output(self, shape: Shape) -> Shape:
        needs_map(shape, "an upsampling")
        if self.align_corners and self.mode == "nearest":
            raise ShapeError("the nearest place has no corners to align", "align_corners")
        return Shape(shape.channels, self.height, self.width)

    def facts(self, shape: Shape, out: Shape) -> Facts:
        return Facts(
            nearest_elements=out.elements if self.mode == "nearest" else 0,
            bilinear_elements=out.elements if self.mode == "bilinear" else 0,
            bicubic_elements=out.elements if self.mode == "bicubic" else 0,
        )

    def reach(self, shape: Shape, out: Shape) -> tuple[Reach, Reach]:
        sides = zip(shape[1:3], out[1:3], strict=True)
        if self.mode == "nearest":
            rows, columns = (Reach.nearest(*side) for side in sides)
        else:
            width = 1 if self.mode == "bilinear" else 2
            rows, columns = (Reach.interpolated(*side, width, self.align_corners) for side in sides)
        return rows, columns

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        align = self.align_corners if self.mode != "nearest" else None
        whole = (self.height, self.width) == (shape.height * self.scale, shape.width * self.scale)
        if whole:  # also right for an input of another size
            return nn.Upsample(scale_factor=float(self.scale), mode=self.mode, align_corners=align)
        return nn.Upsample((self.height, self.width), mode=self.mode, align_corners=align)
