"""What a row is: a combinator, a layer that a block was given, an op, or a block whose body is expanded in its place."""

from __future__ import annotations

from abc import ABC, abstractmethod

from archspec.ir.at import At, Gone, Outcome, inner
from archspec.ir.cells import BrokenError, Reporter, own_cells, variables
from archspec.ir.columns import Typed, typed, with_headers
from archspec.ir.copies import Copy, closed, copy_key, moved
from archspec.ir.expansion import Expansion
from archspec.ir.joins import joined
from archspec.ir.keys import placed_layer
from archspec.ir.rows import COMBINATORS, Row
from archspec.ir.scope import Cell, Layer, Ref, RowNames, Rows, Scope
from archspec.ir.tree import Leaf
from archspec.ir.types import Type
from archspec.language.blocks import Block
from archspec.language.diagnostics import did_you_mean
from archspec.language.names import nearest, normal
from archspec.language.nodes import Map, Node, Seq, Text, describe
from archspec.ops.base import ShapeError


class Kinds(Expansion, ABC):
    """The part of the walk that says what one row is; rows within it come back to the walk."""

    @abstractmethod
    def row(self, written: Node | Row, at: At, *, branch: bool = False, edited: bool = False) -> Outcome | Gone:
        """One row, whatever it is written as."""

    @abstractmethod
    def combined(self, kind: str, row: Row, at: At) -> Outcome:
        """Branches brought together."""

    def built(self, row: Row, at: At, stated: tuple[int, ...] | None, found: list[Ref], report: Reporter) -> Outcome | None:
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
            return self.combined(kind, row, at)
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
            seen = RowNames(spec.values, at.shape, spec.entry, None, names.stated, spec.origins, scale=names.scale)
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
        key = (type_.op, tuple(columns.values.values()), at.shape, self.answers)
        if key not in self._made:
            op = type_.op.model_construct(**columns.values)
            try:
                output = op.output(at.shape)
                self._made[key] = op, output, op.cost(at.shape, output)
            except ShapeError as error:
                self.report(at).add("shape-mismatch", error.message, columns.place(error.column, row.place))
                raise BrokenError from None
        op, output, cost = self._made[key]
        self.costs(cost, row.place, at)
        return Outcome(Leaf(at.dotted, type_.name, at.shape, output, row.place, op=op, cost=cost), output)

    def _block(self, type_: Type, columns: Typed, at: At, row: Row) -> Outcome:
        block = type_.block
        assert block is not None
        key = None if self.edits or self.problems or at.shape is None else copy_key(columns.values)
        place = (id(block), key, at.shape, self.depth, at.scope.scale, self.answers)
        if key is not None and place in self._copies:
            copy = self._copies[place]
            self.add_counts(copy.counts, row.place, at)
            return Outcome(moved(copy.node, at.dotted), copy.node.output)
        before = self.counts
        outcome = self._expanded(block, columns, at, row)
        if key is not None and outcome.node is not None and not self.problems and closed(outcome.node, at.dotted):
            counts = tuple(after - was for after, was in zip(self.counts, before, strict=True))
            self._copies[place] = Copy(outcome.node, counts)
        return outcome

    def _expanded(self, block: Block, columns: Typed, at: At, row: Row) -> Outcome:
        assert block.body is not None
        self.cells(1 + len(columns.values) + len(block.vars or {}), row.place, at)
        with self.used_by(block, row.place, at):
            own = self.types.own(block)
            outer, unseen = (self.spec_names, ()) if own else (RowNames({}, None), self.spec_names.values.keys())
            seen = RowNames({**outer.values, **columns.values}, at.shape, at.shape, unseen=unseen, scale=at.scope.scale)
            values = variables(block.vars or {}, seen, Rows(), self.report(at))
            origins = {**outer.origins, **{name: node.place for name, node in (block.vars or {}).items()}, **columns.cells}
            scope = Scope(values, Rows(), block, at.shape, origins=origins, unseen=unseen, scale=at.scope.scale)
            inside = At(at.path, scope, at.shape)
            # a body that is one row with an id is a list of one
            body = Seq(block.body.place, [block.body]) if isinstance(block.body, Map) and "id" in block.body else block.body
            found = self.row(body, inside, edited=True)
        return inner("sequence", [], at, at.shape, row.place) if isinstance(found, Gone) else found
