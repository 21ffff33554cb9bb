from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from archspec.language.values import Number, Padding, Word
from archspec.ops.base import Op, Shape, ShapeError, column, needs_map
from archspec.ops.reach import Reach
from archspec.ops.window import Pair

if TYPE_CHECKING:
    from torch import nn


class Pad(Op):
    """Rows and columns around the map: `1`, `1x0`, or before:after, as in `0:1x0:1`."""

    name: ClassVar[str] = "pad"

    padding: Padding = column(about="rows x columns on both sides, or before:after")
    mode: Word = column("constant", choices=("constant", "reflect", "replicate"))
    value: Number = column(0, about="what a constant padding holds")

    @property
    def edges(self) -> tuple[Pair, Pair]:
        if isinstance(self.padding, str):
            raise ShapeError("a pad has no window: its padding is a size such as 1, 0x3 or 0:1x0:1", "padding")
        rows, columns = (part if isinstance(part, tuple) else (part, part) for part in self.padding)
        return rows, columns

    def output(self, shape: Shape) -> Shape:
        needs_map(shape, "a pad")
        rows, columns = self.edges
        if self.mode == "reflect" and (max(rows) >= shape.height or max(columns) >= shape.width):
            raise ShapeError(f"a reflection of the {shape.height}x{shape.width} map has no more places than it has", "padding")
        if self.mode != "constant" and self.value:
            raise ShapeError("only a constant padding has a value", "value")
        return Shape(shape.channels, shape.height + sum(rows), shape.width + sum(columns))

    def reach(self, shape: Shape, out: Shape) -> tuple[Reach, Reach]:
        rows, columns = self.edges
        return Reach.shifted(-rows[0]), Reach.shifted(-columns[0])

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        rows, columns = self.edges
        if self.mode == "constant":
            return nn.ConstantPad2d((*columns, *rows), self.value)
        kind = nn.ReflectionPad2d if self.mode == "reflect" else nn.ReplicationPad2d
        return kind((*columns, *rows))
