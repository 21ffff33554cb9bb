"""Spec to Network: blocks are expanded, formulas evaluated and shapes inferred in one walk, and every error is collected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from archspec.ir.cells import Broken, Reporter, cell_value, find_row, guessed, own_cells, typed, with_headers
from archspec.ir.claims import checked_claims, stated_size, total_claims
from archspec.ir.edits import Edits
from archspec.ir.joins import JOINS, shares
from archspec.ir.rows import COMBINATORS, Row, named_rows, row_from
from archspec.ir.scope import Cell, Layer, Ref, RowNames, Rows, Scope
from archspec.ir.tree import INPUT, Head, Inner, Leaf, Network, Tree
from archspec.ir.types import Type, Types
from archspec.language.blocks import Block
from archspec.language.diagnostics import Problems, SpecError, did_you_mean, moved
from archspec.language.formula import MAX_INT, UnknownValue
from archspec.language.load import Spec
from archspec.language.names import id_problem, nearest
from archspec.language.nodes import Map, Node, Seq, Text, describe, is_null
from archspec.language.places import Place
from archspec.language.values import Count
from archspec.ops.base import Shape, ShapeError

MAX_NODES = 100_000
MAX_NESTING = 40

Path = tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What expanding a row gave: the node (None after an error) and the shape that the next row gets (None if not known)."""

    node: Tree | None
    output: Shape | None


def expand(spec: Spec) -> Network:
    """The network of a spec. Raises SpecError with everything that is wrong."""
    return _Expansion(spec).network()


class _Stop(Exception):
    """A limit was passed: going on would only take time."""


