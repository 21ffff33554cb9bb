"""Arithmetic of windows that slide over a map: convolutions and pools, the sizes as torch has them."""

from __future__ import annotations

from typing import Any

from archspec.language.values import Bool, Padding, Sides
from archspec.ops.base import Op, Shape, ShapeError, column, needs_map

Pair = tuple[int, int]
ONE: Any = (1, 1)


def padded(padding: Any, patch: Pair, dilation: Pair = (1, 1)) -> Pair:
    """Rows and columns added on each side: `same` is (patch - 1) // 2 x dilation, `valid` none."""
    if padding == "same":
        return ((patch[0] - 1) // 2 * dilation[0], (patch[1] - 1) // 2 * dilation[1])
    return (0, 0) if padding == "valid" else padding


def slide(shape: Shape, patch: Pair, stride: Pair, pad: Pair, dilation: Pair = (1, 1), *, ceil: bool = False) -> Pair:
    """Height and width after the window has passed over `shape`; ShapeError if it does not fit once."""
    height, width = (
        _side(size, k, s, p, d, ceil) for size, k, s, p, d in zip(shape[1:3], patch, stride, pad, dilation, strict=True)
    )
    if height < 1 or width < 1:
        reach = "x".join(str((k - 1) * d + 1) for k, d in zip(patch, dilation, strict=True))
        border = f" padded by {pad[0]}x{pad[1]}" if any(pad) else ""
        raise ShapeError(f"a {reach} window does not fit on the {shape.height}x{shape.width} map{border}", "patch")
    return height, width


def _side(size: int, patch: int, stride: int, pad: int, dilation: int, ceil: bool) -> int:
    room = size + 2 * pad - dilation * (patch - 1) - 1
    if room < 0:
        return 0
    steps = room // stride + 1
    # torch: in ceil mode a last, partial window counts only if it starts inside the map or its left padding
    if ceil and room % stride and steps * stride < size + pad:
        steps += 1
    return steps


def pool_padding(padding: Any, patch: Pair) -> Pair:
    """Padding of a pool: torch takes at most half of the window, so that every window meets the map."""
    pad = padded(padding, patch)
    if any(2 * p > k for p, k in zip(pad, patch, strict=True)):
        raise ShapeError(f"a padding of {pad[0]}x{pad[1]} is more than half of the {patch[0]}x{patch[1]} window", "padding")
    return pad


class Pool(Op):
    """What max and average pools share: a window that slides over each channel."""

    patch: Sides = column(header="patch size/stride", about="window height x width")
    stride: Sides = column("=patch")
    padding: Padding = column("valid")
    ceil: Bool = column(False, about="keep a last, partial window (torch's ceil_mode)")

    @property
    def pad(self) -> Pair:
        return pool_padding(self.padding, self.patch)

    def output(self, shape: Shape) -> Shape:
        needs_map(shape, "a pool")
        return Shape(shape.channels, *slide(shape, self.patch, self.stride, self.pad, ceil=self.ceil))
