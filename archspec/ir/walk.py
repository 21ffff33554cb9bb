"""The walk over the rows: blocks are expanded, formulas evaluated and shapes inferred, and a wrong row does not stop the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from archspec.ir.at import At, Gone, Outcome, inner
from archspec.ir.cells import BrokenError, Reporter, own_cells, variables
from archspec.ir.claims import checked_claims, stated_size
from archspec.ir.columns import Typed, typed, with_headers
from archspec.ir.expansion import Expansion
from archspec.ir.joins import joined, shares
from archspec.ir.keys import check_keys, copies, kept, placed_layer, sources
from archspec.ir.rows import COMBINATORS, Row, named_rows, row_from
from archspec.ir.scope import Cell, Ref, Removed, RowNames, Rows, Scope
from archspec.ir.tree import Leaf, Tree
from archspec.ir.types import Type
from archspec.language.diagnostics import Problems, did_you_mean
from archspec.language.formula import UnknownValueError
from archspec.language.names import nearest, normal
from archspec.language.nodes import Map, Node, Seq, Text, describe, is_null
from archspec.language.places import Place
from archspec.ops.base import Shape, ShapeError


class Walk(Expansion):
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
            found = self._tried(node, here, doubt) if doubt and not self.trying else self.row(node, here)
            if isinstance(found, Gone):
                rows.removed[name] = Removed(node.place, found.by)
                continue
            children.append(found.node)
            current, doubt = found.output, found.stated
            rows.refs[name] = Ref(here.dotted, current)
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
            inside = replace(at, scope=replace(at.scope, rows=Rows(at.scope.rows)))
            return self.sequence(self.edits.rows(named_rows(written), at.path), inside, written.place)
        row = written if isinstance(written, Row) else row_from(written)
        changed = row if edited else self.edits.row(row, at.path, at.scope.block)
        if changed is None:
            return Gone("a change")
        if is_null(written):
            self.report(at).add("missing-key", "the row is empty", changed.place, "a row has a type")
            return Outcome(None, None)
        try:
            with self.nested(changed.place, at):
                return self._placed(changed, at, branch)
        except (BrokenError, UnknownValueError):
            return Outcome(None, self._stated(changed, at))

    def _stated(self, row: Row, at: At) -> Shape | None:
        """After an error in a row, the size that its own text states serves the rows below."""
        if row.place_of("output size").source in self.inherited:
            return None
        stated = stated_size(row, at.scope.names(at.shape), Reporter(Problems(), None))
        return Shape(stated[2], *stated[:2]) if stated and len(stated) == 3 else None

    def _placed(self, row: Row, at: At, branch: bool) -> Outcome | Gone:
        """A row whose changes are made: `when`, `from`, what it is, and what it claims."""
        report = self.report(at)
        check_keys(row, at.path, report)
        if not kept(row, at.scope.names(self._entry(row, at)), branch, report):
            passed = inner("sequence", [], at, at.shape, row.place)
            return passed if branch and row.get("else") == "identity" else Gone("its `when`")
        found = sources(row, at.scope.names(at.shape), at.scope.rows, report)
        if len(found) == 1:
            at = replace(at, shape=found[0].output)
        stated = stated_size(row, at.scope.names(at.shape), report)
        outcome = self._repeated(row, at, stated) if "repeat" in row.keys else self._built(row, at, stated, found)
        if outcome is None:
            return Gone("its `layer: none`")
        claims, wanted = checked_claims(row, at.scope.names(at.shape, stated), outcome.output, self.inherited, report)
        self.bounded(outcome.output, row.place, at)
        node = outcome.node
        if node is not None:
            paths = tuple(source.path for source in found)
            node = replace(node, claims=claims, sources=node.sources or paths)  # a body that reads rows of its own keeps them
        return Outcome(node, outcome.output, wanted)

    def _entry(self, row: Row, at: At) -> Shape | None:
        """What would flow into the row if it is kept: a `from` that is wrong is reported later, if it is."""
        if "from" not in row.keys:
            return at.shape
        try:
            found = sources(row, at.scope.names(at.shape), at.scope.rows, Reporter(Problems(), None))
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
        for index in range(count):
            here = At((*at.path, str(index)), replace(at.scope, index=index), current)
            copy = self.edits.row(one, here.path, at.scope.block)
            for key, _ in (copy.without(*one.keys).keys if copy is not None else {}).values():
                self.report(here).add("bad-change", f"a copy has columns only; `{key}` belongs to the whole row", key.place)
            found = self._built(copy, here, stated, []) if copy is not None else None
            if found is None:
                continue
            children.append(found.node)
            current = self.bounded(found.output, row.place, here)
            if found.node is None:
                break  # the other copies would only say the same
        told = row.get("type")
        outcome = inner("sequence", children, at, current, row.place)
        if outcome.node is None or not isinstance(told, Text):
            return outcome
        return replace(outcome, node=replace(outcome.node, type=str(told)))

    def _built(self, row: Row, at: At, stated: tuple[int, ...] | None, found: list[Ref]) -> Outcome | None:
        """What a row is: a combinator, a layer, or a type."""
        report, told = self.report(at), row.get("type")
        kind = next((kind for kind in COMBINATORS if kind in row.keys), None)
        joins = str(told) if kind is None and told in COMBINATORS else None
        if kind or joins:
            for key, _ in row.cells.values():
                report.add("unknown-column", f"`{key}` is not a key of a row with {kind or joins}", key.place)
        if joins:
            return joined(joins, [(source.path, source.output) for source in found], [], at, row.place, report)
        if len(found) > 1:
            report.add("bad-value", "only `type: concat`, `sum` or `product` takes several sources", row.place_of("from"))
            raise BrokenError
        if kind:
            return self._combined(kind, row, at)
        names = at.scope.names(at.shape, stated)
        cells = own_cells(row, names, at.scope.rows)
        if "layer" in row.keys:
            layer = placed_layer(row, names, report)
            if layer is None:
                return None
            # changes address the columns of the layer under the row's own path
            as_row = Row(row.place, {"type": (row.keys["layer"][0], layer.type)})
            changed = self.edits.row(as_row, at.path, at.scope.block)
            changes = own_cells(changed, names, at.scope.rows) if changed else {}
            return self._typed(layer.type, [changes, layer.cells, cells], at, names, row)
        if not isinstance(told, Text):
            message = "the row has no `type`" if told is None else f"`type` must be a name, found {describe(told)}"
            report.add("missing-key", message, row.place, "a row has a type, or one of concat, sum, product, split, layer")
            raise BrokenError
        return self._typed(told, [cells], at, names, row)

    # types

    def _typed(self, told: Text, layers: list[dict[str, Cell]], at: At, names: RowNames, row: Row) -> Outcome:
        report = self.report(at)
        type_ = self.types.find(told, at.scope.block)
        if type_ is None and normal(told) in self.types.broken:
            raise BrokenError  # the block is wrong, and that was reported
        if type_ is None:
            hint = did_you_mean(nearest(told, self.types.names())) or "the ops and blocks are listed in docs/language.md"
            report.add("unknown-type", f"{describe(told)} is neither an op nor a block", told.place, hint)
            raise BrokenError
        defaults = self.defaults.get(type_.name, {})
        spec_wide = {
            key: replace(cell, names=replace(cell.names, shape=at.shape, stated=names.stated)) for key, cell in defaults.items()
        }
        by_column = [*(with_headers(type_, cells, report) for cells in layers), spec_wide]
        columns = typed(type_, by_column, names, at.scope.rows, row, report)
        outcome = (self._leaf if type_.op else self._block)(type_, columns, at, row)
        if outcome.node is None:
            return outcome
        node = replace(outcome.node, type=type_.name, columns=columns.values, cells=columns.written(type_), place=row.place)
        return Outcome(node, outcome.output)

    def _leaf(self, type_: Type, columns: Typed, at: At, row: Row) -> Outcome:
        assert type_.op is not None
        op = type_.op.model_construct(**columns.values)
        if at.shape is None:
            return Outcome(None, None)
        try:
            output = op.output(at.shape)
        except ShapeError as error:
            self.report(at).add("shape-mismatch", error.message, columns.place(error.column, row.place))
            raise BrokenError from None
        self.costs(op.cost(at.shape), row.place, at)
        return Outcome(Leaf(at.dotted, type_.name, at.shape, output, row.place, op=op), output)

    def _block(self, type_: Type, columns: Typed, at: At, row: Row) -> Outcome:
        block = type_.block
        assert block is not None
        assert block.body is not None
        self.cells(1 + len(columns.values) + len(block.vars or {}), row.place, at)
        with self.used_by(block, row.place, at):
            outer = self.spec_names if self.types.own(block) else RowNames({}, None)
            seen = RowNames({**outer.values, **columns.values}, at.shape, at.shape)
            values = variables(block.vars or {}, seen, Rows(), self.report(at))
            origins = {**outer.origins, **{name: node.place for name, node in (block.vars or {}).items()}, **columns.origins}
            inside = replace(at, scope=Scope(values, Rows(), block, at.shape, origins=origins))
            # a body that is one row with an id is a list of one
            body = Seq(block.body.place, [block.body]) if isinstance(block.body, Map) and "id" in block.body else block.body
            found = self.row(body, inside, edited=True)
        return inner("sequence", [], at, at.shape, row.place) if isinstance(found, Gone) else found

    # combinators

    def _combined(self, kind: str, row: Row, at: At) -> Outcome:
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
        shapes: list[tuple[str, Shape | None]] = []
        nodes: list[Tree | None] = []
        for name, node in named:
            self.check_id(name, branches.key(name).place if name in branches else node.place)
            found = self.row(node, at.to(name, entry), branch=True)
            if isinstance(found, Gone) and kind == "split":
                report.add("shape-mismatch", "a branch of a split cannot go: nothing would read its channels", node.place)
                raise BrokenError
            if isinstance(found, Outcome):
                shapes.append((name, found.output))
                nodes.append(found.node)
        if not nodes:
            report.add("shape-mismatch", f"no branch of the {kind} is left", row.place_of(kind))
            raise BrokenError
        return joined(kind, shapes, nodes, at, row.keys[kind][0].place, report)
