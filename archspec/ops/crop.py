from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from archspec.language.values import Count
from archspec.ops.base import Op, Shape, ShapeError, column, needs_map
from archspec.ops.reach import Reach
from archspec.ops.window import Pair

if TYPE_CHECKING:
    from torch import nn


class Crop(Op):
    """The middle of a map: as many rows and columns go on both sides; an odd one goes at the end (Ronneberger et al. 2015).

    The module takes the same margins from an input of another size.
    """

    name: ClassVar[str] = "crop"

    height: Count = column("=in_height", about="rows that are left")
    width: Count = column("=in_width", about="columns that are left")

    def output(self, shape: Shape) -> Shape:
        needs_map(shape, "a crop")
        for size, left, name in ((shape.height, self.height, "height"), (shape.width, self.width, "width")):
            if left > size:
                raise ShapeError(f"a crop to a {name} of {left} from the {shape.height}x{shape.width} map", name)
        return Shape(shape.channels, self.height, self.width)

    def reach(self, shape: Shape, out: Shape) -> tuple[Reach, Reach]:
        return Reach.shifted(_margins(shape.height - out.height)[0]), Reach.shifted(_margins(shape.width - out.width)[0])

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        rows, columns = _margins(shape.height - self.height), _margins(shape.width - self.width)
        return nn.ZeroPad2d((-columns[0], -columns[1], -rows[0], -rows[1]))


def _margins(gone: int) -> Pair:
    return gone // 2, gone - gone // 2
