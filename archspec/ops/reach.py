"""What one place of an output reads along one side of a map, and how such reads compose: the receptive field."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import ceil, floor, gcd, lcm
from typing import NamedTuple, Self, TypeAlias

Number: TypeAlias = int | Fraction

#: phases that are told apart; what needs more is said to read everything
MOST_PHASES = 4096


class Reach(NamedTuple):
    """Output place i reads the input places from `first(i)` to `last(i)`, both included; next to it they lie `step` further.

    What enlarges a map reads differently from place to place: `firsts` and `lasts` are those of as many places as it takes
    until all is as before, `shift` places further on. Both are empty where each place reads all of the side.
    """

    step: Number = 1
    firsts: tuple[int, ...] = (0,)
    lasts: tuple[int, ...] = (0,)
    shift: int = 1

    @property
    def size(self) -> int | None:
        """The most places that one output place reads; None: all."""
        return max((last - first + 1 for first, last in zip(self.firsts, self.lasts, strict=True)), default=None)

    def first(self, place: int) -> int:
        times, phase = divmod(place, len(self.firsts))
        return self.firsts[phase] + times * self.shift

    def last(self, place: int) -> int:
        times, phase = divmod(place, len(self.lasts))
        return self.lasts[phase] + times * self.shift

    def then(self, other: Reach) -> Reach:
        """What is read through both, one after the other."""
        step = self.step * other.step
        if not self.firsts or not other.firsts:
            return Reach.everything(step)
        times = len(self.firsts) // gcd(len(self.firsts), other.shift)
        phases, shift = len(other.firsts) * times, other.shift * times // len(self.firsts) * self.shift
        return Reach.phased(step, phases, shift, lambda i: self.first(other.first(i)), lambda i: self.last(other.last(i)))

    def beside(self, other: Reach, places: int) -> Reach:
        """What is read where both, of so many places, are joined."""
        step = min(self.step, other.step)
        if not self.firsts or not other.firsts:
            return Reach.everything(step)
        phases = lcm(len(self.firsts), len(other.firsts))
        shift = phases // len(self.firsts) * self.shift
        if shift != phases // len(other.firsts) * other.shift:  # they drift apart, as far as the map goes
            phases, shift = places, round(places * step)
        return Reach.phased(
            step, phases, shift, lambda i: min(self.first(i), other.first(i)), lambda i: max(self.last(i), other.last(i))
        )

    @classmethod
    def phased(cls, step: Number, phases: int, shift: int, first: Callable[[int], int], last: Callable[[int], int]) -> Self:
        """From the first and last place that each of so many places reads."""
        if phases > MOST_PHASES:
            return cls.everything(step)
        return cls(step, tuple(map(first, range(phases))), tuple(map(last, range(phases))), shift)

    @classmethod
    def everything(cls, step: Number) -> Self:
        """Each place reads all of the side."""
        return cls(step, (), (), 0)

    @classmethod
    def window(cls, step: int, first: int, last: int) -> Self:
        """Place i reads from step i + first to step i + last."""
        return cls(step, (first,), (last,), step)

    @classmethod
    def whole(cls, size: int) -> Self:
        """One place that reads all of a side."""
        return cls.window(size, 0, size - 1)

    @classmethod
    def shifted(cls, places: int) -> Self:
        """One place for one, so many further on."""
        return cls.window(1, places, places)

    @classmethod
    def parted(cls, size: int, parts: int) -> Self:
        """Part i of a side: from floor(i size / parts) to before ceil((i + 1) size / parts)."""
        step = Fraction(size, parts)
        return cls._stepped(step, lambda i: floor(i * step), lambda i: ceil((i + 1) * step) - 1)

    @classmethod
    def nearest(cls, size: int, places: int) -> Self:
        """A side at another size, by the place at floor(i size / places)."""
        step = Fraction(size, places)
        return cls._stepped(step, lambda i: floor(i * step), lambda i: floor(i * step))

    @classmethod
    def interpolated(cls, size: int, places: int, width: int, corners: bool) -> Self:
        """A side at another size, from what lies less than `width` places away; `corners` stay corners."""
        step = Fraction(size - 1, max(places - 1, 1)) if corners else Fraction(size, places)
        middle = 0 if corners else (step - 1) / 2
        return cls._stepped(step, lambda i: floor(i * step + middle - width) + 1, lambda i: ceil(i * step + middle + width) - 1)

    @classmethod
    def transposed(cls, patch: int, stride: int, crop: int) -> Self:
        """The inputs whose patch, laid down at every stride-th place, covers place i after the crop."""
        return cls._stepped(Fraction(1, stride), lambda i: -((patch - 1 - crop - i) // stride), lambda i: (i + crop) // stride)

    @classmethod
    def _stepped(cls, step: Fraction, first: Callable[[int], int], last: Callable[[int], int]) -> Self:
        return cls.phased(step, step.denominator, step.numerator, first, last)
