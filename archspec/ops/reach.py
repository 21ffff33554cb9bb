"""What one place of an output reads along one side of a map, and how such reads compose: the receptive field."""

from __future__ import annotations

from fractions import Fraction
from math import floor, inf
from typing import NamedTuple, Self, TypeAlias

Number: TypeAlias = int | Fraction | float


class Reach(NamedTuple):
    """Output place i reads the input places from `step` i + `first` to `step` i + `last`, both included (as
    exact fractions, or unbounded: all of the side, whichever place).
    """

    step: Number = 1
    first: Number = 0
    last: Number = 0

    @property
    def size(self) -> int | None:
        """The most places that one output place reads; None: all."""
        return None if self.first == -inf else floor(self.last - self.first) + 1

    def then(self, other: Reach) -> Reach:
        """What is read through both, one after the other."""
        first, last = (self.step * edge for edge in other[1:])
        return Reach(self.step * other.step, self.first + first, self.last + last)

    def beside(self, other: Reach) -> Reach:
        """What is read where both are joined. A branch with fewer places is one for all of the other's: they read everything."""
        if self.step != other.step:
            return Reach(min(self.step, other.step), -inf, inf)
        return Reach(self.step, min(self.first, other.first), max(self.last, other.last))

    @classmethod
    def whole(cls, size: int) -> Self:
        """One place that reads all of a side."""
        return cls(size, 0, size - 1)

    @classmethod
    def shifted(cls, places: int) -> Self:
        """One place for one, so many further on."""
        return cls(1, places, places)

    @classmethod
    def parted(cls, size: int, parts: int) -> Self:
        """Part i of a side: from floor(i size / parts) to before ceil((i + 1) size / parts)."""
        step = Fraction(size, parts)
        rest = 1 - Fraction(1, step.denominator)
        return cls(step, -rest, step - 1 + rest)

    @classmethod
    def nearest(cls, size: int, places: int) -> Self:
        """A side at another size, by the place at floor(i size / places)."""
        step = Fraction(size, places)
        return cls(step, Fraction(1, step.denominator) - 1, 0)

    @classmethod
    def interpolated(cls, size: int, places: int, width: int, corners: bool) -> Self:
        """A side at another size, from what lies less than `width` places away; `corners` stay corners."""
        step = Fraction(size - 1, max(places - 1, 1)) if corners else Fraction(size, places)
        middle = 0 if corners else (step - 1) / 2
        near = width - Fraction(1, step.denominator * (1 if corners else 2))
        return cls(step, middle - near, middle + near)
