"""A number of many variants at once: formulas, shapes and costs compute with it as with an int or a float.

A `Many` holds what it is made of, and bounds on its values; nothing is computed before it is asked for
(archspec.language.arrays), so that what was made once serves any number of variants. A comparison that the bounds do not decide
gives a truth, 0 or 1 of each variant. Where one answer is needed, as in `if channels % groups:`, `Differ` says which truth it
hangs on, and whoever expands the variants goes on once for each answer (archspec.ir.cases).
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from archspec.language.batch import Batch, Differ
from archspec.language.intervals import KNOWN, WITHIN, Bounds, fits
from archspec.language.operators import Operators

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]

#: every whole number up to it, and its negative, is a float
_EXACT = 2**53
#: as many values are tried where one is needed for all variants
_TRIED = 1024


class Many(Operators):
    """A whole number of each variant of a batch, from `least` to `most`; `real`: a float of each; `truth`: 0 or 1, a yes or no.

    `name` is what made it of `sides`; `function` computes it, where numpy has nothing that rounds as Python does. `values` are
    all that a given number may be, if they are known.
    """

    __hash__ = object.__hash__
    __slots__ = ("batch", "exact", "function", "least", "most", "name", "real", "sides", "truth", "values")

    def __init__(
        self,
        batch: Batch,
        bounds: Bounds,
        name: str,
        sides: tuple[Any, ...] = (),
        *,
        real: bool = False,
        truth: bool = False,
        function: Callable[..., Any] | None = None,
        values: tuple[Any, ...] = (),
    ) -> None:
        self.batch, self.name, self.sides, self.function, self.values = batch, name, sides, function, values
        self.real, self.truth = real, truth
        self.least, self.most = bounds
        #: whether it is computed with Python's integers, since an int64 may not hold it, or what it is made of
        self.exact = not real and not all(fits(limits(one)) for one in (self, *sides) if is_whole(one))

    def __str__(self) -> str:
        return "many values"

    def __format__(self, spec: str) -> str:
        return str(self)

    def __bool__(self) -> bool:
        if not self.truth:
            return bool(self != 0)
        denied = self.name == "deny"
        truth = self.sides[0] if denied else self
        if id(truth) not in self.batch.assumed:
            raise Differ(truth)
        return self.batch.assumed[id(truth)] is not denied

    def __index__(self) -> int:
        if not self.real and self.most - self.least < _TRIED:
            for number in range(int(self.least), int(self.most)):
                if self == number:
                    return number
            return int(self.most)
        raise ValueError("one whole number for all variants")

    def __float__(self) -> float:
        return float(self.__index__())

    # what the operators do

    def compared(self, name: str, other: Any) -> Any:
        return _compared(name, self, other) if isinstance(other, int | float | Many) else NotImplemented

    @staticmethod
    def computed(name: str, left: Any, right: Any) -> Any:
        return made(name, left, right) if counts(left) and counts(right) else NotImplemented

    def __abs__(self) -> Any:
        return self if self.least >= 0 else made("maximum", self, -self)


def given(batch: Batch, bounds: Bounds, *, real: bool = False, truth: bool = False, values: tuple[Any, ...] = ()) -> Many:
    """A number that is given for each variant when it is computed; it lies between the bounds, and is one of `values`."""
    return Many(batch, bounds, "given", real=real, truth=truth, values=values)


def is_truth(*values: Any) -> bool:
    return all(isinstance(one, bool) or (isinstance(one, Many) and one.truth) for one in values)


def is_number(value: object) -> bool:
    """Whether a value is a number, of one variant or of many, and not true or false."""
    return counts(value) and not isinstance(value, bool) and not (isinstance(value, Many) and value.truth)


def is_whole(value: object) -> bool:
    """Whether a value is an int, of one variant or of many."""
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, Many) and not value.real)


def counts(value: object) -> bool:
    return isinstance(value, int | float | Many)


def bounds_of(value: Any) -> Bounds:
    """Between which bounds a number lies, under what is assumed of the variants."""
    return value.batch.bounds(value) if isinstance(value, Many) else (value, value)


def limits(value: Any) -> Bounds:
    """Between which bounds it lies in any case: what is made of numbers outlives what is assumed."""
    return (value.least, value.most) if isinstance(value, Many) else (value, value)


# truths


#: each comparison by one of two, the sides perhaps exchanged, the answer perhaps denied
_BY: dict[str, tuple[str, bool, bool]] = {
    "lt": ("lt", False, False),
    "gt": ("lt", True, False),
    "ge": ("lt", False, True),
    "le": ("lt", True, True),
    "eq": ("eq", False, False),
    "ne": ("eq", False, True),
}


def _compared(name: str, left: Any, right: Any) -> Any:
    base, exchanged, denied = _BY[name]
    if exchanged:
        left, right = right, left
    if base == "lt" and isinstance(left, int) and is_whole(right):
        base, left, right, denied = "lt", right, left + 1, not denied  # one truth for `2 < n` and `n >= 3`
    answer: Any = base == "eq" if left is right else KNOWN[base](*bounds_of(left), *bounds_of(right))
    if answer is None:
        answer = truth_of(base, *paired(left, right))
    return deny(answer) if denied else answer


def truth_of(name: str, *sides: Any) -> Many:
    return once(name, sides, lambda batch: Many(batch, (0, 1), name, sides, truth=True))  # type: ignore[no-any-return] # never plain


def deny(truth: Any) -> Any:
    """The opposite of a truth."""
    if not isinstance(truth, Many):
        return not truth
    return truth.sides[0] if truth.name == "deny" else truth_of("deny", truth)


# arithmetic: what a number is made of, and between which bounds it lies

_DIVISIONS = ("floor_divide", "remainder", "true_divide")
#: the right side that changes nothing
_NEUTRAL = {"add": 0, "subtract": 0, "multiply": 1, "floor_divide": 1}


def made(name: str, left: Any, right: Any) -> Any:
    """What numpy calls `name` of two numbers; an int stays an int where Python's does."""
    if name in _DIVISIONS and right == 0:
        raise ZeroDivisionError
    if not isinstance(left, Many) and not isinstance(right, Many):
        return WITHIN[name](left, left, right, right)[0]
    if is_whole(left) and is_whole(right) and name != "true_divide":
        if isinstance(right, int) and right == _NEUTRAL.get(name):
            return _as_number(left)
        if isinstance(left, int) and left == 0 and name in ("add", "multiply"):
            return _as_number(right) if name == "add" else 0
        if left is right and name in ("subtract", "floor_divide", "remainder"):
            return int(name == "floor_divide")
        if name in ("add", "subtract") and isinstance(right, int):
            left, right = _shifted(left, right if name == "add" else -right)
            name = "add"
            if not right:
                return _as_number(left)
    elif is_whole(left) and is_whole(right) and not all(abs(one) <= _EXACT for side in (left, right) for one in limits(side)):
        return applied(operator.truediv, (left, right), WITHIN[name](*limits(left), *limits(right)))
    else:
        left, right = _as_floats(left, right)
    real = not is_whole(left) or name == "true_divide"
    bounds = WITHIN[name](*limits(left), *limits(right))
    if bounds[0] == bounds[1] and not real:
        return bounds[0]
    return once(name, (left, right), lambda batch: Many(batch, bounds, name, (left, right), real=real))


