"""What members of a space cost, which of them are valid, and which keep each constraint: the networks are expanded once for
all members that have the same words, and computed chunk by chunk.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING, Any

from archspec.analysis.variants import FamilyCost
from archspec.design.axes import spelled_changes
from archspec.design.holds import figure, holds
from archspec.design.ranges import Value
from archspec.design.space import Space
from archspec.ir.cases import Failure
from archspec.ir.family import expand_family
from archspec.ir.loaded import loaded
from archspec.language.arrays import Listed, Program
from archspec.language.batch import Batch
from archspec.language.diagnostics import Diagnostic, SpecError
from archspec.language.load import load
from archspec.language.many import Many, given
from archspec.language.nodes import Slot
from archspec.language.spec import Spec
from archspec.language.truths import either

if TYPE_CHECKING:
    from archspec.language.many import Array


@dataclass
class Chunk:
    """`figures` and `holds` (one array for each constraint) mean something for the valid members only; `wrong` has what is
    wrong with the others, and with which of them.
    """

    valid: Array
    figures: dict[str, Array]
    holds: list[Array]
    wrong: list[tuple[Diagnostic, Array]] = field(default_factory=list)


class Costing:
    """Costs members of a space: the figures asked for (totals, or `row.figure`), and its constraints."""

    def __init__(self, space: Space, figures: Sequence[str]) -> None:
        self._space, self._figures = space, tuple(figures)
        self._families: dict[tuple[int, ...], _Family | SpecError] = {}
        self._words = [at for at, axis in enumerate(space.axes) if axis.kind == "word"]

    def __call__(self, steps: Array) -> Chunk:
        """The members with these steps (a row for each, a column for each axis)."""
        import numpy as np

        count = len(steps)
        chunk = Chunk(
            np.zeros(count, dtype=bool),
            {name: np.zeros(count, dtype=np.int64) for name in self._figures},
            [np.zeros(count, dtype=bool) for _ in self._space.where],
        )
        for words, which in self._by_words(steps):
            self._cost(words, which, steps, chunk)
        return chunk

    def families(self) -> Iterator[FamilyCost]:
        """The costs of all members that were met so far, as numbers with bounds."""
        return (one.costs for one in self._families.values() if isinstance(one, _Family))

    def _by_words(self, steps: Array) -> Iterator[tuple[tuple[int, ...], Any]]:
        """The members apart by their steps on the axes of words; all of them, if there is no such axis."""
        import numpy as np

        if not self._words:
            yield (), slice(None)
            return
        distinct, group = np.unique(steps[:, self._words], axis=0, return_inverse=True)
        for at, words in enumerate(distinct):
            yield tuple(map(int, words)), np.flatnonzero(group.reshape(-1) == at)

    def _cost(self, words: tuple[int, ...], which: Any, steps: Array, chunk: Chunk) -> None:
        import numpy as np

        own = steps[which]
        if words not in self._families:
            try:
                self._families[words] = _Family(self._space, dict(zip(self._words, words, strict=True)), self._figures)
            except SpecError as error:
                self._families[words] = error
        family = self._families[words]
        if isinstance(family, SpecError):
            chunk.wrong.append((family.diagnostics[0], np.arange(len(steps))[which]))
            return
        valid, wrong, figures, kept = family.computed(own)
        chunk.valid[which] = valid
        for name, values in zip(self._figures, figures, strict=True):
            if getattr(values, "dtype", np.dtype(bool)).kind == "O":  # beyond 63 bits
                chunk.figures[name] = chunk.figures[name].astype(object)
            chunk.figures[name][which] = values
        for array, values in zip(chunk.holds, kept, strict=True):
            array[which] = values
        told = np.zeros(len(own), dtype=bool)
        for reason, found in zip(family.reasons, wrong, strict=True):
            new = np.flatnonzero(np.broadcast_to(found, told.shape) & ~told)
            if len(new):
                told[new] = True
                said = reason.said(self._space, own[new[0]].tolist())
                chunk.wrong.append((said, np.arange(len(steps))[which][new]))


class _Reason:
    """Members that are wrong in one way: what is said is what the first of them says alone."""

    def __init__(self, found: Diagnostic, truth: Any) -> None:
        self._found, self.truth = found, truth
        self._said: Diagnostic | None = None

    def said(self, space: Space, steps: Sequence[int]) -> Diagnostic:
        if self._said is None:
            alone: Sequence[Diagnostic] = ()
            try:
                loaded(space.spec, space.changes(steps), space.input)
            except SpecError as error:
                alone = error.diagnostics
            same = [one for one in alone if (one.code, one.row) == (self._found.code, self._found.row)]
            self._said = (*same, *alone, self._found)[0]
        return self._said


class _Family:
    """The members with the same words: their costs as numbers of many members, and the program that computes them.

    `given` has for each number its axis, and the value at each step of it.
    """

    def __init__(self, space: Space, words: Mapping[int, int], figures: Sequence[str]) -> None:
        import numpy as np

        batch, self._given = Batch(), dict[Many, tuple[int, Sequence[Value]]]()
        self.costs = FamilyCost(expand_family(lambda: self._spec(space, words, batch)))
        listed = {axis.name: self._listed(at, axis.values, words, batch) for at, axis in enumerate(space.axes)}
        self.reasons = _reasons(self.costs)
        self._parts = len(self.reasons), len(figures)
        wanted = [self.costs.valid, *(reason.truth for reason in self.reasons)]
        wanted += [figure(name, self.costs) for name in figures]
        self._arrays = {
            number: (at, np.asarray(values, dtype=object if number.exact else None))  # an int64 may not hold them
            for number, (at, values) in self._given.items()
        }
        self._program = Program([*wanted, *(holds(one, self.costs, listed) for one in space.where)])

    def computed(self, steps: Array) -> tuple[Any, list[Any], list[Any], list[Any]]:
        """Which of the members with these steps are valid, which have each reason not to be, their figures, and which keep
        each constraint.
        """
        given = {number: Listed(values, steps[:, at]) for number, (at, values) in self._arrays.items()}
        valid, *rest = self._program(given)
        reasons, figures = self._parts
        return valid, rest[:reasons], rest[reasons : reasons + figures], rest[reasons + figures :]

    def _spec(self, space: Space, words: Mapping[int, int], batch: Batch) -> Spec:
        changes: list[str | tuple[str, Slot]] = [*space.set]
        for at in space.order:
            for path, values in space.axes[at].given.items():
                value = self._listed(at, values, words, batch)
                changes += [(path, Slot(value))] if isinstance(value, Many) else spelled_changes({path: value})
        changes += [f"{path}={formula}" for path, formula in space.links]
        spec = load(space.spec, set=changes, input=space.input)
        spec.problems.check()
        return spec

    def _listed(self, at: int, values: Sequence[Value], words: Mapping[int, int], batch: Batch) -> Any:
        """What members have of values, one for each step of an axis."""
        if at in words:
            return values[words[at]]
        if all(value == values[0] for value in values):
            return values[0]
        for number, known in self._given.items():
            if known == (at, values):
                return number
        plain: list[Any] = list(values)
        truth, real = isinstance(plain[0], bool), any(isinstance(value, float) for value in plain)
        number = given(batch, (min(plain), max(plain)), real=real, truth=truth, values=tuple(dict.fromkeys(plain)))
        self._given[number] = at, values
        return number


def _reasons(costs: FamilyCost) -> list[_Reason]:
    """The ways in which members are wrong: by what is said, and the row of the spec."""
    found: dict[tuple[str, str], list[Failure]] = {}
    for failure in costs.family.failures:
        first = failure.diagnostics[0]
        found.setdefault((first.code, (first.row or "").partition(".")[0]), []).append(failure)
    return [_Reason(some[0].diagnostics[0], reduce(either, (one.truth for one in some), False)) for some in found.values()]
