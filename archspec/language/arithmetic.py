"""What formulas can compute: operators, comparisons, functions and constants, as data."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable
from typing import Any

from archspec.language.many import Many, each

#: whole numbers below it, and their halves, are floats exactly
_EXACT = 2**52


def round_half_up(x: float) -> int:
    """The nearest whole number, halves upwards."""
    return math.floor(x + 0.5)


def round_to(x: float, divisor: int) -> int:
    """MobileNet's rule: the nearest multiple of `divisor`, at least `divisor`, never below 90 % of x (Howard et al. 2017)."""
    if not isinstance(divisor, int) or divisor < 1:
        raise ValueError
    rounded = max(divisor, int(x + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * x else rounded


def _rounding(function: Callable[[float], int]) -> Callable[[Any], Any]:
    """A rounding, which leaves whole numbers as they are (those that a float holds exactly)."""
    over_all = each(function)

    def rounded(x: Any) -> Any:
        return x if isinstance(x, Many) and not x.real and x.least > -_EXACT and x.most < _EXACT else over_all(x)

    return rounded


FUNCTIONS: dict[str, tuple[Callable[..., Any], int, int]] = {
    "min": (each(min), 2, 20),
    "max": (each(max), 2, 20),
    "ceil": (_rounding(math.ceil), 1, 1),
    "floor": (_rounding(math.floor), 1, 1),
    "round": (_rounding(round_half_up), 1, 1),
    "sqrt": (each(math.sqrt), 1, 1),
    "log": (each(math.log), 1, 2),
    "round_to": (each(round_to), 2, 2),
}
CONSTANTS: dict[str, Any] = {"true": True, "false": False, "none": None}


def _power(base: float, exponent: float) -> float:
    if isinstance(base, int) and isinstance(exponent, int) and abs(base) > 1 and exponent * math.log2(abs(base)) > 63:
        raise OverflowError
    result = base**exponent
    if isinstance(result, complex):
        raise ValueError
    return float(result) if isinstance(result, float) else int(result)


ARITHMETIC: dict[type[ast.AST], tuple[Callable[[Any, Any], Any], str]] = {
    ast.Add: (operator.add, "+"),
    ast.Sub: (operator.sub, "-"),
    ast.Mult: (operator.mul, "*"),
    ast.Div: (operator.truediv, "/"),
    ast.FloorDiv: (operator.floordiv, "//"),
    ast.Mod: (operator.mod, "%"),
    ast.Pow: (each(_power), "**"),
}
COMPARISONS: dict[type[ast.AST], tuple[Callable[[Any, Any], bool], bool]] = {
    ast.Eq: (operator.eq, False),
    ast.NotEq: (operator.ne, False),
    ast.Lt: (operator.lt, True),
    ast.LtE: (operator.le, True),
    ast.Gt: (operator.gt, True),
    ast.GtE: (operator.ge, True),
}