def _as_number(value: Any) -> Any:
    """A truth as 0 or 1, which are numbers; numbers as they are."""
    if not isinstance(value, Many) or not value.truth:
        return value
    return once("number", (value,), lambda batch: Many(batch, (0, 1), "number", (value,)))


def _shifted(left: Any, by: int) -> tuple[Any, int]:
    """x + 3 - 2 is x + 1, so that what is equal is one number."""
    if isinstance(left, Many) and left.name == "add" and isinstance(left.sides[1], int):
        return left.sides[0], left.sides[1] + by
    return left, by


def paired(left: Any, right: Any) -> tuple[Any, Any]:
    """Both whole, or both floats."""
    whole = is_whole(left) or is_truth(left), is_whole(right) or is_truth(right)
    return (left, right) if whole[0] == whole[1] else _as_floats(left, right)


def _as_floats(left: Any, right: Any) -> tuple[Any, Any]:
    return as_float(left), as_float(right)


def as_float(value: Any) -> Any:
    """A whole number as the nearest float."""
    if not isinstance(value, Many):
        return float(value)
    if value.real:
        return value
    bounds = (float(value.least), float(value.most))
    return once("float", (value,), lambda batch: Many(batch, bounds, "float", (value,), real=True))


def applied(function: Callable[..., Any], sides: tuple[Any, ...], bounds: Bounds, *, real: bool = True) -> Any:
    """A function of Python's for each variant, whose result lies between the bounds."""
    key = ("apply", function, real)
    return once(key, sides, lambda batch: Many(batch, bounds, "apply", sides, real=real, function=function))


def once(name: Any, sides: tuple[Any, ...], new: Callable[[Batch], Many]) -> Any:
    """What was made before of the same, or is made now."""
    batch = next(one.batch for one in sides if isinstance(one, Many))
    key = (name, *(id(one) if isinstance(one, Many) else (type(one), one) for one in sides))
    if key not in batch.made:
        batch.made[key] = new(batch)
    return batch.made[key]
