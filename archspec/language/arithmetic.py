"""What formulas can compute: operators, comparisons, functions and constants, as data."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable
from functools import reduce
from typing import Any

from archspec.language.functions import fails, larger, root, rounded, smaller, whole
from archspec.language.intervals import MAX_INT
from archspec.language.many import Many, applied, is_whole


def round_half_up(x: float) -> int:
    """The nearest whole number, halves upwards."""
    return floor(x + 0.5)  # type: ignore[no-any-return] # an int, of one variant or of many


def round_to(x: float, divisor: float) -> int:
    """MobileNet's rule: the nearest multiple of `divisor`, at least `divisor`, never below 90 % of x (Howard et al. 2017)."""
    divisor = int(divisor) if isinstance(divisor, float) and divisor.is_integer() else whole(divisor)
    if not is_whole(divisor) or divisor < 1:
        raise ValueError
    near: int = larger(divisor, truncated(x + divisor / 2) // divisor * divisor)
    return near + divisor * (near < 0.9 * x)


def floor(x: Any) -> Any:
    return rounded("floor", x) if isinstance(x, Many) else math.floor(x)


def ceil(x: Any) -> Any:
    return rounded("ceil", x) if isinstance(x, Many) else math.ceil(x)


def truncated(x: Any) -> Any:
    """The whole part of a number."""
    return floor(x) if x >= 0 else ceil(x)


def _rounding(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A rounding, which leaves whole numbers as they are."""
    return lambda x: x if is_whole(x) else function(x)


def _log(x: Any, *base: Any) -> Any:
    values = (x, *base)
    if not any(isinstance(one, Many) for one in values):
        return math.log(*values)
    if not base and x.least > 0 and math.isfinite(x.most):
        return applied(math.log, values, (math.log(x.least) - _SLACK, math.log(x.most) + _SLACK))
    if fails(math.log, values):
        raise ValueError
    return applied(math.log, values, (-math.inf, math.inf))


#: more than the functions of a library are wrong by, as a share or in all
_SLACK = 1e-9


def _power(base: Any, exponent: Any) -> Any:
    if not isinstance(base, Many) and not isinstance(exponent, Many):
        return _plain_power(base, exponent)
    if isinstance(exponent, int) and exponent == 2:
        return base * base
    whole = is_whole(base) and is_whole(exponent) and not exponent < 0
    bounds = _power_bounds(base, exponent, whole)
    if bounds is None:
        if fails(_plain_power, (base, exponent)):
            raise ValueError
        bounds = (-MAX_INT, MAX_INT) if whole else (-math.inf, math.inf)
    return applied(_plain_power, (base, exponent), bounds, real=not whole)


def _power_bounds(base: Any, exponent: Any, whole: bool) -> tuple[float, float] | None:
    """Between which bounds a power lies: above zero it grows or falls along each side; None if it may be wrong or too large."""
    bases, exponents = ((one.least, one.most) if isinstance(one, Many) else (one, one) for one in (base, exponent))
    if bases[0] <= 0 or max(abs(math.log(one) * other) for one in bases for other in exponents) > _LARGE:
        return None
    found = [one**other for one in bases for other in exponents]
    return (min(found), max(found)) if whole else (min(found) * (1 - _SLACK), max(found) * (1 + _SLACK))


#: the logarithm of what is still below 63 bits
_LARGE = 43.0


def _plain_power(base: float, exponent: float) -> float:
    if isinstance(base, int) and isinstance(exponent, int) and abs(base) > 1 and exponent * math.log2(abs(base)) > 63:
        raise OverflowError
    result = base**exponent
    if isinstance(result, complex):
        raise ValueError
    if isinstance(result, int) and abs(result) > MAX_INT:
        raise OverflowError
    return float(result) if isinstance(result, float) else int(result)


def _over(function: Callable[[Any, Any], Any], plain: Callable[..., Any]) -> Callable[..., Any]:
    """The larger or smaller of several numbers: Python's own, where all are plain."""

    def over(*values: Any) -> Any:
        return reduce(function, values) if any(isinstance(one, Many) for one in values) else plain(*values)

    return over


#: by name: what is computed (None: what the formula sees computes it), and how many values it takes at least and at most
FUNCTIONS: dict[str, tuple[Callable[..., Any] | None, int, int]] = {
    "min": (_over(smaller, min), 2, 20),
    "max": (_over(larger, max), 2, 20),
    "ceil": (_rounding(ceil), 1, 1),
    "floor": (_rounding(floor), 1, 1),
    "round": (_rounding(round_half_up), 1, 1),
    "sqrt": (lambda x: root(x) if isinstance(x, Many) else math.sqrt(x), 1, 1),
    "log": (_log, 1, 2),
    "round_to": (round_to, 2, 2),
    "scaled": (None, 1, 1),
}
CONSTANTS: dict[str, Any] = {"true": True, "false": False, "none": None}

ARITHMETIC: dict[type[ast.AST], tuple[Callable[[Any, Any], Any], str]] = {
    ast.Add: (operator.add, "+"),
    ast.Sub: (operator.sub, "-"),
    ast.Mult: (operator.mul, "*"),
    ast.Div: (operator.truediv, "/"),
    ast.FloorDiv: (operator.floordiv, "//"),
    ast.Mod: (operator.mod, "%"),
    ast.Pow: (_power, "**"),
}
COMPARISONS: dict[type[ast.AST], tuple[Callable[[Any, Any], bool], bool]] = {
    ast.Eq: (operator.eq, False),
    ast.NotEq: (operator.ne, False),
    ast.Lt: (operator.lt, True),
    ast.LtE: (operator.le, True),
    ast.Gt: (operator.gt, True),
    ast.GtE: (operator.ge, True),
}
