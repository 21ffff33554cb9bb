"""What bounds on two whole numbers say of their sum, product, order and the like, in Python's integers, which never overflow."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TypeAlias

#: the smallest and the largest value that a number may have
Bounds: TypeAlias = tuple[int, int]

#: the largest value of an int64; its negative is the smallest that is used
MAX_INT = 2**63 - 1


def fits(bounds: Bounds) -> bool:
    """Whether an int64 holds all that lies between."""
    return bounds[0] >= -MAX_INT and bounds[1] <= MAX_INT


def _corners(function: Callable[[int, int], int]) -> Callable[[int, int, int, int], Bounds]:
    def within(a: int, b: int, c: int, d: int) -> Bounds:
        found = function(a, c), function(a, d), function(b, c), function(b, d)
        return min(found), max(found)

    return within


def _remainder(a: int, b: int, c: int, d: int) -> Bounds:
    return (0, min(b, d - 1) if a >= 0 else d - 1) if c > 0 else (c + 1, 0)


#: between which bounds lies what is made of a number from a to b and one from c to d; a divisor is never zero
WITHIN: dict[str, Callable[[int, int, int, int], Bounds]] = {
    "add": lambda a, b, c, d: (a + c, b + d),
    "subtract": lambda a, b, c, d: (a - d, b - c),
    "multiply": _corners(operator.mul),
    "floor_divide": _corners(operator.floordiv),
    "remainder": _remainder,
    "maximum": lambda a, b, c, d: (max(a, c), max(b, d)),
    "minimum": lambda a, b, c, d: (min(a, c), min(b, d)),
}

#: how the two compare, if all that lies between the bounds compares alike; else None
KNOWN: dict[str, Callable[[int, int, int, int], bool | None]] = {
    "lt": lambda a, b, c, d: True if b < c else False if a >= d else None,
    "le": lambda a, b, c, d: True if b <= c else False if a > d else None,
    "gt": lambda a, b, c, d: True if a > d else False if b <= c else None,
    "ge": lambda a, b, c, d: True if a >= d else False if b < c else None,
    "eq": lambda a, b, c, d: False if b < c or d < a else True if a == b == c == d else None,
    "ne": lambda a, b, c, d: True if b < c or d < a else False if a == b == c == d else None,
}
