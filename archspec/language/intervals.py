"""What bounds on two numbers say of their sum, product, order and the like. Whole numbers are Python's, which never overflow."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import TypeAlias

#: the smallest and the largest value that a number may have
Bounds: TypeAlias = tuple[float, float]

#: the largest value of an int64; its negative is the smallest that is used
MAX_INT = 2**63 - 1

_ANY = (-math.inf, math.inf)


def fits(bounds: Bounds) -> bool:
    """Whether an int64 holds all that lies between."""
    return bounds[0] >= -MAX_INT and bounds[1] <= MAX_INT


def joined(first: Bounds, second: Bounds) -> Bounds:
    """The bounds of what lies in either."""
    return min(first[0], second[0]), max(first[1], second[1])


Within: TypeAlias = Callable[[float, float, float, float], Bounds]


def _corners(function: Callable[[float, float], float]) -> Within:
    """Of a function that grows or falls along each side."""

    def within(a: float, b: float, c: float, d: float) -> Bounds:
        if any(isinstance(one, float) and math.isinf(one) for one in (a, b, c, d)):
            return _ANY
        found = function(a, c), function(a, d), function(b, c), function(b, d)
        return min(found), max(found)

    return within


def _divided(function: Callable[[float, float], float]) -> Within:
    """Of a division: nothing is divided by zero, and a whole divisor is at least 1 apart from it."""
    corners = _corners(function)

    def within(a: float, b: float, c: float, d: float) -> Bounds:
        if c > 0 or d < 0:
            return corners(a, b, c, d)
        if isinstance(c, float) or isinstance(d, float):
            return _ANY
        parts = [corners(a, b, *part) for part in ((c, -1), (1, d)) if part[0] <= part[1]]
        return joined(parts[0], parts[-1]) if parts else (0, 0)

    return within


def _remainder(a: float, b: float, c: float, d: float) -> Bounds:
    if a == b and c == d and c:
        return (a % c,) * 2
    below = 0 if isinstance(c, float) or isinstance(d, float) else 1  # a whole one stays that much below the divisor
    least, most = min(0, c + below), max(0, d - below)
    return least, min(b, most) if a >= 0 and c > 0 else most


#: between which bounds lies what is made of a number from a to b and one from c to d; a divisor is never zero
WITHIN: dict[str, Within] = {
    "add": lambda a, b, c, d: (a + c, b + d),
    "subtract": lambda a, b, c, d: (a - d, b - c),
    "multiply": _corners(operator.mul),
    "floor_divide": _divided(operator.floordiv),
    "true_divide": _divided(operator.truediv),
    "remainder": _remainder,
    "maximum": lambda a, b, c, d: (max(a, c), max(b, d)),
    "minimum": lambda a, b, c, d: (min(a, c), min(b, d)),
}

#: how the two compare, if all that lies between the bounds compares alike; else None
KNOWN: dict[str, Callable[[float, float, float, float], bool | None]] = {
    "lt": lambda a, b, c, d: True if b < c else False if a >= d else None,
    "eq": lambda a, b, c, d: False if b < c or d < a else True if a == b == c == d else None,
}


def _less(left: Bounds, right: Bounds, answer: bool, whole: bool) -> tuple[Bounds, Bounds]:
    if answer:
        return (left[0], min(left[1], right[1] - whole)), (max(right[0], left[0] + whole), right[1])
    return (max(left[0], right[0]), left[1]), (right[0], min(right[1], left[1]))


def _equal(left: Bounds, right: Bounds, answer: bool, whole: bool) -> tuple[Bounds, Bounds]:
    if answer:
        shared = max(left[0], right[0]), min(left[1], right[1])
        return shared, shared
    if whole and right[0] == right[1]:  # another than the one at the end
        left = left[0] + (left[0] == right[0]), left[1] - (left[1] == right[0])
    return left, right


#: the bounds of two numbers, of which it is known how they compare
NARROWED: dict[str, Callable[[Bounds, Bounds, bool, bool], tuple[Bounds, Bounds]]] = {"lt": _less, "eq": _equal}
