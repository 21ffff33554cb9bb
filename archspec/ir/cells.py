"""The value of one cell: what its formula gives, and layers, vars and earlier rows as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from archspec.ir.rows import Row, row_from
from archspec.ir.scope import Cell, Layer, Ref, RowNames, Rows
from archspec.language.diagnostics import Problems, did_you_mean
from archspec.language.formula import FormulaError, UnknownValueError, evaluate
from archspec.language.names import nearest, normal
from archspec.language.nodes import Given, Map, Node, Seq, Text, describe, is_formula, is_null
from archspec.language.places import Place
from archspec.language.values import boolean, number

#: names that a hint lists
_LISTED = 12


class BrokenError(Exception):
    """A value could not be had; what is wrong has been reported."""


@dataclass
class Reporter:
    """Adds diagnostics for one row: its path, and the row that used the block that the text stands in."""

    problems: Problems
    path: tuple[str, ...]
    user: tuple[str, Place] | None = None

    def add(
        self, code: str, message: str, place: Place, hint: str | None = None, related: Sequence[tuple[str, Place]] = ()
    ) -> None:
        if self.user:
            row, at = self.user
            if place.source.library:  # blame what the user wrote; the library's line is a note
                place, related = at, [*related, ("in this block of the library", place)]
            else:
                related = [*related, (f"in the block that row {row} uses", at)]
        self.problems.add(code, message, place, row=".".join(self.path) or None, hint=hint, related=related)


def cell_value(node: Node, names: RowNames, report: Reporter) -> Any:
    """A formula's value, what a program gives, or the node itself.

    Raises BrokenError after reporting, UnknownValueError for follow-on errors.
    """
    if isinstance(node, Given):
        return node.value
    if not is_formula(node):
        return node
    assert isinstance(node, Text)
    if node.broken:
        raise BrokenError
    try:
        return evaluate(node, names)
    except FormulaError as error:
        place = node.place.within(node, error.offset, error.width)
        hint = None
        if error.name is not None:
            seen = list(names)
            more = f" and {len(seen) - _LISTED} more" if len(seen) > _LISTED else ""
            hint = did_you_mean(nearest(error.name, seen))
            if error.name in names.unseen:
                hint = f"`{error.name}` is a var of the spec, and a library block sees only its own columns and vars"
            elif error.name in names.later:
                hint = f"the var `{error.name}` comes later; a var sees those before it"
            hint = hint or f"a formula sees {', '.join(seen[:_LISTED])}{more} here"
        report.add(error.code, error.message, place, hint)
        raise BrokenError from None


def guessed(node: Node, names: RowNames, rows: Rows, report: Reporter) -> Any:
    """The value of a var, which has no declared type: a number, true or false, a layer, or a word."""
    value = cell_value(node, names, report)
    if isinstance(value, Map):
        return layer_from(value, names, rows, report)
    if isinstance(value, Seq):
        report.add("bad-value", "a var holds one value, found a list", node.place)
        raise BrokenError
    if isinstance(value, Text):
        for parse in (number, boolean):
            try:
                return parse(value)
            except ValueError:
                continue
        if normal(value) == "nan" or normal(value).lstrip("+-.") in ("inf", "infinity", "nan"):
            report.add("bad-value", f"{describe(value)} is not a finite number", node.place)
            raise BrokenError
        return None if is_null(value) or value == "none" else str(value)
    return value


def layer_from(node: Node, names: RowNames, rows: Rows, report: Reporter) -> Layer | None:
    """A layer as a value: a type's name, a mapping with a type, or none."""
    if isinstance(node, Seq):
        report.add("bad-value", "a layer is a type, a mapping with a type, or none; found a list", node.place)
        raise BrokenError
    if isinstance(node, Text) and (node == "none" or is_null(node)):
        return None
    row = row_from(node)
    told = row.get("type")
    if not isinstance(told, Text):
        report.add("missing-key", "a layer needs a `type`", row.place)
        raise BrokenError
    for key in row.keys:
        if key != "type":
            report.add("unknown-column", f"a layer has no `{key}`", row.keys[key][0].place)
            raise BrokenError
    return Layer(told, {key: Cell(*pair, names, rows) for key, pair in row.cells.items()})


class _Unknown:
    """Marks a var whose value could not be had."""


class _Values(dict[str, Any]):
    def __getitem__(self, name: str) -> Any:
        value = super().__getitem__(name)
        if value is _Unknown:
            raise UnknownValueError
        return value


def variables(nodes: Mapping[str, Node], names: RowNames, rows: Rows, report: Reporter) -> dict[str, Any]:
    """Vars in order, each seeing the earlier ones; added to the values that `names` has."""
    values = _Values(names.values)
    later = dict(nodes)
    for name, node in nodes.items():
        del later[name]
        try:
            values[name] = guessed(node, replace(names, values=values, later=later), rows, report)
        except (BrokenError, UnknownValueError):
            values[name] = _Unknown
    return values


def find_row(name: Text, rows: Rows, report: Reporter, names: RowNames | None = None) -> Ref:
    """The earlier row of this name. Raises BrokenError after reporting."""
    found = rows.find(name)
    if isinstance(found, Ref):
        return found
    if found is not None:
        report.add("removed-row", f"`{name}` was removed by {found.by}", name.place, related=[("this row", found.place)])
    else:
        column = names is not None and isinstance(names.values.get(name), Ref)
        near = f"={name}" if column else nearest(name, rows.names())
        hint = did_you_mean(near) or "a row is named before it is read; a block's second input is a column of type row"
        report.add("unknown-row", f"no earlier row here is called {describe(name)}", name.place, hint)
    raise BrokenError


def own_cells(row: Row, names: RowNames, rows: Rows) -> dict[str, Cell]:
    """The cells of a row with what their formulas see."""
    return {key: Cell(*pair, names, rows) for key, pair in row.cells.items()}
