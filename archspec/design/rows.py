"""Members of a space with what they cost, as arrays: what a sweep hands on, and what it keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archspec.language.choices import one_of

if TYPE_CHECKING:
    from archspec.language.many import Array


@dataclass(frozen=True, eq=False)
class Rows:
    """`place` is where each stands in the sweep, from 0; `steps` has a row for each, and a column for each axis."""

    place: Array
    steps: Array
    figures: Mapping[str, Array]

    def __len__(self) -> int:
        return len(self.place)

    def take(self, which: Array) -> Rows:
        """Those with these indices, or for which a mask holds, in this order."""
        figures = {name: array[which] for name, array in self.figures.items()}
        return Rows(self.place[which], self.steps[which], figures)


def joined(parts: list[Rows]) -> Rows:
    """The rows of all parts, of which there is at least one."""
    import numpy as np

    if len(parts) == 1:
        return parts[0]
    figures = {name: np.concatenate([part.figures[name] for part in parts]) for name in parts[0].figures}
    return Rows(np.concatenate([part.place for part in parts]), np.concatenate([part.steps for part in parts]), figures)


@dataclass(frozen=True)
class Objective:
    """A figure that is to be small, or large: `params`, `-depth` or `max:depth`."""

    name: str
    largest: bool = False

    def __str__(self) -> str:
        return f"max:{self.name}" if self.largest else self.name

    def of(self, rows: Rows) -> Array:
        """The figure of each row, the better the smaller."""
        array = rows.figures[self.name]
        return -array if self.largest else array


def objective(flag: str, text: str, known: tuple[str, ...]) -> Objective:
    """An objective as an option says it. Raises SpecError for a figure that is not known."""
    name, largest = text.strip(), False
    for mark, most in (("-", True), ("max:", True), ("min:", False)):
        if name.startswith(mark):
            name, largest = name.removeprefix(mark).strip(), most
            break
    return Objective(one_of(flag, name, known), largest)