class _Expansion:
    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.problems = Problems(list(spec.problems.found))
        self.types = Types(spec.blocks)
        self.edits = Edits(spec.changes, self.types, self.problems)
        self.users: list[tuple[str, Place]] = []
        self.blocks: list[Block] = []
        self.nodes = self.depth = self.params = self.macs = 0
        self.globals = RowNames({}, None)
        self.defaults: dict[str, dict[str, tuple[Text, Node]]] = {}

    # the whole

    def network(self) -> Network:
        spec = self.spec
        shape: Shape | None = None
        if spec.input is not None:
            height, width, channels = spec.input
            shape = Shape(channels, height, width)
        body: Outcome | None = None
        heads: list[Head] = []
        try:
            self.check_defaults()
            scope = Scope(self.variables(spec.vars, RowNames({}, shape), Rows(), None), Rows(), entry=shape)
            self.globals = scope.names(shape)
            scope.rows.refs[INPUT] = Ref(INPUT, shape)
            rows = Rows(scope.rows)
            body = self.sequence(
                self.edits.rows(named_rows(spec.rows), ()), (), replace(scope, rows=rows), shape, spec.place, rows
            )
            heads = self.heads(scope, rows)
        except _Stop:
            pass
        else:
            self.edits.finish()
        self.problems.check()
        assert shape is not None and body is not None and isinstance(body.node, Inner)
        claims = total_claims(spec)
        return Network(
            spec.name, spec.about, shape, body.node, tuple(heads), spec.counts, claims, spec.init, spec.text, spec.digest
        )  # fmt: skip

    def heads(self, scope: Scope, rows: Rows) -> list[Head]:
        heads = []
        named = [(name, node) for name, node in self.spec.heads.items()]
        for name, node in self.edits.rows(named, (), head=True):
            place = self.spec.heads.key(name).place if name in self.spec.heads else node.place
            if rows.find(name) is not None:
                self.problems.add("duplicate-id", f"`{name}` is the id of a row and of a head", place)
            self.check_id(name, place)
            if not isinstance(node, Map):
                self.problems.add(
                    "bad-value", f"the head `{name}` must be a mapping with from and type, found {describe(node)}", node.place
                )
                continue
            row = self.edits.row(row_from(node), (name,), None)
            if row is None:
                continue
            if "from" not in row.keys:
                self.problems.add(
                    "head-source", "a head says which row it reads", place, row=name, hint="add from: and the id of a row"
                )
                continue
            weight = self.weight(row, name)
            found = self.row(row.without("loss weight"), (name,), replace(scope, rows=rows), None, edited=True)
            if found is not None and found.node is not None:
                heads.append(Head(found.node, weight))
        return heads

    def weight(self, row: Row, name: str) -> float:
        node = row.get("loss weight")
        if node is None:
            return 1.0
        try:
            value = cell_value(node, self.globals, self.reporter((name,)))
            return float(value) if isinstance(value, int | float) else _weight(value)
        except Broken:
            return 1.0
        except ValueError:
            self.problems.add(
                "bad-value", f"loss weight must be a number of at least 0, found {describe(node)}", node.place, row=name
            )
            return 1.0

    def variables(self, nodes: dict[str, Node] | Map, names: RowNames, rows: Rows, reporter: Reporter | None) -> dict[str, Any]:
        """Vars in order, each seeing the earlier ones; added to the values that `names` has."""
        values = dict(names.values)
        for name, node in nodes.items():
            if not str(name).isidentifier():
                self.problems.add(
                    "bad-value", f"`{name}` is not a name that formulas can use", getattr(name, "place", node.place)
                )
                continue
            try:
                values[str(name)] = guessed(node, replace(names, values=values), rows, reporter or Reporter(self.problems, None))
            except (Broken, UnknownValue):
                values[str(name)] = _Unknown
        return _Values(values)

    def check_defaults(self) -> None:
        for name, cells in self.spec.defaults.items():
            type_ = self.types.find(name)
            first = next(iter(cells.values()), None)
            if type_ is None:
                place = first.key.place if first else self.spec.place
                hint = did_you_mean(nearest(name, self.types.names()))
                self.problems.add(
                    "unknown-type", f"`defaults` names `{name}`, which is neither an op nor a block", place, hint=hint
                )
                continue
            pairs = {key: (default.key, default.value) for key, default in cells.items() if not is_null(default.value)}
            written = {key: Cell(*pair, self.globals, Rows()) for key, pair in pairs.items()}
            with_headers(type_, written, Reporter(self.problems, None))
            self.defaults[name] = pairs

    # rows

    def sequence(
        self, named: Sequence[tuple[str, Node]], path: Path, scope: Scope, shape: Shape | None, place: Place, rows: Rows
    ) -> Outcome:
        """A list of rows, each reading the one above it; `rows` collects what a `from` may name."""
        children: list[Tree | None] = []
        current, seen = shape, set[str]()
        for name, node in named:
            id_place = node["id"].place if isinstance(node, Map) and "id" in node else node.place
            self.check_id(name, id_place)
            if name in seen:
                self.problems.add(
                    "duplicate-id", f"the id `{name}` stands twice in one list", id_place, row=".".join((*path, name))
                )
                continue
            seen.add(name)
            found = self.row(node, (*path, name), scope, current)
            if found is None:
                rows.removed[name] = node.place
                continue
            children.append(found.node)
            current = found.output
            rows.refs[name] = Ref(".".join((*path, name)), current)
        node_ = None
        if shape is not None and current is not None and all(child is not None for child in children):
            kept = tuple(child for child in children if child is not None)
            node_ = Inner(".".join(path), "sequence", shape, current, place, kind="sequence", children=kept)
        return Outcome(node_, current)

    def row(
        self, written: Node | Row, path: Path, scope: Scope, shape: Shape | None, *, branch: bool = False, edited: bool = False
    ) -> Outcome | None:
        """One row, whatever it is written as; None if a `when` or a change removes it."""
        self.count(written.place)
        if isinstance(written, Seq):
            if not edited and self.edits.drops(path):
                return None
            rows = Rows(scope.rows)
            return self.sequence(
                self.edits.rows(named_rows(written), path), path, replace(scope, rows=rows), shape, written.place, rows
            )
        changed: Row | None = written if isinstance(written, Row) else row_from(written)
        if changed is not None and not edited:
            changed = self.edits.row(changed, path, scope.block)
        if changed is None:
            return None
        row, report = changed, self.reporter(path)
        self.depth += 1
        try:
            if self.depth > MAX_NESTING:
                report.add("too-deep", f"blocks are nested more than {MAX_NESTING} levels", row.place)
                raise _Stop
            return self.placed(row, path, scope, shape, branch, report)
        except Broken:
            return Outcome(None, self.claimed(row, shape, scope))
        except UnknownValue:
            return Outcome(None, self.claimed(row, shape, scope))
        except ShapeError as error:
            report.add("shape-mismatch", error.message, row.place_of(error.column or "type"))
            return Outcome(None, self.claimed(row, shape, scope))
        finally:
            self.depth -= 1

    def placed(self, row: Row, path: Path, scope: Scope, shape: Shape | None, branch: bool, report: Reporter) -> Outcome | None:
        """A row whose changes are made: `when`, `from`, what it is, and its claims."""
        if not self.kept(row, scope, shape, branch, report):
            choice = row.get("else")
            if branch and choice == "identity":
                return self.sequence([], path, scope, shape, row.place, Rows())
            return None
        sources = self.sources(row, scope, report)
        if len(sources) == 1:
            shape = sources[0].output
        stated = stated_size(row, scope.names(shape), report)
        names = scope.names(shape, stated)
        if "repeat" in row.keys:
            outcome = self.repeated(row, path, scope, shape, names, report)
        else:
            outcome = self.built(row, path, scope, shape, names, sources, report)
        if outcome is None:
            return None
        claims, output = checked_claims(row, stated, outcome.output, self.spec, report)
        node = outcome.node
        if node is not None:
            paths = tuple(source.path for source in sources)
            node = replace(node, claims=claims, sources=paths or node.sources)
        return Outcome(node, output)

    def built(
        self, row: Row, path: Path, scope: Scope, shape: Shape | None, names: RowNames, sources: list[Ref], report: Reporter
    ) -> Outcome | None:
        kind = next((kind for kind in COMBINATORS if kind in row.keys), None)
        told = row.get("type")
        if kind is None and isinstance(told, Text) and told in COMBINATORS:
            if row.cells:
                cell = next(iter(row.cells.values()))[0]
                report.add("unknown-column", f"`{cell}` is not a column of {told}", cell.place)
            return self.joined(told, [(source.path, source.output) for source in sources], (), path, shape, row.place, report)
        if kind is not None:
            if len(sources) > 1:
                report.add(
                    "bad-value",
                    f"branches take one input; several sources go into `type: {kind}` without branches",
                    row.place_of("from"),
                )
                raise Broken
            return self.combined(kind, row, path, scope, shape, report)
        if len(sources) > 1:
            report.add("bad-value", "only concat, sum and product take several sources", row.place_of("from"))
            raise Broken
        cells = own_cells(row, names, scope.rows)
        if "layer" in row.keys:
            layer = self.layer(row, names, report)
            if layer is None:
                return None
            return self.typed_row(layer.type, [layer.cells, cells], path, scope, shape, names, row, report)
        if not isinstance(told, Text):
            hint = "a row is a type, or one of concat, sum, product, split, layer"
            report.add(
                "missing-key",
                "the row has no `type`" if told is None else f"`type` must be a name, found {describe(told)}",
                row.place,
                hint,
            )
            raise Broken
        return self.typed_row(told, [cells], path, scope, shape, names, row, report)

    def layer(self, row: Row, names: RowNames, report: Reporter) -> Layer | None:
        node = row.get("layer")
        value = cell_value(node, names, report) if node is not None else None
        if isinstance(value, Layer) or value is None:
            return value
        assert node is not None
        report.add(
            "bad-value",
            f"`layer` places a column of type layer, found {describe(node)}",
            node.place,
            "write the layer itself as `type`",
        )
        raise Broken

    def typed_row(
        self,
        told: Text,
        layers: list[dict[str, Cell]],
        path: Path,
        scope: Scope,
        shape: Shape | None,
        names: RowNames,
        row: Row,
        report: Reporter,
    ) -> Outcome:
        type_ = self.types.find(told, scope.block)
        if type_ is None:
            hint = did_you_mean(nearest(told, self.types.names())) or "see docs/language.md for the ops and blocks"
            report.add("unknown-type", f"{describe(told)} is neither an op nor a block", told.place, hint)
            raise Broken
        defaults = {
            key: Cell(*pair, replace(self.globals, shape=shape), Rows())
            for key, pair in self.defaults.get(type_.name, {}).items()
        }
        by_column = [with_headers(type_, cells, report) for cells in layers]
        by_column.append(with_headers(type_, defaults, Reporter(Problems(), None)))
        values, places = typed(type_, by_column, names, scope.rows, row.place, report)
        made = self.leaf if type_.op is not None else self.block
        outcome = made(type_, values, places, path, shape, row, report)
        if outcome.node is None:
            return outcome
        cells = written_cells(type_, values, places)
        return Outcome(replace(outcome.node, type=type_.name, columns=values, cells=cells, place=row.place), outcome.output)

    def leaf(
        self,
        type_: Type,
        values: dict[str, Any],
        places: dict[str, Place],
        path: Path,
        shape: Shape | None,
        row: Row,
        report: Reporter,
    ) -> Outcome:
        assert type_.op is not None
        op = type_.op.model_construct(**values)
        if shape is None:
            return Outcome(None, None)
        try:
            output = op.output(shape)
        except ShapeError as error:
            report.add("shape-mismatch", error.message, places.get(error.column or "", row.place))
            raise Broken from None
        cost = op.cost(shape)
        self.params, self.macs = self.params + cost.params, self.macs + cost.macs
        if max(self.params, self.macs, output.elements) > MAX_INT:
            report.add("overflow", "the counts no longer fit in 63 bits", row.place)
            raise _Stop
        return Outcome(Leaf(".".join(path), type_.name, shape, output, row.place, op=op), output)

    def block(
        self,
        type_: Type,
        values: dict[str, Any],
        places: dict[str, Place],
        path: Path,
        shape: Shape | None,
        row: Row,
        report: Reporter,
    ) -> Outcome:
        block = type_.block
        assert block is not None and block.body is not None
        if block in self.blocks:
            names = " uses ".join(b.name for b in [*self.blocks[self.blocks.index(block) :], block])
            report.add("cyclic-block", f"the block uses itself: {names}", row.place)
            raise _Stop
        self.blocks.append(block)
        self.users.append((".".join(path), row.place))
        try:
            inside = self.reporter(path)
            names = RowNames(values, shape, shape)
            scope = Scope(self.variables(block.vars or {}, names, Rows(), inside), Rows(), block, shape)
            found = self.row(self.body(block.body), path, scope, shape, edited=True)
        finally:
            self.blocks.pop()
            self.users.pop()
        if found is None:  # everything in it was removed
            return self.sequence([], path, scope, shape, row.place, Rows())
        return found

    def body(self, body: Node) -> Node:
        """A body that is one row with an id is a list of one."""
        return Seq(body.place, [body]) if isinstance(body, Map) and "id" in body else body

    def repeated(self, row: Row, path: Path, scope: Scope, shape: Shape | None, names: RowNames, report: Reporter) -> Outcome:
        node = row.get("repeat")
        assert node is not None
        count = self.whole(node, names, "repeat", report)
        one = row.without(
            "repeat",
            "from",
            "when",
            "else",
            *(key for key in row.keys if key not in ("type", "layer", *COMBINATORS, "output size")),
        )
        children: list[Tree | None] = []
        current = shape
        for index in range(count):
            self.count(row.place)
            copy_path, copy_scope = (*path, str(index)), replace(scope, index=index)
            copy = self.edits.row(one, copy_path, scope.block)
            if copy is None:
                continue
            stated = names.stated
            found = self.built(
                copy, copy_path, copy_scope, current, copy_scope.names(current, stated), [], self.reporter(copy_path)
            )
            if found is None:
                continue
            children.append(found.node)
            current = found.output
            if found.node is None:
                break
        if shape is None or current is None or any(child is None for child in children):
            return Outcome(None, current)
        told = row.get("type")
        kind = str(told) if isinstance(told, Text) else "sequence"
        kept = tuple(child for child in children if child is not None)
        return Outcome(Inner(".".join(path), kind, shape, current, row.place, kind="sequence", children=kept), current)

    def combined(self, kind: str, row: Row, path: Path, scope: Scope, shape: Shape | None, report: Reporter) -> Outcome:
        branches = row.get(kind)
        if not isinstance(branches, Map) or not branches:
            report.add("bad-value", f"`{kind}` holds named branches, found {describe(branches)}", row.place_of(kind))
            raise Broken
        if row.cells:
            cell = next(iter(row.cells.values()))[0]
            report.add("unknown-column", f"`{cell}` is not a key of a row with {kind}", cell.place)
        named = self.edits.rows(list(branches.items()), path)
        if kind == "split" and shape is not None:
            shape_in: Shape | None = shares(shape, len(named))
        else:
            shape_in = shape
        outcomes: list[tuple[str, Outcome]] = []
        for name, node in named:
            self.check_id(name, branches.key(name).place if name in branches else node.place)
            found = self.row(node, (*path, name), scope, shape_in, branch=True)
            if found is not None:
                outcomes.append((name, found))
        if not outcomes:
            report.add("shape-mismatch", f"no branch of the {kind} is left", row.place_of(kind))
            raise Broken
        nodes = [outcome.node for _, outcome in outcomes]
        named_shapes = [(name, outcome.output) for name, outcome in outcomes]
        if any(node is None for node in nodes):
            return Outcome(None, None)
        return self.joined(
            kind, named_shapes, tuple(node for node in nodes if node is not None), path, shape, row.keys[kind][0].place, report
        )

    def joined(
        self,
        kind: str,
        shapes: list[tuple[str, Shape | None]],
        children: tuple[Tree, ...],
        path: Path,
        shape: Shape | None,
        place: Place,
        report: Reporter,
    ) -> Outcome:
        if not children and (len(shapes) < 2 or kind == "split"):
            report.add("bad-value", f"`type: {kind}` needs branches, or several rows in `from`", place)
            raise Broken
        known = [(name, one) for name, one in shapes if one is not None]
        if len(known) < len(shapes):
            return Outcome(None, None)
        try:
            output = JOINS[kind](known)
        except ShapeError as error:
            report.add("shape-mismatch", error.message, place)
            raise Broken from None
        entry = shape if children else known[0][1]
        if entry is None:
            return Outcome(None, output)
        return Outcome(Inner(".".join(path), kind, entry, output, place, kind=kind, children=children), output)

    # small things

    def kept(self, row: Row, scope: Scope, shape: Shape | None, branch: bool, report: Reporter) -> bool:
        node = row.get("when")
        if node is None:
            return True
        choice = row.get("else")
        if branch and choice not in ("identity", "none"):
            report.add(
                "when-else", "a `when` in a branch must say what it leaves", node.place, "add else: identity, or else: none"
            )
            raise Broken
        value = cell_value(node, scope.names(shape), report)
        words = {"true": True, "false": False}
        return words[value] if isinstance(value, Text) and value in words else self.truth(value, node, report)

    def truth(self, value: Any, node: Node, report: Reporter) -> bool:
        if isinstance(value, Text | Map | Seq):
            report.add("bad-value", f"`when` must be a formula, true or false, found {describe(node)}", node.place)
            raise Broken
        return bool(value)

    def sources(self, row: Row, scope: Scope, report: Reporter) -> list[Ref]:
        node = row.get("from")
        if node is None:
            return []
        found = []
        for item in node if isinstance(node, Seq) else [node]:
            value = cell_value(item, scope.names(None), report)
            if isinstance(value, Ref):
                found.append(value)
            elif isinstance(value, Text):
                found.append(find_row(value, scope.rows, report))
            else:
                report.add("bad-value", f"`from` names an earlier row, found {describe(value)}", item.place)
                raise Broken
        return found

    def whole(self, node: Node, names: RowNames, what: str, report: Reporter) -> int:
        value = cell_value(node, names, report)
        try:
            return int(Count.__metadata__[0].func(value))  # type: ignore[attr-defined]
        except ValueError as error:
            report.add("bad-value", f"{what} must be {error}, found {describe(value)}", node.place)
            raise Broken from None

    def claimed(self, row: Row, shape: Shape | None, scope: Scope) -> Shape | None:
        """After an error in a row, the size that it states serves the rows below."""
        stated = stated_size(row, scope.names(shape), Reporter(Problems(), None))
        return Shape(stated[2], stated[0], stated[1]) if stated is not None and len(stated) == 3 else None

    def check_id(self, name: str, place: Place) -> None:
        problem = id_problem(name)
        if problem:
            self.problems.add(problem[0], problem[1], place)

    def count(self, place: Place) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            self.reporter(()).add("too-many-nodes", f"the network has more than {MAX_NODES:,} nodes", place)
            raise _Stop

    def reporter(self, path: Path) -> Reporter:
        return Reporter(self.problems, ".".join(path) or None, self.users[0] if self.users else None)


