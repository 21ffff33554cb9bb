"""A sweep for people and programs: its best variants as a page, its columns as arrays, any variant as a spec."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from archspec.design.members import Space
from archspec.design.ranges import Value, spelled
from archspec.design.results import axis_values, numbers
from archspec.design.rows import Objective, Rows
from archspec.design.sweep import Counts, Invalid, Plan
from archspec.design.where import TOTALS
from archspec.design.written import extending, extends_name
from archspec.language.choices import one_of
from archspec.render.page import GAP, Grid, Header, Page, Title

if TYPE_CHECKING:
    from archspec.language.many import Array

#: rows of a page, unless more were asked for; columns of it; what is wrong, and examples of it
_ROWS, _WIDTH, _KINDS = 20, 100, 10
#: axes that are listed below a table that has no room for them
_LISTED = 10
_SHOWN = {
    "params": "parameters",
    "macs": "multiply-adds",
    "activations": "activations",
    "depth": "depth",
    "params_with_heads": "with heads",
}
#: totals of a page, where nothing asks for the others
_DEFAULT = ("params", "macs", "activations", "depth")


@dataclass(frozen=True, eq=False, repr=False)
class Swept:
    """What a sweep found. `result["params"]` is the column of the rows that it kept: a total, an axis, or `variant`."""

    plan: Plan
    counts: Counts
    rows: Rows
    #: how the rows were chosen: the front, or the best by one; empty: all
    pareto: tuple[Objective, ...] = ()
    by: Objective | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return f"<Swept {self.plan.space.network.name}: {len(self):,} rows of {self.counts.done:,} variants>"

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all columns."""
        return ("variant", *(axis.name for axis in self.plan.space.axes), *self.rows.figures)

    def __getitem__(self, name: str) -> Array:
        import numpy as np

        one_of("column", name, self.columns)
        if name in self.rows.figures:
            return self.rows.figures[name]
        space = self.plan.space
        if name == "variant":
            return np.array(numbers(space, self.rows.steps), dtype=np.int64 if space.size < 1 << 63 else object)
        at = next(at for at, axis in enumerate(space.axes) if axis.name == name)
        return np.array(axis_values(space, self.rows, at))

    @property
    def invalid(self) -> Mapping[str, int]:
        """How many variants are no networks, by the reason."""
        found: dict[str, int] = {}
        for kind in self.counts.invalid.values():
            found[str(kind)] = found.get(str(kind), 0) + kind.count
        return found

    @property
    def excluded(self) -> Mapping[str, tuple[int, int]]:
        """How many valid variants each constraint excludes, and how many of them no other one does."""
        pairs = zip(self.plan.space.where, self.counts.excluded, strict=True)
        return {limit.text: (every, alone) for limit, (every, alone) in pairs}

    def member(self, row: int) -> dict[str, Value]:
        """The changes of the variant in a row, by path: what `set` of the other functions takes."""
        return self.plan.space.at(self.rows.steps[row].tolist())

    def changes(self, row: int) -> list[str]:
        """The same, as `--set` takes them."""
        return self.plan.space.changes(self.rows.steps[row].tolist())

    def spec_text(self, row: int, name: str | None = None, folder: Path | None = None) -> str:
        """The variant in a row as a spec that only extends the one that was swept, for a file in its folder, or `folder`."""
        space = self.plan.space
        changes = space.changes(self.rows.steps[row].tolist(), whole=True)
        (number,) = numbers(space, self.rows.steps[[row]])
        return extending(extends_name(space.spec, folder), name or f"{space.network.name}-{number}", changes)

    def page(self) -> Page:
        """The best variants, and how many there are of which kind."""
        title = Title(self.plan.space.network.name, f"   {_count(self.counts.done, 'variant')}{_drawn(self.plan)}")
        shown = self.rows if self.by or len(self.rows) <= _ROWS else self.rows.take(range(_ROWS))  # type: ignore[arg-type] # as numpy indexes
        grid = (_grid(self, shown), "") if len(shown) else ()
        hidden = [at for at, axis in enumerate(self.plan.space.axes) if axis.name not in _heads(grid)]
        left = len(self.rows) - len(shown)
        more = (f"and {_count(left, 'more row')}",) if left else ()
        wide = _listed(self.plan.space, shown, hidden) if hidden and grid else ()
        return title, "", *grid, *more, *wide, *self.notes()

    def notes(self) -> Iterator[str]:
        """What the rows are; what was invalid and why; what each constraint excludes."""
        counts = self.counts
        front = f"the Pareto front of {', '.join(map(str, self.pareto))}" if self.pareto else ""
        if self.by and len(self):
            yield f"The best {len(self):,} by {self.by}" + (f", of {front}." if front else ".")
        elif front and len(self):
            yield f"{front[0].upper()}{front[1:]}: {_count(len(self), 'variant')}."
        tail = f", {counts.feasible:,} keep every constraint" if self.plan.space.where else ""
        yield f"{counts.valid:,} of {_count(counts.done, 'variant')} are valid{tail}."
        kinds = sorted(counts.invalid.values(), key=lambda kind: -kind.count)
        for kind in kinds[:_KINDS]:
            yield f"invalid: {kind.count:,}, {_examples(kind)}: {kind}"
        if len(kinds) > _KINDS:
            yield f"invalid: {sum(kind.count for kind in kinds[_KINDS:]):,} for {_count(len(kinds) - _KINDS, 'more reason')}"
        for text, (every, alone) in self.excluded.items():
            yield f"`{text}` excludes {every:,}, and {alone:,} that no other constraint does"


