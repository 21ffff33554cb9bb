"""Functions of numbers of many variants: roundings, and what only Python's own functions compute to the digit."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from archspec.language.intervals import MAX_INT
from archspec.language.many import Many, as_float, bounds_of, limits, made, once, truth_of


def finite(value: Any) -> bool:
    """Whether a number is neither infinite nor NaN."""
    if not isinstance(value, Many):
        return math.isfinite(value)
    return not value.real or all(map(math.isfinite, bounds_of(value))) or bool(truth_of("isfinite", value))


def whole(value: Any) -> Any:
    """A float of many variants as whole numbers, if all are; other values as they are."""
    if not isinstance(value, Many) or not value.real or value >= float(MAX_INT) or value <= -float(MAX_INT):
        return value
    below = rounded("floor", value)
    return below if below == value else value


def rounded(name: str, value: Any) -> Any:
    """`floor` or `ceil` of a float, as a whole number."""
    if not value.real:
        return value
    if value >= float(MAX_INT) or value <= -float(MAX_INT):
        raise OverflowError
    least, most = (_clipped(getattr(math, name), one) for one in limits(value))
    if least == most:
        return least
    return once(name, (value,), lambda batch: Many(batch, (least, most), name, (value,)))


def _clipped(function: Callable[[float], int], bound: float) -> int:
    return function(bound) if abs(bound) < MAX_INT else MAX_INT if bound > 0 else -MAX_INT


def root(value: Any) -> Any:
    """The square root, as a float."""
    if value < 0:
        raise ValueError
    value = as_float(value)
    least, most = (math.sqrt(max(one, 0.0)) for one in limits(value))
    return once("sqrt", (value,), lambda batch: Many(batch, (least, most), "sqrt", (value,), real=True))


def fails(function: Callable[..., Any], sides: tuple[Any, ...]) -> Any:
    """The truth of where a function raises an error."""

    def failing(*values: Any) -> int:
        try:
            function(*values)
        except (ArithmeticError, ValueError):
            return 1
        return 0

    key = ("fails", function)
    return once(key, sides, lambda batch: Many(batch, (0, 1), "apply", sides, truth=True, function=failing))


def larger(left: Any, right: Any) -> Any:
    """The larger of two numbers: of each variant, where `max` is of all of them alike."""
    return made("maximum", left, right) if isinstance(left, Many) or isinstance(right, Many) else max(left, right)


def smaller(left: Any, right: Any) -> Any:
    """The smaller of two numbers: of each variant, where `min` is of all of them alike."""
    return made("minimum", left, right) if isinstance(left, Many) or isinstance(right, Many) else min(left, right)
