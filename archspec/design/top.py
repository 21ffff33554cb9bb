"""The best rows by one figure, of which so many are kept."""

from __future__ import annotations

from archspec.design.rows import Objective, Rows, joined


class Top:
    """The `count` best rows of all that were added; of equal ones the first."""

    def __init__(self, count: int, by: Objective) -> None:
        self._count, self._by = count, by
        self._kept: Rows | None = None

    @property
    def needs(self) -> tuple[str, ...]:
        return (self._by.name,)

    def add(self, rows: Rows) -> None:
        """Looks at more rows, which come after those that were added before."""
        import numpy as np

        if self._kept is not None and len(self._kept) == self._count:
            rows = rows.take(np.flatnonzero(self._by.of(rows) < self._by.of(self._kept)[-1]))
        if len(rows) > self._count:
            values = self._by.of(rows)
            last = np.partition(values, self._count - 1)[self._count - 1]
            rows = rows.take(np.flatnonzero(values <= last))
        rows = joined([rows] if self._kept is None else [self._kept, rows])
        best = np.argsort(self._by.of(rows), kind="stable")[: self._count]
        self._kept = rows.take(best)

    def rows(self) -> Rows | None:
        """The best ones, the best first; None if no row was added."""
        return self._kept
