"""What a sweep is to keep: the rows of the front, or of the best, or all that keep every constraint; and its file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archspec.design.chunk import Costing
from archspec.design.cloud import Cloud
from archspec.design.pareto import Front
from archspec.design.results import WRITERS, described, opened
from archspec.design.rows import Objective, Rows, objective
from archspec.design.sweep import Counts, Everything, Plan, run
from archspec.design.top import Top
from archspec.design.where import ROW_FIGURES, TOTALS
from archspec.files import write_whole
from archspec.language.diagnostics import fail
from archspec.language.places import option
from archspec.language.target import check_target

#: rows that are kept where a file gets them all
_KEPT = 20

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Choice:
    """`pareto`: the front of these figures; `top`: so many, by `by`; both: so many of the front. Neither: all rows, in
    memory or, if there is an `output`, in that file and the best few in memory.
    """

    plan: Plan
    samples: int | None
    pareto: tuple[Objective, ...]
    top: int | None
    by: Objective
    output: Path | None
    #: what collects the points of a picture
    more: tuple[Cloud, ...] = ()

    @property
    def figures(self) -> tuple[str, ...]:
        """The columns of the rows: the totals, and what they are chosen by."""
        return tuple(dict.fromkeys((*TOTALS, *(one.name for one in (*self.pareto, self.by)))))

    def run(self, progress: Progress) -> tuple[Counts, Rows]:
        """Costs the plan's members; the counts, and the rows that are kept. Raises Interrupted, and SpecError for the file."""
        output = self.output
        if output is None:
            return self._run(progress, None)
        found: list[tuple[Counts, Rows]] = []

        def write(part: Path) -> None:
            with opened(part) as file:
                writer = WRITERS[output.suffix.lower()](file, self.plan, described(self.plan, self.samples), self.figures)
                found.append(self._run(progress, writer))

        try:
            write_whole(output, write)
        except OSError as error:
            message = f"{output} cannot be written: {error.strerror or error}"
            raise fail("bad-file", message, option("-o", str(output))) from None
        return found[0]

    def _run(self, progress: Progress, writer: Any) -> tuple[Counts, Rows]:
        best: Front | Top | Everything
        if self.pareto:
            best = Front(self.pareto)
        elif self.top is None and writer is None:
            best = Everything(self.figures)
        else:
            best = Top(self.top or _KEPT, self.by)
        streams = writer is not None and not self.pareto and self.top is None
        counts = run(self.plan, [best, *self.more, *([writer] if streams else [])], progress=progress)
        rows = self._finished(best.rows())
        if writer is not None and not streams:
            writer.add(rows)
        return counts, rows

    def _finished(self, rows: Rows | None) -> Rows:
        """The rows with all their columns: while they were looked for only a few were needed."""
        import numpy as np

        if rows is None:
            none = np.zeros(0, dtype=np.int64)
            steps = np.zeros((0, len(self.plan.space.axes)), dtype=np.int32)
            return Rows(none, steps, dict.fromkeys(self.figures, none))
        if self.pareto and self.top is not None:
            costed = Costing(self.plan.space, (self.by.name,))(rows.steps)
            order = np.argsort(self.by.of(Rows(rows.place, rows.steps, costed.figures)), kind="stable")
            rows = rows.take(order[: self.top])
        if set(self.figures) <= rows.figures.keys():
            return rows
        return Rows(rows.place, rows.steps, Costing(self.plan.space, self.figures)(rows.steps).figures)


def choice(
    plan: Plan, samples: int | None, pareto: Sequence[str], top: int | None, by: str | None, output: Path | None
) -> Choice:
    """What to keep, as options say it. Raises SpecError for figures that there are not, and a file that cannot be."""
    rows = [row.path for row in plan.space.network.rows]
    known = (*TOTALS, *(f"{row}.{figure}" for row in rows for figure in ROW_FIGURES))
    front = tuple(objective("--pareto", text, known) for text in pareto)
    if top is not None and top < 1:
        raise fail("bad-value", "at least 1 row is kept", option("--top", str(top)))
    if output is not None:
        check_target("-o", output, WRITERS)
    return Choice(plan, samples, front, top, objective("--by", by or "macs", known), output)
