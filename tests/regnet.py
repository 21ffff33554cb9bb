"""RegNetX in plain numpy and Python, after the idea of pycls (Radosavovic et al. 2020): the rule that makes stages of four
numbers, widths that their groups divide, and a cost that each part adds to what it is handed, like a forward pass.

Nothing here knows archspec.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np


class Stage(NamedTuple):
    """Blocks, the width that they put out, its ratio to the 3x3 convolution's, and the width of a group."""

    depth: int
    width: int
    ratio: int
    group: int


class Cost(NamedTuple):
    """What a network has cost so far, and the sides of the map that it has come to."""

    height: int
    width: int
    params: int = 0
    macs: int = 0
    activations: int = 0


def levels(d: int, w0: int, wa: float, wm: float) -> tuple[list[int], list[int], int]:
    """Widths and depths of the stages, and how many there could be: each block's width, quantised (equations 2 to 4)."""
    linear = w0 + wa * np.arange(d)
    exponents = np.round(np.log(linear / w0) / np.log(wm))
    quantised = 8 * np.round(w0 * np.power(wm, exponents) / 8).astype(int)
    widths, depths = np.unique(quantised, return_counts=True)
    return widths.tolist(), depths.tolist(), int(exponents.max()) + 1


def tied(d: int, w0: int, wa: float, wm: float) -> bool:
    """Whether the last bit of a logarithm may decide to which level a block belongs."""
    halves = np.log((w0 + wa * np.arange(d)) / w0) / np.log(wm) - 0.5
    return bool((abs(halves - np.round(halves)) < 1e-9).any())


def generated(d: int, w0: int, wa: float, wm: float, g: int) -> list[Stage] | None:
    """The four stages; None if there are more, or fewer, or two of one width."""
    widths, depths, possible = levels(d, w0, wa, wm)
    if len(widths) != possible or possible != 4:
        return None
    return [adjusted(Stage(depth, width, 1, g)) for width, depth in zip(widths, depths, strict=True)]


def adjusted(stage: Stage) -> Stage:
    """The stage with a width that its groups divide."""
    inner = int(max(1, stage.width * (1 / stage.ratio)))
    group = min(stage.group, inner)
    inner = max(group, round(Fraction(inner, group)) * group)  # Python rounds halves to the even one, as numpy does
    return Stage(stage.depth, inner * stage.ratio, stage.ratio, group)


def convolution(cost: Cost, w_in: int, w_out: int, k: int, stride: int = 1, groups: int = 1) -> Cost:
    """A convolution without bias, and its batch norm."""
    height, width = (cost.height - 1) // stride + 1, (cost.width - 1) // stride + 1
    weights = k * k * w_in * w_out // groups
    return Cost(
        height,
        width,
        cost.params + weights + 2 * w_out,
        cost.macs + weights * height * width,
        cost.activations + w_out * height * width,
    )


def x_block(cost: Cost, w_in: int, stage: Stage, stride: int) -> Cost:
    """1x1, 3x3 in groups, 1x1, and a projection where the size changes."""
    inner = stage.width // stage.ratio
    if w_in != stage.width or stride != 1:
        projected = convolution(cost, w_in, stage.width, 1, stride)
        cost = projected._replace(height=cost.height, width=cost.width)
    cost = convolution(cost, w_in, inner, 1)
    cost = convolution(cost, inner, inner, 3, stride, inner // stage.group)
    return convolution(cost, inner, stage.width, 1)


def complexity(stages: Sequence[Stage], side: int = 224, classes: int = 1000) -> Cost:
    """What the network costs, without the multiply-adds of its one bias."""
    cost, w_in = convolution(Cost(side, side), 3, 32, 3, 2), 32
    for stage in stages:
        for index in range(stage.depth):
            cost, w_in = x_block(cost, w_in, stage, 2 if index == 0 else 1), stage.width
    weights = w_in * classes
    return Cost(1, 1, cost.params + weights + classes, cost.macs + weights, cost.activations + classes)


#: the paper's networks: d, w0, wa, wm and g, as pycls' configurations have them, by their size in multiply-adds
PUBLISHED = {
    "200MF": (13, 24, 36.44, 2.49, 8),
    "400MF": (22, 24, 24.48, 2.54, 16),
    "600MF": (16, 48, 36.97, 2.24, 24),
    "800MF": (16, 56, 35.73, 2.28, 16),
    "1.6GF": (18, 80, 34.01, 2.25, 24),
    "3.2GF": (25, 88, 26.31, 2.25, 48),
    "4.0GF": (23, 96, 38.65, 2.43, 40),
    "6.4GF": (17, 184, 60.83, 2.07, 56),
    "8.0GF": (23, 80, 49.56, 2.88, 120),
    "12GF": (19, 168, 73.36, 2.37, 112),
    "16GF": (22, 216, 55.59, 2.1, 128),
    "32GF": (23, 320, 69.86, 2.0, 168),
}
