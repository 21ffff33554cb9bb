"""The walk over the rows: blocks are expanded, formulas evaluated and shapes inferred, and a wrong row does not stop the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from archspec.ir.at import At, Gone, Outcome, inner
from archspec.ir.cells import BrokenError, Reporter, own_cells, variables
from archspec.ir.claims import checked_claims, stated_size
from archspec.ir.columns import Typed, typed, with_headers
from archspec.ir.copies import Copy, copy_key, moved
from archspec.ir.expansion import Expansion
from archspec.ir.joins import joined, shares
from archspec.ir.keys import check_keys, copies, kept, placed_layer, sources
from archspec.ir.rows import COMBINATORS, Row, named_rows, row_from
from archspec.ir.scope import Cell, Layer, Ref, Removed, RowNames, Rows, Scope
from archspec.ir.tree import Claim, Leaf, Tree
from archspec.ir.types import Type
from archspec.language.blocks import Block
from archspec.language.diagnostics import Problems, did_you_mean
from archspec.language.formula import UnknownValueError
from archspec.language.names import CLAIMS, nearest, normal
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
        check_keys(row, at.path, report)
        conditional = "when" in row.keys or "else" in row.keys
        if conditional and not kept(row, at.scope.names(self._entry(row, at)), branch, report):
            passed = inner("sequence", [], at, at.shape, row.place)
            return passed if branch and row.get("else") == "identity" else Gone("its `when`")
        found = sources(row, at.scope.names(at.shape), at.scope.rows, report) if "from" in row.keys else []
        if len(found) == 1:
            at = At(at.path, at.scope, found[0].output)
        stated = stated_size(row, at.scope.names(at.shape), report) if "output size" in row.keys else None
        outcome = self._repeated(row, at, stated) if "repeat" in row.keys else self._built(row, at, stated, found, report)
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
        for index in range(count):
            here = At((*at.path, str(index)), replace(at.scope, index=index), current)
            copy = self.edits.row(one, here.path, at.scope.block)
            for key, _ in (copy.without(*one.keys).keys if copy is not None else {}).values():
                self.report(here).add("bad-change", f"a copy has columns only; `{key}` belongs to the whole row", key.place)
            found = self._built(copy, here, stated, [], self.report(here)) if copy is not None else None
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
        return replace(outcome, node=outcome.node.but(type=str(told)))

    def _built(self, row: Row, at: At, stated: tuple[int, ...] | None, found: list[Ref], report: Reporter) -> Outcome | None:
        """What a row is: a combinator, a layer, or a type."""
        told = row.get("type")
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
            return self._typed(
                layer.type, [self._layer_changes(layer, row, at, names), layer.cells, cells], at, names, row, report
            )
        if not isinstance(told, Text):
            message = "the row has no `type`" if told is None else f"`type` must be a name, found {describe(told)}"
            report.add("missing-key", message, row.place, "a row has a type, or one of concat, sum, product, split, layer")
            raise BrokenError
        return self._typed(told, [cells], at, names, row, report)

    def _layer_changes(self, layer: Layer, row: Row, at: At, names: RowNames) -> dict[str, Cell]:
        """Changes address the columns of a layer under the path of the row that places it."""
        if not self.edits:
            return {}
        as_row = Row(row.place, {"type": (row.keys["layer"][0], layer.type)})
        changed = self.edits.row(as_row, at.path, at.scope.block)
        return own_cells(changed, names, at.scope.rows) if changed else {}

    # types

    def _typed(self, told: Text, layers: list[dict[str, Cell]], at: At, names: RowNames, row: Row, report: Reporter) -> Outcome:
        type_ = self.types.find(told, at.scope.block)
        if type_ is None and normal(told) in self.types.broken:
            raise BrokenError  # the block is wrong, and that was reported
        if type_ is None:
            hint = did_you_mean(nearest(told, self.types.names())) or "the ops and blocks are listed in docs/language.md"
            report.add("unknown-type", f"{describe(told)} is neither an op nor a block", told.place, hint)
            raise BrokenError
        defaults = self.defaults.get(type_.name, {})
        by_column = [with_headers(type_, cells, report) for cells in layers]
        if defaults:
            spec = self.spec_names
            seen = RowNames(spec.values, at.shape, spec.entry, None, names.stated, spec.origins)
            by_column.append({key: Cell(cell.key, cell.value, seen, cell.rows, cell.wrong) for key, cell in defaults.items()})
        columns = typed(type_, by_column, names, at.scope.rows, row, report)
        outcome = (self._leaf if type_.op else self._block)(type_, columns, at, row)
        if outcome.node is None:
            return outcome
        node = outcome.node.but(type=type_.name, columns=columns.values, written=columns.written(type_), place=row.place)
        return Outcome(node, outcome.output)

    def _leaf(self, type_: Type, columns: Typed, at: At, row: Row) -> Outcome:
        assert type_.op is not None
        if at.shape is None:
            return Outcome(None, None)
        key = (type_.op, tuple(columns.values.values()), at.shape)
        if key not in self._made:
            op = type_.op.model_construct(**columns.values)
            try:
                self._made[key] = op, op.output(at.shape), op.cost(at.shape)
            except ShapeError as error:
                self.report(at).add("shape-mismatch", error.message, columns.place(error.column, row.place))
                raise BrokenError from None
        op, output, cost = self._made[key]
        self.costs(cost, row.place, at)
        return Outcome(Leaf(at.dotted, type_.name, at.shape, output, row.place, op=op), output)

    def _block(self, type_: Type, columns: Typed, at: At, row: Row) -> Outcome:
        block = type_.block
        assert block is not None
        key = None if self.edits or self.problems or at.shape is None else copy_key(columns.values)
        place = (id(block), key, at.shape, self.depth)
        if key is not None and place in self._copies:
            copy = self._copies[place]
            self.add_counts(copy.counts, row.place, at)
            return Outcome(moved(copy.node, at.dotted), copy.node.output)
        before = self.counts
        outcome = self._expanded(block, columns, at, row)
        if key is not None and outcome.node is not None and not self.problems:
            counts = tuple(after - was for after, was in zip(self.counts, before, strict=True))
            self._copies[place] = Copy(outcome.node, counts)
        return outcome

    def _expanded(self, block: Block, columns: Typed, at: At, row: Row) -> Outcome:
        assert block.body is not None
        self.cells(1 + len(columns.values) + len(block.vars or {}), row.place, at)
        with self.used_by(block, row.place, at):
            outer = self.spec_names if self.types.own(block) else RowNames({}, None)
            seen = RowNames({**outer.values, **columns.values}, at.shape, at.shape)
            values = variables(block.vars or {}, seen, Rows(), self.report(at))
            origins = {**outer.origins, **{name: node.place for name, node in (block.vars or {}).items()}, **columns.cells}
            inside = At(at.path, Scope(values, Rows(), block, at.shape, origins=origins), at.shape)
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
