"""Axes of a space as Optuna's parameters: what a trial suggests is a step on each axis."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from optuna import Trial


class Axis(Protocol):
    """What a parameter needs to know of an axis."""

    @property
    def name(self) -> str: ...
    @property
    def values(self) -> Sequence[Any]: ...


@dataclass(frozen=True)
class Ordered:
    """Numbers in order. Evenly spaced whole numbers are Optuna's own; of others (0.5, 1, 2) it sees the steps, 0, 1, 2."""

    name: str
    low: int
    by: int
    count: int

    def suggest(self, trial: Trial) -> int:
        """The step of the axis that a trial is to try."""
        return self.step_of(trial.suggest_int(self.name, self.low, self.low + self.by * (self.count - 1), step=self.by))

    def step_of(self, value: Any) -> int:
        """The step of the axis that a value of a trial means."""
        return int((value - self.low) // self.by)


@dataclass(frozen=True)
class Named:
    """Words without an order."""

    name: str
    words: tuple[str, ...]

    def suggest(self, trial: Trial) -> int:
        """The step of the axis that a trial is to try."""
        return self.step_of(trial.suggest_categorical(self.name, self.words))

    def step_of(self, value: Any) -> int:
        """The step of the axis that a value of a trial means."""
        return self.words.index(value)


Parameter: TypeAlias = Ordered | Named


def parameters(axes: Iterable[Axis]) -> tuple[Parameter, ...]:
    """A parameter for each axis, of the same name."""
    return tuple(map(_parameter, axes))


def _parameter(axis: Axis) -> Parameter:
    values = list(axis.values)
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in values) or values != sorted(values):
        return Named(axis.name, tuple(map(str, values)))
    gaps = {after - before for before, after in pairwise(values)}
    if all(isinstance(value, int) for value in values) and len(gaps) <= 1:
        return Ordered(axis.name, values[0], max(gaps, default=1), len(values))
    return Ordered(axis.name, 0, 1, len(values))
