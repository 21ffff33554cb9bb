"""The structural keys of a row: `when`, `from`, `repeat` and the loss weight of a head."""

from __future__ import annotations

from archspec.ir.cells import BrokenError, Reporter, cell_value, find_row
from archspec.ir.rows import COMBINATORS, Row
from archspec.ir.scope import Layer, Ref, RowNames, Rows
from archspec.language.diagnostics import did_you_mean
from archspec.language.formula import UnknownValueError
from archspec.language.names import FIGURES, REASONS, nearest
from archspec.language.nodes import Map, Node, Seq, Text, describe
from archspec.language.values import boolean, nonnegative, whole

_COPIES = whole(1, 2**31 - 1, "a positive whole number")


#: keys of most rows, which contradict nothing
_PLAIN = {"id", "type"}
#: keys that belong to other places, and where that is
_ELSEWHERE = {
    "after": "a new row of a change",
    "before": "a new row of a change",
    "loss weight": "a head",
}


def check_keys(row: Row, path: tuple[str, ...], report: Reporter) -> None:
    """Reports keys that contradict each other, or that have no meaning in this row."""
    name = row.get("id")
    if isinstance(name, Text) and path and name != path[-1]:
        report.add("bad-value", f"the row is `{path[-1]}` by its place and `{name}` by its id", name.place, "leave the id out")
    elif name is not None and not isinstance(name, Text):
        report.add("bad-value", f"id must be a word, found {describe(name)}", name.place)
    if row.keys.keys() <= _PLAIN and not row.repeated:
        return
    for again, first in row.repeated:
        report.add(
            "duplicate-key", f"`{again}` and `{first}` are the same key", again.place, related=[("first here", first.place)]
        )
    if row.keys.keys().isdisjoint(FIGURES):
        for key in [key for key in REASONS if key in row.keys]:
            report.add("unknown-column", f"`{key}` explains a published figure, and the row has none", row.keys[key][0].place)
    for key in row.keys.keys() & _ELSEWHERE.keys():
        report.add("unknown-column", f"`{key}` is a key of {_ELSEWHERE[key]}", row.keys[key][0].place)
    kinds = [key for key in ("type", "layer", *COMBINATORS) if key in row.keys]
    if len(kinds) > 1:
        both = " and ".join(f"`{kind}`" for kind in kinds)
        report.add("unknown-column", f"a row is one thing, found {both}", row.keys[kinds[1]][0].place)


def kept(row: Row, names: RowNames, branch: bool, report: Reporter) -> bool:
    """Whether the `when` of a row keeps it. A branch must say what else it leaves: no skip and a skip cost the same."""
    node, choice = row.get("when"), row.get("else")
    if choice is not None and (node is None or not branch):
        report.add("unknown-column", "`else` is for a `when` in a branch; a list closes up", row.keys["else"][0].place)
    if node is None:
        return True
    if branch and choice not in ("identity", "none"):
        found = f", found {describe(choice)}" if choice is not None else ""
        message = "a `when` in a branch must say what it leaves" if choice is None else "else must be identity or none"
        near = nearest(choice, ("identity", "none")) if isinstance(choice, Text) else None
        hint = did_you_mean(near) or "add else: identity, or else: none"
        report.add("when-else", message + found, (choice or node).place, hint)
        raise BrokenError
    value = cell_value(node, names, report)
    try:
        return boolean(value) if isinstance(value, str | Map | Seq) else bool(value)
    except ValueError:
        report.add("bad-value", f"`when` must be true or false, or a formula that is, found {describe(value)}", node.place)
        raise BrokenError from None


def sources(row: Row, names: RowNames, rows: Rows, report: Reporter) -> list[Ref]:
    """The earlier rows that `from` names."""
    node = row.get("from")
    if node is None:
        return []
    if isinstance(node, Seq) and not node:
        report.add("bad-value", "`from` names no row", row.keys["from"][1].place)
        raise BrokenError
    return [_source(item, names, rows, report) for item in (node if isinstance(node, Seq) else [node])]


def _source(item: Node, names: RowNames, rows: Rows, report: Reporter) -> Ref:
    value = cell_value(item, names, report)
    if isinstance(value, Ref):
        return value
    if isinstance(value, str):
        return find_row(value if isinstance(value, Text) else Text(value, item.place), rows, report, names)
    report.add("bad-value", f"`from` names an earlier row, found {describe(value)}", item.place)
    raise BrokenError


def copies(row: Row, names: RowNames, report: Reporter) -> int:
    """How often `repeat` chains the row."""
    node = row.keys["repeat"][1]
    value = cell_value(node, names, report)
    try:
        return _COPIES(names.scale.copies(_COPIES(value)) if names.scale else value)
    except ValueError as error:
        report.add("bad-value", f"repeat must be {error}, found {describe(value)}", node.place)
        raise BrokenError from None


def loss_weight(row: Row, names: RowNames, report: Reporter) -> float:
    """The weight of a head's loss, 1 where none is stated."""
    node = row.get("loss weight")
    if node is None:
        return 1.0
    try:
        return nonnegative(cell_value(node, names, report))
    except ValueError as error:
        report.add("bad-value", f"loss weight must be {error}, found {describe(node)}", node.place)
    except (BrokenError, UnknownValueError):
        pass
    return 1.0


def placed_layer(row: Row, names: RowNames, report: Reporter) -> Layer | None:
    """The layer that a row with `layer` places, or None."""
    node = row.keys["layer"][1]
    value = cell_value(node, names, report)
    if isinstance(value, Layer) or value is None:
        return value
    report.add(
        "bad-value", f"`layer` places a column of type layer, found {describe(node)}", node.place, "write the layer as `type`"
    )
    raise BrokenError
