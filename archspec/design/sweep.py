"""A sweep: the members of a space, costed chunk by chunk in bounded memory; what is best is kept, what is wrong is counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from archspec.design.chunk import Chunk, Costing
from archspec.design.rows import Rows, joined
from archspec.design.sample import Listing, listing
from archspec.design.space import Space
from archspec.design.where import TOTALS
from archspec.ir.loaded import loaded
from archspec.language.diagnostics import Diagnostic, SpecError, fail
from archspec.language.places import option

if TYPE_CHECKING:
    from archspec.language.many import Array

#: members that one sweep costs
MAX_COSTED = 10**9
#: members that are costed at once
CHUNK = 1 << 17
#: members of which an invalid kind keeps the numbers
_EXAMPLES = 3


class Interrupted(KeyboardInterrupt):
    """A sweep was stopped after `done` of `of` members."""

    def __init__(self, done: int, of: int) -> None:
        super().__init__(f"{done:,} of {of:,} variants were costed")
        self.done, self.of = done, of


class Sink(Protocol):
    """Where the rows that keep every constraint go; `needs` are the figures that it asks of them."""

    @property
    def needs(self) -> tuple[str, ...]: ...
    def add(self, rows: Rows) -> None: ...


@dataclass
class Invalid:
    """Members that are no networks for one reason: how many, some of them by number, and what is said of the first one."""

    code: str
    row: str | None
    message: str
    count: int = 0
    examples: list[int] = field(default_factory=list)

    def __str__(self) -> str:
        return (f"row {self.row}: " if self.row else "") + self.message


@dataclass
class Counts:
    """How many members were costed, and what became of them. `excluded` has for each constraint how many valid members it
    excludes, and how many that no other one does.
    """

    done: int = 0
    valid: int = 0
    feasible: int = 0
    invalid: dict[tuple[str, str | None], Invalid] = field(default_factory=dict)
    excluded: list[list[int]] = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    """What a sweep looks at, and in which order; `seed` is None if it is every member."""

    space: Space
    listing: Listing
    seed: int | None
    #: what is wrong with the largest member, if it does not fit in 63 bits
    largest: Diagnostic | None

    @property
    def count(self) -> int:
        return self.listing.count


def plan(space: Space, samples: int | None = None, seed: int = 0) -> Plan:
    """Raises SpecError for more members than a sweep takes."""
    if samples is not None and samples < 1:
        raise fail("bad-value", "a sample has at least 1 variant", option("--samples", str(samples)))
    told = listing(space, samples, seed)
    if told.count > MAX_COSTED:
        message = f"the space has {space.size:,} variants, and a sweep costs at most {MAX_COSTED:,}"
        place = option("--samples", str(samples)) if samples else option("SPEC", space.spec)
        raise fail("too-large", message, place, hint="draw from it: --samples 1000000")
    return Plan(space, told, seed if told.count < space.size else None, _largest(space))


def _largest(space: Space) -> Diagnostic | None:
    """The member with the largest number on each axis, if it has too large counts."""
    steps = [max(range(len(axis)), key=axis.values.__getitem__) if axis.kind in ("int", "float") else 0 for axis in space.axes]
    try:
        loaded(space.spec, space.changes(steps), space.input)
    except SpecError as error:
        return next((one for one in error.diagnostics if one.code == "overflow"), None)
    return None


def run(
    plan: Plan, sinks: Sequence[Sink], *, chunk: int = CHUNK, progress: Callable[[int, int], None] = lambda done, of: None
) -> Counts:
    """Costs every member of the plan, and hands those that are valid and keep every constraint to the sinks.

    `progress` is told the members done, of all. Raises Interrupted.
    """
    counts = Counts(excluded=[[0, 0] for _ in plan.space.where])
    needs = tuple(dict.fromkeys(name for sink in sinks for name in sink.needs))
    costing = Costing(plan.space, needs)
    try:
        for start in range(0, plan.count, chunk):
            progress(start, plan.count)
            steps = plan.listing.steps(start, min(start + chunk, plan.count))
            costed = costing(steps)
            feasible = _counted(plan, counts, costed, steps)
            if len(feasible):
                figures = {name: array[feasible] for name, array in costed.figures.items()}
                rows = Rows(feasible + start, steps[feasible], figures)
                for sink in sinks:
                    sink.add(rows)
            counts.done = start + len(steps)
        progress(plan.count, plan.count)
    except KeyboardInterrupt:
        raise Interrupted(counts.done, plan.count) from None
    return counts


def _counted(plan: Plan, counts: Counts, chunk: Chunk, steps: Array) -> Array:
    """Adds a chunk to the counts; the indices of the members that are valid and keep every constraint."""
    import numpy as np

    failed = np.zeros(len(steps), dtype=np.int64)
    for holds in chunk.holds:
        failed += ~holds
    for excluded, holds in zip(counts.excluded, chunk.holds, strict=True):
        broken = chunk.valid & ~holds
        excluded[0] += int(broken.sum())
        excluded[1] += int((broken & (failed == 1)).sum())
    feasible = np.flatnonzero(chunk.valid & (failed == 0))
    counts.valid += int(chunk.valid.sum())
    counts.feasible += len(feasible)
    for found, which in chunk.wrong:
        kind = counts.invalid.setdefault((found.code, found.row), Invalid(found.code, found.row, found.message))
        kind.count += len(which)
        free = _EXAMPLES - len(kind.examples)
        kind.examples += [plan.space.index(steps[at].tolist()) for at in sorted(which.tolist())[:free]]
    return feasible


class Everything:
    """All rows that were added, with these figures."""

    def __init__(self, needs: tuple[str, ...] = TOTALS) -> None:
        self._needs = needs
        self._parts: list[Rows] = []

    @property
    def needs(self) -> tuple[str, ...]:
        return self._needs

    def add(self, rows: Rows) -> None:
        self._parts.append(rows)

    def rows(self) -> Rows | None:
        return joined(self._parts) if self._parts else None