class _Unknown:
    """Marks a var whose value could not be had."""


class _Values(dict[str, Any]):
    def __getitem__(self, name: str) -> Any:
        value = super().__getitem__(name)
        if value is _Unknown:
            raise UnknownValue
        return value


def written_cells(type_: Type, values: dict[str, Any], places: dict[str, Place]) -> dict[str, str]:
    """The written columns as text by header; patch and stride are one cell again, as papers print them."""
    cells = {name: shown(values[name]) for name in places}
    if "patch" in cells and "stride" in cells:
        stride = values["stride"]
        cells["patch"] += "/" + (str(stride[0]) if stride[0] == stride[1] else shown(stride))
        del cells["stride"]
    return {type_.columns[name].header: text for name, text in cells.items()}


def shown(value: Any) -> str:
    """A typed value as a table prints it."""
    if isinstance(value, tuple):
        return ("x" if all(isinstance(part, int) for part in value) else ", ").join(f"{part:g}" for part in value)
    words: dict[Any, str] = {None: "none", True: "true", False: "false"}
    if value is None or isinstance(value, bool):
        return words[value]
    return f"{value:g}" if isinstance(value, float) else str(value)


def _weight(value: Any) -> float:
    from archspec.language.values import number

    parsed = number(value)
    if parsed < 0:
        raise ValueError
    return parsed


def blamed_on_input(spec: Spec, plain: Spec) -> Network:
    """Expands a spec whose `--input` was changed: what is wrong only because of that is reported at `--input`."""
    try:
        return expand(spec)
    except SpecError as error:
        expand(plain)  # what is wrong anyway is raised from here
        raise SpecError(moved(d, spec.input_place) for d in error.diagnostics) from None