def _grid(swept: Swept, rows: Rows) -> Grid:
    """As many axes as there is room for; those that differ go first."""
    space = swept.plan.space
    shown = dict.fromkeys((*(one.name for one in (*swept.pareto, *([swept.by] if swept.by else []))), *_DEFAULT))
    figures = [name for name in (*TOTALS, *rows.figures) if name in shown and name in rows.figures]
    figures = list(dict.fromkeys(figures))
    left = [("variant", [str(one) for one in numbers(space, rows.steps)])]
    right = [(_SHOWN.get(name, name), [f"{one:,}" for one in rows.figures[name].tolist()]) for name in figures]
    room = _WIDTH - sum(_width(column) for column in (*left, *right))
    for at, axis in enumerate(space.axes):
        column = (axis.name, _values(space, rows, at))
        if (room := room - _width(column)) < -GAP:
            break
        left.append(column)
    headers = tuple(Header(name) for name, _ in (*left, *right))
    cells = zip(*(texts for _, texts in (*left, *right)), strict=True)
    return Grid(headers, tuple((texts, "") for texts in cells))


def _listed(space: Space, rows: Rows, hidden: Sequence[int]) -> Iterator[str]:
    """What each row has on the axes that the table has no room for: a line a row, if they are not too many."""
    if len(hidden) > _LISTED:
        yield f"There is no room for {_axes(len(hidden), 'more ')}: -o FILE has them."
        return
    columns = [_values(space, rows, at) for at in hidden]
    for number, *cells in zip(numbers(space, rows.steps), *columns, strict=True):
        yield f"{number}: {', '.join(f'{space.axes[at].name}={cell}' for at, cell in zip(hidden, cells, strict=True))}"


def _values(space: Space, rows: Rows, at: int) -> list[str]:
    """What each row has on an axis; a factor with its star."""
    star = "*" if space.axes[at].factors else ""
    return [star + spelled(value) for value in axis_values(space, rows, at)]


def _heads(parts: Sequence[Grid | str]) -> set[str]:
    return {header.text for part in parts if isinstance(part, Grid) for header in part.headers}


def _width(column: tuple[str, list[str]]) -> int:
    return max(map(len, (column[0], *column[1]))) + GAP


def _drawn(plan: Plan) -> str:
    return f" of {plan.space.size:,}, drawn with seed {plan.seed}" if plan.seed is not None else ""


def _examples(kind: Invalid) -> str:
    first, *others = map(str, kind.examples)
    if not others:
        return f"variant {first}"
    return f"such as variant {first} (also {', '.join(others)}{', ...' if kind.count > len(kind.examples) else ''})"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _axes(number: int, more: str = "") -> str:
    return f"{number:,} {more}{'axis' if number == 1 else 'axes'}"


def announced(plan: Plan) -> Iterator[str]:
    """What is said before the work starts: the size of the space, what is costed, and counts that do not fit."""
    space = plan.space
    size = f"{_axes(len(space.axes))}, {_count(space.size, 'variant')}"
    yield f"{space.network.name}: {size}; {_count(plan.count, 'variant')} will be costed"
    if plan.largest:
        yield f"the largest variant does not fit in 63 bits (row {plan.largest.row}: {plan.largest.message}): such are invalid"
