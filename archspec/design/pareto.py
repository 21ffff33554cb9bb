"""The Pareto front: the rows to which no other one is as good in every objective and better in one. Exact, and streaming."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from archspec.design.rows import Objective, Rows, joined

if TYPE_CHECKING:
    from archspec.language.many import Array

#: points whose front is looked at first, since it dominates most of the others
_FIRST = 2_000


class Front:
    """The front of all rows that were added; of rows that are equal in every objective the first one stays."""

    def __init__(self, objectives: Sequence[Objective]) -> None:
        self._objectives = tuple(objectives)
        self._kept: Rows | None = None

    @property
    def needs(self) -> tuple[str, ...]:
        return tuple(one.name for one in self._objectives)

    def add(self, rows: Rows) -> None:
        """Looks at more rows, which come after those that were added before."""
        import numpy as np

        if self._kept is not None:
            held = self._values(self._kept)
            rows = rows.take(np.flatnonzero(~_covered(self._values(rows), held)))
        rows = rows.take(front(self._values(rows)))
        rows = joined([rows] if self._kept is None else [self._kept, rows])
        self._kept = rows.take(front(self._values(rows)))

    def rows(self) -> Rows | None:
        """The front, by its objectives in order; None if no row was added."""
        return self._kept

    def _values(self, rows: Rows) -> Array:
        import numpy as np

        return np.stack([one.of(rows) for one in self._objectives], axis=1)


def front(values: Array) -> Array:
    """The indices of the front of points (points x objectives, the smaller the better), sorted by objectives in order.

    Of equal points the first one stays.
    """
    import numpy as np

    index = np.arange(len(values))
    if len(values) > 2 * _FIRST:
        every = len(values) // _FIRST
        first = index[::every]
        first = first[_sorted_front(values[first])]
        # equal points stay: the one that was looked at need not be the first
        index = np.flatnonzero(~_covered(values, values[first], equal=False))
    return index[_sorted_front(values[index])]


def _sorted_front(values: Array) -> Array:
    """The same, by sorting: no point is dominated by one that comes after it."""
    import numpy as np

    order = np.lexsort(values.T[::-1])  # stable: of equal points the first comes first
    values = values[order]
    if values.shape[1] == 1:
        return order[:1]
    if values.shape[1] == 2:
        second = values[:, 1]
        best = np.minimum.accumulate(second)
        kept = np.ones(len(values), dtype=bool)
        kept[1:] = second[1:] < best[:-1]
        return order[kept]
    found = []
    while len(values):  # the first of those that are left is in the front
        found.append(order[0])
        left = (values < values[0]).any(axis=1)
        values, order = values[left], order[left]
    return np.array(found, dtype=np.int64)


def _covered(values: Array, held: Array, *, equal: bool = True) -> Array:
    """Which points have one of a front at least as good in every objective; equal points count if `equal`."""
    import numpy as np

    if values.shape[1] == 1:
        least: Array = held[0, 0]
        return np.greater_equal(values[:, 0], least) if equal else np.greater(values[:, 0], least)
    if values.shape[1] == 2:
        # the front is sorted: its last point with a first objective that is no larger has the best second one
        at = np.searchsorted(held[:, 0], values[:, 0], side="right") - 1
        best = held[np.maximum(at, 0)]
        covered = (at >= 0) & (best[:, 1] <= values[:, 1])
        return covered if equal else covered & (best != values).any(axis=1)
    covered = np.zeros(len(values), dtype=bool)
    left = np.arange(len(values))
    for point in held:
        under = (values[left] >= point).all(axis=1)
        if not equal:
            under &= (values[left] > point).any(axis=1)
        covered[left[under]] = True
        left = left[~under]
    return covered
