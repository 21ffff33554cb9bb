"""What rows cost in two networks, beside each other."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from archspec.render.plots.labels import label
from archspec.render.plots.rows import Panel, rows_plot
from archspec.render.plots.sheet import Target

if TYPE_CHECKING:
    from archspec.design.diff import RowDiff
    from archspec.render.diff.difference import Difference

COSTS = ("params", "macs")


def diff_plot(found: Difference, path: Target) -> bool:
    """Draws the parameters and multiply-adds of the rows that the difference shows, or of their parts where it shows these;
    whether there were any. Raises SpecError.
    """
    levels = [*(level for level, _ in found.lines), 0]
    rows = [row for (level, after), (_, row) in zip(pairwise(levels), found.lines, strict=True) if after <= level]
    if not rows:
        return False
    before, after = found.diff.before.name, found.diff.after.name
    names = (before, after if after != before else f"{after}, changed")
    panels = [Panel(label(key), [[_cost(row, key, second) for row in rows] for second in (False, True)]) for key in COSTS]
    rows_plot(path, [row.path for row in rows], names, panels)
    return True


def _cost(row: RowDiff, key: str, second: bool) -> int | None:
    side = row.after if second else row.before
    return None if side is None else side.counts[key]
