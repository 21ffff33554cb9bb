"""Arithmetic of windows that slide over a map: convolutions and pools, the sizes as torch has them."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

from archspec.language.functions import larger, smaller
from archspec.language.values import Bool, Padding, Sides
from archspec.ops.base import Op, Shape, ShapeError, column, needs_map
from archspec.ops.reach import Reach

Pair: TypeAlias = tuple[int, int]
ONE: Any = (1, 1)


class Window(NamedTuple):
    """A window's patch, stride, padding and dilation, each height x width; `padding` as its column has it."""

    patch: Pair
    stride: Pair
    padding: Any
    dilation: Pair = (1, 1)

    @property
    def both(self) -> Pair | None:
        """Rows and columns added on each side, if both sides get the same whatever the map: `same` is (patch - 1) // 2 x
        dilation, `valid` none.
        """
        if self.padding == "same":
            return ((self.patch[0] - 1) // 2 * self.dilation[0], (self.patch[1] - 1) // 2 * self.dilation[1])
        if self.padding == "valid":
            return (0, 0)
        return None if isinstance(self.padding, str) or isinstance(self.padding[0], tuple) else self.padding

    def edges(self, size: Pair) -> tuple[Pair, Pair]:
        """Rows above and below, columns left and right of a map of this height and width."""
        if self.both is not None:
            return (self.both[0],) * 2, (self.both[1],) * 2
        if self.padding == "tf same":
            rows, columns = map(_tensorflow, size, self.patch, self.stride, self.dilation)
            return rows, columns
        return self.padding  # type: ignore[no-any-return] # the column's own two pairs

    def reach(self, shape: Shape) -> tuple[Reach, Reach]:
        """The rows and columns of a map of this shape that one place of the window covers."""
        sides = zip(self.patch, self.stride, self.edges(shape[1:3]), self.dilation, strict=True)
        rows, columns = (Reach.window(s, -edge[0], (k - 1) * d - edge[0]) for k, s, edge, d in sides)
        return rows, columns

    def slide(self, shape: Shape, *, ceil: bool = False) -> Pair:
        """Height and width after the window has passed over `shape`; ShapeError if it does not fit once."""
        edges = self.edges(shape[1:3])
        sides = zip(shape[1:3], self.patch, self.stride, edges, self.dilation, strict=True)
        height, width = (_side(size, k, s, edge, d, ceil) for size, k, s, edge, d in sides)
        if height < 1 or width < 1:
            reach = "x".join(str((k - 1) * d + 1) for k, d in zip(self.patch, self.dilation, strict=True))
            before = "x".join(str(edge[0]) if edge[0] == edge[1] else f"{edge[0]}:{edge[1]}" for edge in edges)
            border = f" padded by {before}" if any(map(any, edges)) else ""
            raise ShapeError(f"a {reach} window does not fit on the {shape.height}x{shape.width} map{border}", "patch")
        return height, width


def _tensorflow(size: int, patch: int, stride: int, dilation: int) -> Pair:
    """TensorFlow's SAME: as many places as ceil(size / stride); of an odd padding, the larger part comes after."""
    needed = larger((-(-size // stride) - 1) * stride + (patch - 1) * dilation + 1 - size, 0)
    return needed // 2, needed - needed // 2


def _side(size: int, patch: int, stride: int, edge: Pair, dilation: int, ceil: bool) -> int:
    room = size + sum(edge) - dilation * (patch - 1) - 1
    if room < 0:
        return 0
    if not ceil:
        return room // stride + 1
    # torch: in ceil mode a last, partial window counts only if it starts inside the map or its first padding
    steps: int = smaller(-(-room // stride), (size + edge[0] - 1) // stride) + 1
    return steps


class Pool(Op):
    """What max and average pools share: a window that slides over each channel."""

    patch: Sides = column(header="patch size/stride", about="window height x width")
    stride: Sides = column("=patch")
    padding: Padding = column("valid", about="at most half of the window")
    ceil: Bool = column(False, about="keep a last, partial window (torch's ceil_mode)")

    @property
    def window(self) -> Window:
        return Window(self.patch, self.stride, self.padding)

    def output(self, shape: Shape) -> Shape:
        needs_map(shape, "a pool")
        if self.ceil and self.window.both is None:
            raise ShapeError("ceil needs a padding that is the same on both sides", "ceil")
        edges = self.window.edges(shape[1:3])
        # torch takes at most half of the window, so that every window meets the map
        if any(2 * max(edge) > k for edge, k in zip(edges, self.patch, strict=True)):
            border = "x".join(str(max(edge)) for edge in edges)
            message = f"a padding of {border} is more than half of the {self.patch[0]}x{self.patch[1]} window"
            raise ShapeError(message, "padding")
        return Shape(shape.channels, *self.window.slide(shape, ceil=self.ceil))

    def read(self, shape: Shape) -> int:
        """Elements of the map that torch's pool is given: a padding that differs from side to side is laid around it before."""
        if self.window.both is not None:
            return shape.elements
        rows, columns = self.window.edges(shape[1:3])
        return shape.channels * (shape.height + sum(rows)) * (shape.width + sum(columns))

    def reach(self, shape: Shape, out: Shape) -> tuple[Reach, Reach]:
        return self.window.reach(shape)


class AdaptivePool(Op):
    """What adaptive pools share: as many windows as the output has places."""

    size: Sides = column((1, 1), header="pooled to", about="output height x width")

    def output(self, shape: Shape) -> Shape:
        needs_map(shape, "a pool")
        return Shape(shape.channels, *self.size)

    def reach(self, shape: Shape, out: Shape) -> tuple[Reach, Reach]:
        return Reach.parted(shape.height, out.height), Reach.parted(shape.width, out.width)
