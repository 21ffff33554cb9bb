"""What a picture of a sweep needs of it: the points of all variants, or of a random part of them, and the exact front."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from archspec.design.pareto import Front
from archspec.design.rows import Objective, Rows, joined

if TYPE_CHECKING:
    from archspec.language.many import Array

#: rows that are kept at most, of however many
MOST = 100_000


class Cloud:
    """Rows that keep every constraint by one or two objectives; of two the front too. `count` is how many were added.

    Which rows stay depends on their places in the sweep alone: each is as likely as any other, and no matter in which chunks
    they come, the same ones stay.
    """

    def __init__(self, objectives: Sequence[Objective], most: int = MOST) -> None:
        self.objectives, self.count = tuple(objectives), 0
        self._front = Front(self.objectives)
        self._most, self._share = most, 1.0
        self._kept: Rows | None = None

    @property
    def needs(self) -> tuple[str, ...]:
        return self._front.needs

    def add(self, rows: Rows) -> None:
        """Looks at more rows."""
        self.count += len(rows)
        if len(self.objectives) > 1:
            self._front.add(rows)
        self._kept = self._thinned(joined([rows] if self._kept is None else [self._kept, self._thinned(rows)]))
        while len(self._kept) > self._most:
            self._share /= 2
            self._kept = self._thinned(self._kept)

    def rows(self) -> Rows | None:
        """Those that were kept; None if no row was added."""
        return self._kept

    def front(self) -> Rows | None:
        """The whole front of two objectives."""
        return self._front.rows()

    def _thinned(self, rows: Rows) -> Rows:
        return rows if self._share == 1 else rows.take(_drawn(rows.place) < self._share)


def _drawn(places: Array) -> Array:
    """A number from 0 to below 1 for each place, as if drawn at random (the mixing of SplitMix64, Steele et al. 2014)."""
    import numpy as np

    mixed = (places.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    drawn: Array = ((mixed ^ (mixed >> np.uint64(31))) >> np.uint64(11)) / float(1 << 53)
    return drawn
