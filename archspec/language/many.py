"""A number of many variants at once: formulas, shapes and costs compute with it as with an int, exactly and without wrapping.

A `Many` holds what it is made of and bounds on its values; arrays are computed only where a comparison needs them, and for
what is asked of the result (archspec.language.arrays). Where variants need different answers, as in `if channels % groups:`,
`Differ` says which, and whoever gave the variants takes them apart.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from archspec.language.intervals import KNOWN, WITHIN, Bounds, fits
from archspec.language.operators import PYTHON, Operators

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]


class Differ(Exception):  # noqa: N818 - no error: the variants are taken apart
    """The variants need different answers; `by` is each one's."""

    def __init__(self, by: Array) -> None:
        super().__init__("the variants differ")
        self.by = by


class Batch:
    """The variants that are computed together: how many, and every number that was made of theirs, each once."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.made: dict[Any, Any] = {}

    def given(self, array: Array) -> Any:
        """An array of whole numbers, one a variant, as a number; where all are the same, that one."""
        least, most = int(array.min()), int(array.max())
        return least if least == most else Many(self, (least, most), array=array, tight=True)


class Many(Operators):
    """A whole number of each variant of a batch, from `least` to `most`; `real`: a float of each, always held as an array."""

    __hash__ = object.__hash__
    __slots__ = ("array", "batch", "exact", "least", "left", "most", "name", "real", "right", "tight")

    def __init__(
        self,
        batch: Batch,
        bounds: Bounds,
        *,
        array: Array | None = None,
        made: tuple[str, Any, Any] = ("", 0, 0),
        exact: bool = False,
        real: bool = False,
        tight: bool = False,
    ) -> None:
        self.batch, self.array, self.real = batch, array, real
        self.name, self.left, self.right = made
        self.least, self.most = bounds
        #: whether it is computed with Python's integers, since an int64 may not hold it, or what it is made of
        self.exact = exact
        #: whether the bounds are values
        self.tight = tight

    def __str__(self) -> str:
        return "many values"

    def __format__(self, spec: str) -> str:
        return str(self)

    def whole(self) -> Any:
        """As whole numbers, if the number of every variant is one."""
        return each(int)(self) if self.real and decided(float.is_integer, self) else self

    def values(self) -> Array:
        """The number of each variant."""
        from archspec.language.arrays import evaluated

        return self.array if self.array is not None else evaluated([self])[0]

    def tighten(self) -> None:
        """Makes the bounds the smallest and the largest value."""
        if not self.tight and not self.real:
            values = self.values()
            self.least, self.most, self.tight = int(values.min()), int(values.max()), True

    # one value for all

    def __index__(self) -> int:
        self.tighten()
        if self.real or self.least != self.most:
            raise Differ(self.values())
        return self.least

    def __float__(self) -> float:
        return float(self.__index__())

    def __bool__(self) -> bool:
        return _decided("ne", self, 0)

    # what the operators do

    def compared(self, name: str, other: Any) -> Any:
        return _decided(name, self, other) if isinstance(other, int | float | Many) else NotImplemented

    @staticmethod
    def computed(name: str, left: Any, right: Any) -> Any:
        return _made(name, left, right)

    @staticmethod
    def one_by_one(function: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
        return each(function)(left, right)

    def __abs__(self) -> Any:
        return self if not self.real and self.least >= 0 else each(abs)(self)


def is_number(value: object) -> bool:
    """Whether a value is a number, of one variant or of many, and not true or false."""
    return isinstance(value, int | float | Many) and not isinstance(value, bool)


def is_whole(value: object) -> bool:
    """Whether a value is an int, of one variant or of many."""
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, Many) and not value.real)


def each(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of plain numbers that also takes those of many variants, and then computes one after the other, in Python."""

    def applied(*values: Any) -> Any:
        from archspec.language.arrays import applied as over_all

        return over_all(function, values) if any(isinstance(value, Many) for value in values) else function(*values)

    return applied


def decided(question: Callable[..., bool], *values: Any) -> bool:
    """A yes or no that every variant gives alike; raises Differ."""
    from archspec.language.arrays import answers

    if not any(isinstance(value, Many) for value in values):
        return question(*values)
    return _same(answers(question, values))


def finite(value: Any) -> bool:
    """Whether a number is neither infinite nor NaN."""
    if not isinstance(value, Many):
        return math.isfinite(value)
    return not value.real or decided(math.isfinite, value)


def larger(left: Any, right: Any) -> Any:
    """The larger of two whole numbers: of each variant, where `max` is of all of them alike."""
    return _made("maximum", left, right) if isinstance(left, Many) or isinstance(right, Many) else max(left, right)


def smaller(left: Any, right: Any) -> Any:
    """The smaller of two whole numbers: of each variant, where `min` is of all of them alike."""
    return _made("minimum", left, right) if isinstance(left, Many) or isinstance(right, Many) else min(left, right)


def _same(mask: Array) -> bool:
    if mask.all() or not mask.any():
        return bool(mask[0])
    raise Differ(mask)


def bounds(value: Any) -> Bounds:
    return (value.least, value.most) if isinstance(value, Many) else (value, value)


# comparisons: by the bounds where they say enough, else by the values


def _decided(name: str, left: Any, right: Any) -> bool:
    function = getattr(operator, name)
    if left is right:
        return name in ("eq", "le", "ge")
    if not is_whole(left) or not is_whole(right):
        return decided(function, left, right)
    known = KNOWN[name]
    answer = known(*bounds(left), *bounds(right))
    if answer is None:
        _tighten(left, right)
        answer = known(*bounds(left), *bounds(right))
    if answer is None:
        from archspec.language.arrays import arrays

        answer = _same(function(*arrays((left, right))).astype(bool))
    return answer


def _tighten(*values: Any) -> None:
    for value in values:
        if isinstance(value, Many):
            value.tighten()


# arithmetic: what a number is made of, and between which bounds it lies

_DIVISIONS = ("floor_divide", "remainder")
#: the right side that changes nothing
_NEUTRAL = {"add": 0, "subtract": 0, "multiply": 1, "floor_divide": 1}


def _made(name: str, left: Any, right: Any) -> Any:
    if not is_whole(left) or not is_whole(right):
        return each(PYTHON[name])(left, right) if is_number(left) and is_number(right) else NotImplemented
    if name in _DIVISIONS and _with_zero(right):
        return each(PYTHON[name])(left, right)
    if isinstance(right, int) and right == _NEUTRAL.get(name):
        return left
    if left is right and name in ("subtract", *_DIVISIONS):
        return int(name == "floor_divide")
    batch = left.batch if isinstance(left, Many) else right.batch
    key = (name, *(id(one) if isinstance(one, Many) else (one,) for one in (left, right)))
    if key not in batch.made:
        batch.made[key] = _new(batch, name, left, right)
    return batch.made[key]


def _with_zero(divisor: Any) -> bool:
    """Whether a divisor may be zero."""
    least, most = bounds(divisor)
    if least <= 0 <= most:
        _tighten(divisor)
        least, most = bounds(divisor)
    return least <= 0 <= most


def _new(batch: Batch, name: str, left: Any, right: Any) -> Any:
    within = WITHIN[name](*bounds(left), *bounds(right))
    if not fits(within):  # by the bounds; the values may still fit
        _tighten(left, right)
        within = WITHIN[name](*bounds(left), *bounds(right))
    if within[0] == within[1]:
        return within[0]
    exact = not all(map(fits, (within, bounds(left), bounds(right))))
    made = Many(batch, within, made=(name, left, right), exact=exact)
    if exact:
        made.tighten()
    return made
