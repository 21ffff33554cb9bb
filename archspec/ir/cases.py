"""Networks of many variants: what they have alike is expanded once, and a row in which they differ once for each case.

A case is a truth about the variants, such as `a stage has more than two copies`. After the row the cases come together again:
its node is a choice, its output the one or the other. What is wrong in one case makes those variants wrong, and no others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from archspec.ir.at import At, Gone, Outcome, StopError, inner
from archspec.ir.cells import BrokenError
from archspec.ir.tree import Choice, Tree
from archspec.language.batch import Assumptions, Batch, Differ
from archspec.language.diagnostics import Diagnostic, Problems
from archspec.language.formula import UnknownValueError
from archspec.language.many import Many, deny
from archspec.language.places import Place
from archspec.language.truths import both, select
from archspec.ops.base import Shape

#: as many cases of one row are told apart
_MAX_CASES = 2048

Counts = tuple[Any, ...]
#: truths, and how each is answered
Answers = tuple[tuple[Many, bool], ...]


@dataclass(frozen=True)
class Failure:
    """Variants that are wrong (where the truth holds), and what is wrong with them; numbers in it may be of many variants."""

    truth: Any
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True)
class Case:
    """What one case gave: where it holds, and the counts after it."""

    truth: Any
    found: Any
    counts: Counts


class Cases:
    """What the variants of one expansion have in common, and what is wrong with some of them.

    `truth` is of the variants that are expanded now: all of them, or those of the cases that the walk is in, and `answers` what
    that takes for granted. `problems` are those of what is expanded now, `counts` what it has counted. An expansion within
    another goes on with the cases of that one.
    """

    def __init__(self, problems: Problems, counts: Counts = (), outer: Cases | None = None) -> None:
        self.truth: Any = outer.truth if outer else True
        self.answers: Answers = outer.answers if outer else ()
        self.problems, self.counts = problems, counts
        self.failures: list[Failure] = outer.failures if outer else []
        #: what was learned in the case that the walk is in, with what was taken for granted before
        self._learned: list[tuple[Batch, Assumptions]] = []

    def fail(self, truth: Any, problems: Problems) -> None:
        """Of the variants that are expanded now, those where the truth holds are wrong."""
        self.failures.append(Failure(both(self.truth, truth), tuple(problems.found)))

    def wrong(self, truth: Any, add: Callable[[Problems], None]) -> None:
        """Adds what is wrong with the variants where a truth holds: with all that are expanded now, with some, or with none."""
        if truth is True:
            add(self.problems)
        elif truth is not False:
            problems = Problems()
            add(problems)
            self.fail(truth, problems)

    @contextmanager
    def _where(self, answers: Answers) -> Iterator[None]:
        """Only variants that give these answers."""
        before, learned = (self.truth, self.answers), len(self._learned)
        with ExitStack() as stack:
            for truth, answer in answers:
                stack.enter_context(truth.batch.assuming(truth, answer))
            self.truth, self.answers = both(self.truth, _all(answers)), (*self.answers, *answers)
            try:
                yield
            finally:
                self.truth, self.answers = before
                del self._learned[learned:]  # that ends with the case

    def _back_to(self, failures: int, learned: int) -> None:
        """Forgets what a run found that has to start anew."""
        del self.failures[failures:]
        for batch, before in reversed(self._learned[learned:]):
            batch.forget(before)
        del self._learned[learned:]

    def _learn(self, wrong: Sequence[Answers]) -> None:
        """Variants that are known to be wrong need no further answers: what they differ in is taken for granted from now on."""
        for answers in _fewest(wrong):
            known = [truth.batch.assumed.get(id(truth), answer) is answer for truth, answer in answers]
            new = [one for one in answers if id(one[0]) not in one[0].batch.assumed]
            if all(known) and len(new) == 1:  # no answer of theirs is ruled out already, and one alone is open
                ((truth, answer),) = new
                self._learned.append((truth.batch, truth.batch.learn(truth, not answer)))

    def told(self, run: Callable[[], Any], by: Many) -> list[Case]:
        """What each case gives that is not wrong, told apart by a truth, and by others as they turn up. If all are wrong, the
        problems are those of one of them.
        """
        problems, counts, failed = self.problems, self.counts, len(self.failures)
        cases, wrong = list[Case](), list[Answers]()
        todo: list[Answers] = [((by, False),), ((by, True),)]
        while todo:
            answers, known = todo.pop(), len(self.failures)
            self.problems, self.counts = Problems(), counts
            with self._where(answers):
                try:
                    found = run()
                except Differ as more:
                    self._back_to(known, len(self._learned))
                    if len(todo) + len(cases) < _MAX_CASES:
                        todo += [(*answers, (more.by, False)), (*answers, (more.by, True))]
                        continue
                    raise
                except (StopError, BrokenError, UnknownValueError):
                    found = Outcome(None, None)
                if self.problems:
                    self.fail(True, self.problems)
                    wrong.append(answers)
                    continue
            cases.append(Case(_all(answers), found, self.counts))
        self.problems, self.counts = problems, counts
        if not cases:
            for diagnostic in self.failures[failed].diagnostics:
                problems.include(diagnostic)
            del self.failures[failed:]
        else:
            self._learn(wrong)
            self.counts = tuple(_chosen([(case.truth, case.counts[at]) for case in cases]) for at in range(len(counts)))
        return cases

    def together(self, run: Callable[[], Outcome | Gone], at: At, place: Place, *, whole: bool = False) -> Outcome | Gone:
        """What a row gives: once, if it is the same for all variants, else the cases brought together. `whole`: a row that is
        there in some variants only takes apart what it stands in.
        """
        found, counts, failed, learned = len(self.problems), self.counts, len(self.failures), len(self._learned)
        try:
            return run()
        except Differ as differ:
            self.problems.back_to(found)
            self.counts = counts
            self._back_to(failed, learned)
            cases = self.told(run, differ.by)
            there = [isinstance(case.found, Outcome) for case in cases]
            if whole and any(there) and not all(there):
                raise
        if not cases:
            return Outcome(None, None)
        return merged([(case.truth, case.found) for case in cases], at, place)


def _fewest(wrong: Sequence[Answers]) -> list[Answers]:
    """The same with fewer answers: where a variant is wrong whatever its last answer is, that does not matter."""
    known = {tuple((id(truth), answer) for truth, answer in answers): answers for answers in wrong}
    todo = [*known]
    for key in todo:
        *first, (truth, answer) = key
        if first and (*first, (truth, not answer)) in known and tuple(first) not in known:
            known[tuple(first)] = known[key][:-1]
            todo.append(tuple(first))
    return sorted(known.values(), key=len)


def _all(answers: Answers) -> Any:
    """Where all answers are given."""
    truth: Any = True
    for one, answer in answers:
        truth = both(truth, one if answer else deny(one))
    return truth


def merged(cases: Sequence[tuple[Any, Outcome | Gone]], at: At, place: Place) -> Outcome | Gone:
    """One outcome of several cases, of which each variant is in one; where a row is gone, what comes in goes on."""
    if len(cases) == 1:
        return cases[0][1]
    gone = [found for _, found in cases if isinstance(found, Gone)]
    if len(gone) == len(cases):
        return gone[0]
    found = [(truth, _passed(one, at, place) if isinstance(one, Gone) else one) for truth, one in cases]
    shapes = [(truth, one.output) for truth, one in found if one.output is not None]
    nodes = [(truth, one.node) for truth, one in found if one.node is not None]
    if len(shapes) < len(cases) or len(nodes) < len(cases):
        return Outcome(None, shapes[0][1] if shapes else None)
    output = Shape(*(_chosen([(truth, shape[side]) for truth, shape in shapes]) for side in range(len(Shape._fields))))
    there: Any = True
    for truth, one in cases:
        if isinstance(one, Gone):
            there = both(there, deny(truth))
    return Outcome(choice(nodes, at, output, place), output, there=there, gone=gone[0] if gone else None)


def _passed(gone: Gone, at: At, place: Place) -> Outcome:
    return inner("sequence", [], at, at.shape, place)


def choice(nodes: Sequence[tuple[Any, Tree]], at: At, output: Shape, place: Place) -> Choice:
    """A node that is another one in each case."""
    truths, children = zip(*nodes, strict=True)
    type_ = next((child.type for child in children if child.type != "sequence"), "sequence")
    return Choice(at.dotted, type_, children[0].input, output, place, kind="choice", children=children, truths=truths)


def _chosen(values: Sequence[tuple[Any, Any]]) -> Any:
    """The value of the case that holds."""
    *others, (_, value) = values
    for truth, other in others:
        value = select(truth, other, value)
    return value
