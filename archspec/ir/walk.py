"""The walk over the rows: blocks are expanded, formulas evaluated and shapes inferred, and a wrong row does not stop the next."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from archspec.ir.at import At, Gone, Outcome, inner
from archspec.ir.cells import BrokenError, Reporter
from archspec.ir.claims import checked_claims, stated_size
from archspec.ir.expansion import MAX_NODES
from archspec.ir.joins import joined, present, shares
from archspec.ir.keys import check_keys, copies, kept, sources
from archspec.ir.kinds import Kinds
from archspec.ir.rows import COMBINATORS, Row, named_rows, row_from
from archspec.ir.scaling import scaled_row
from archspec.ir.scope import Ref, Removed
from archspec.ir.tree import Claim, Tree
from archspec.language.arrays import possible
from archspec.language.diagnostics import Problems
from archspec.language.formula import UnknownValueError
from archspec.language.many import Many
from archspec.language.names import CLAIMS
from archspec.language.nodes import Map, Node, Seq, Text, describe, is_null
from archspec.language.places import Place
from archspec.ops.base import Shape, ShapeError


class Walk(Kinds):
    """The rows of one expansion, from the outermost list to the ops."""

    # lists and rows

    def sequence(self, named: Sequence[tuple[str, Node]], at: At, place: Place) -> Outcome:
        """A list of rows, each reading the one above it; `at.scope.rows` collects what a later `from` may name."""
        children: list[Tree | None] = []
        rows, current = at.scope.rows, at.shape
        seen: dict[str, Place] = {}
        doubt: Shape | None = None
        for name, node in named:
            here = at.to(name, current)
            id_place = node["id"].place if isinstance(node, Map) and "id" in node else node.place
            self.check_id(name, id_place)
            first = seen.setdefault(name, id_place)
            if first is not id_place:
                related = [("first here", first)]
                self.report(here).add("duplicate-id", f"the id `{name}` stands twice in one list", id_place, related=related)
                continue
            if doubt and not self.trying:
                found = self._tried(node, here, doubt)
            else:
                found = self.together(partial(self.row, node, here), here, node.place)
            gone = found if isinstance(found, Gone) else found.gone
            if gone is not None:
                rows.removed[name] = Removed(node.place, gone.by)
            if isinstance(found, Gone):
                continue
            children.append(found.node)
            current, doubt = found.output, found.stated
            rows.refs[name] = Ref(here.dotted, current, found.there)
        return inner("sequence", children, at, current, place)

    def _tried(self, node: Node, at: At, doubt: Shape) -> Outcome | Gone:
        """A row after one whose stated size is not what comes out: read on with the size that gives fewer errors."""
        (computed, first), (stated, second) = (self._trial(node, replace(at, shape=shape)) for shape in (at.shape, doubt))
        found, chosen = (stated, second) if len(second.found) < len(first.found) else (computed, first)
        for diagnostic in chosen.found:
            self.problems.include(diagnostic)
        if isinstance(found, Outcome) and isinstance(stated, Outcome) and not first.found and not second.found:
            return replace(found, stated=stated.output)  # not decided yet
        return found

    def _trial(self, node: Node, at: At) -> tuple[Outcome | Gone, Problems]:
        """A row, and what is wrong with it, kept apart."""
        problems, self.problems, self.trying = self.problems, Problems(), True
        try:
            return self.row(node, at), self.problems
        finally:
            self.problems, self.trying = problems, False

    def row(self, written: Node | Row, at: At, *, branch: bool = False, edited: bool = False) -> Outcome | Gone:
        """One row, whatever it is written as."""
        self.count(written.place, at)
        if isinstance(written, Seq):
            if not edited and self.edits.drops(at.path):
                return Gone("a change")
            inside = At(at.path, at.scope.listed(), at.shape)
            return self.sequence(self.edits.rows(named_rows(written), at.path), inside, written.place)
        row = written if isinstance(written, Row) else row_from(written)
        changed = row if edited else self.edits.row(row, at.path, at.scope.block)
        if changed is None:
            return Gone("a change")
        if is_null(written):
            self.report(at).add("missing-key", "the row is empty", changed.place, "a row has a type")
            return Outcome(None, None)
        try:
            self.deeper(changed.place, at)
            return self._placed(changed, at, branch)
        except (BrokenError, UnknownValueError):
            self.edits.hide(at.path)
            return Outcome(None, self._stated(changed, at))
        finally:
            self.depth -= 1

    def _stated(self, row: Row, at: At) -> Shape | None:
        """After an error in a row, the size that its own text states serves the rows below."""
        if row.place_of("output size").source in self.inherited:
            return None
        stated = stated_size(row, at.scope.names(at.shape), Reporter(Problems(), ()))
        return Shape(stated[2], *stated[:2]) if stated and len(stated) == 3 else None

    def _placed(self, row: Row, at: At, branch: bool) -> Outcome | Gone:
        """A row whose changes are made: `when`, `from`, what it is, and what it claims."""
        report = self.report(at)
        row, at = scaled_row(row, at, self.types, report)
        check_keys(row, at.path, report)
        conditional = "when" in row.keys or "else" in row.keys
        if conditional and not kept(row, at.scope.names(self._entry(row, at)), branch, report):
            passed = inner("sequence", [], at, at.shape, row.place)
            return passed if branch and row.get("else") == "identity" else Gone("its `when`")
        found = sources(row, at.scope.names(at.shape), at.scope.rows, report) if "from" in row.keys else []
        if len(found) == 1:
            at = At(at.path, at.scope, found[0].output)
        stated = stated_size(row, at.scope.names(at.shape), report) if "output size" in row.keys else None
        outcome = self._repeated(row, at, stated) if "repeat" in row.keys else self.built(row, at, stated, found, report)
        if outcome is None:
            return Gone("its `layer: none`")
        claims: dict[str, Claim] = {}
        wanted = None
        if not row.keys.keys().isdisjoint(CLAIMS):
            claims, wanted = checked_claims(row, at.scope.names(at.shape, stated), outcome.output, self.inherited, report)
        self.bounded(outcome.output, row.place, at)
        node = outcome.node
        if node is not None:
            paths = tuple(source.path for source in found)
            if claims or (paths and not node.sources):  # a body that reads rows of its own keeps them
                node = node.but(claims=claims, sources=node.sources or paths)
        return Outcome(node, outcome.output, wanted)

    def _entry(self, row: Row, at: At) -> Shape | None:
        """What would flow into the row if it is kept: a `from` that is wrong is reported later, if it is."""
        if "from" not in row.keys:
            return at.shape
        try:
            found = sources(row, at.scope.names(at.shape), at.scope.rows, Reporter(Problems(), ()))
        except (BrokenError, UnknownValueError):
            return at.shape
        return found[0].output if len(found) == 1 else at.shape

    def _repeated(self, row: Row, at: At, stated: tuple[int, ...] | None) -> Outcome:
        report = self.report(at)
        count = copies(row, at.scope.names(at.shape, stated), report)
        self.count(row.place, at, count)
        one = row.only("type", "layer", *COMBINATORS)
        children: list[Tree | None] = []
        current = at.shape
        for index, there in _numbered(count):
            here = At((*at.path, str(index)), replace(at.scope, index=index), current)
            found = self._copy(one, here, stated, there, row.place)
            if found is None:
                continue
            children.append(found.node)
            current = found.output
            if found.node is None:
                self.edits.hide(at.path)
                break  # the other copies would only say the same
        told = row.get("type")
        outcome = inner("sequence", children, at, current, row.place)
        if outcome.node is None or not isinstance(told, Text):
            return outcome
        return replace(outcome, node=outcome.node.but(type=str(told)))

    def _copy(self, one: Row, at: At, stated: tuple[int, ...] | None, there: Any, place: Place) -> Outcome | None:
        """A copy of a repeated row, for the variants that have so many; None if it is not there."""

        def copied() -> Outcome | Gone:
            copy = self.edits.row(one, at.path, at.scope.block)
            for key, _ in (copy.without(*one.keys).keys if copy is not None else {}).values():
                self.report(at).add("bad-change", f"a copy has columns only; `{key}` belongs to the whole row", key.place)
            if copy is None:
                return Gone("a change")
            copy, here = scaled_row(copy, at, self.types, self.report(at))
            found = self.built(copy, here, stated, [], self.report(at))
            if found is None:
                return Gone("its `layer: none`")
            self.bounded(found.output, place, at)
            return found

        found = self.together(lambda: copied() if there else Gone("its `repeat`"), at, place)
        return found if isinstance(found, Outcome) else None

    # combinators

    def combined(self, kind: str, row: Row, at: At) -> Outcome:
        report, branches = self.report(at), row.get(kind)
        if not isinstance(branches, Map) or not branches:
            report.add("bad-value", f"`{kind}` holds named branches, found {describe(branches)}", row.place_of(kind))
            raise BrokenError
        named = self.edits.rows(list(branches.items()), at.path)
        entry = at.shape
        try:
            if kind == "split" and entry is not None:
                entry = shares(entry, len(named))
        except ShapeError as error:
            report.add("shape-mismatch", error.message, row.keys[kind][0].place)
            raise BrokenError from None
        left: list[tuple[str, Outcome]] = []
        for name, node in named:
            self.check_id(name, branches.key(name).place if name in branches else node.place)
            here = at.to(name, entry)
            found = self.together(partial(self.row, node, here, branch=True), here, node.place, whole=kind == "split")
            if isinstance(found, Gone) and kind == "split":
                report.add("shape-mismatch", "a branch of a split cannot go: nothing would read its channels", node.place)
                raise BrokenError
            if isinstance(found, Outcome):
                left.append((name, found))
        shapes = present(kind, left)
        if not shapes:
            report.add("shape-mismatch", f"no branch of the {kind} is left", row.place_of(kind))
            raise BrokenError
        nodes = [found.node for name, found in left if name in shapes]
        return joined(kind, list(shapes.items()), nodes, at, row.keys[kind][0].place, report)


def _numbered(count: Any) -> Iterator[tuple[int, Any]]:
    """The copies of a repeated row, and where each is there; where counts are few, copies that go together have one truth."""
    if not isinstance(count, Many):
        yield from ((index, True) for index in range(count))
        return
    known = possible(count)
    steps = sorted({0, *known}) if known else list(range(int(min(count.most, MAX_NODES)) + 1))
    steps = [number for number in steps if 0 <= number <= MAX_NODES]
    for before, after in itertools.pairwise(steps):
        yield from ((index, count >= after) for index in range(before, after))
