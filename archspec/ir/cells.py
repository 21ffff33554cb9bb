"""Cells to typed columns: where a value comes from, and what its formula gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from archspec.ir.rows import Row, row_from
from archspec.ir.scope import Cell, Layer, Ref, RowNames, Rows
from archspec.ir.types import Type
from archspec.language.columns import REQUIRED, Column
from archspec.language.diagnostics import Problems, did_you_mean
from archspec.language.formula import FormulaError, UnknownValueError, evaluate
from archspec.language.names import nearest, normal
from archspec.language.nodes import Map, Node, Seq, Text, describe, is_formula, is_null
from archspec.language.places import Place
from archspec.language.values import boolean, number


class BrokenError(Exception):
    """A value could not be had; what is wrong has been reported."""


@dataclass
class Reporter:
    """Adds diagnostics for one row: its path, and the row that used the block that the text stands in."""

    problems: Problems
    row: str | None
    user: tuple[str, Place] | None = None

    def add(
        self, code: str, message: str, place: Place, hint: str | None = None, related: Sequence[tuple[str, Place]] = ()
    ) -> None:
        if self.user:
            related = [*related, (f"in the block that row {self.user[0]} uses", self.user[1])]
        self.problems.add(code, message, place, row=self.row, hint=hint, related=related)


def cell_value(node: Node, names: RowNames, report: Reporter) -> Any:
    """A formula's value, or the node itself. Raises BrokenError after reporting, UnknownValueError for follow-on errors."""
    if not is_formula(node):
        return node
    assert isinstance(node, Text)
    try:
        return evaluate(node, names)
    except FormulaError as error:
        place = node.place.shifted(error.offset + (0 if node.plain else 1), error.width)
        hint = None
        if error.name is not None:
            hint = did_you_mean(nearest(error.name, names)) or f"a formula sees {', '.join(names)} here"
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
    for name, node in nodes.items():
        if not name.isidentifier():
            place = name.place if isinstance(name, Text) else node.place
            report.add("bad-value", f"`{name}` is not a name that formulas can use", place)
            continue
        try:
            values[name] = guessed(node, replace(names, values=values), rows, report)
        except (BrokenError, UnknownValueError):
            values[name] = _Unknown
    return values


Layered = Sequence[Mapping[str, Cell]]


def with_headers(type_: Type, cells: Mapping[str, Cell], report: Reporter) -> dict[str, Cell]:
    """Cells by column name; a key that is no column, or a column named twice, is reported."""
    found: dict[str, Cell] = {}
    for key, cell in cells.items():
        column = type_.column(key)
        if column is None:
            headers = [c.header for c in type_.columns.values()]
            message = f"`{cell.key}` is not a column of {type_.name}" if key else f"{type_.name} takes no value in parentheses"
            known = f"{type_.name} has {', '.join(headers)}" if headers else f"{type_.name} has no columns"
            report.add("unknown-column", message, cell.key.place, did_you_mean(nearest(cell.key, headers)) or known)
        elif column.name in found:
            report.add("duplicate-key", f"the column {column.header} stands twice in one row", cell.key.place)
        else:
            found[column.name] = cell
    return found


@dataclass(frozen=True)
class Typed:
    """The values of a row's columns, and where those that were written stand."""

    values: dict[str, Any]
    places: dict[str, Place]

    def written(self, type_: Type) -> dict[str, str]:
        """The written columns as text by header; patch and stride are one cell again, as papers print them."""
        cells = {name: shown(self.values[name]) for name in self.places}
        if "patch" in cells and "stride" in cells:
            stride = self.values["stride"]
            cells["patch"] += "/" + (str(stride[0]) if stride[0] == stride[1] else shown(stride))
            del cells["stride"]
        return {type_.columns[name].header: text for name, text in cells.items()}


def shown(value: Any) -> str:
    """A typed value as a table prints it."""
    if isinstance(value, tuple):
        return ("x" if all(isinstance(part, int) for part in value) else ", ").join(f"{part:g}" for part in value)
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def typed(type_: Type, layers: Layered, names: RowNames, rows: Rows, place: Place, report: Reporter) -> Typed:
    """Every column's value: from the first of `layers` that has it, else from the column's default, whose formula
    sees the earlier columns. Raises BrokenError once all columns were tried.
    """
    values: dict[str, Any] = {}
    places: dict[str, Place] = {}
    broken = unknown = False
    for column in type_.columns.values():
        cell = next((cells[column.name] for cells in layers if column.name in cells), None)
        try:
            if cell is None:
                seen = RowNames({**values}, names.shape, names.entry, None, names.stated)
                values[column.name] = _default(column, type_, seen, rows, place, report)
            else:
                values[column.name] = _parsed(column, cell, report)
                places[column.name] = cell.value.place
        except BrokenError:
            broken = True
        except UnknownValueError:
            unknown = True
    if broken:
        raise BrokenError
    if unknown:
        raise UnknownValueError
    return Typed(values, places)


def _default(column: Column, type_: Type, names: RowNames, rows: Rows, place: Place, report: Reporter) -> Any:
    default = column.default
    if default is not REQUIRED and not isinstance(default, str | Map | Seq):
        return default
    needed = f"`{column.header}`"
    if isinstance(default, str) and default.startswith("="):
        node = default if isinstance(default, Text) else Text(default, place)
        try:
            default = evaluate(node, names)
        except FormulaError as error:
            if error.name is None or (error.name != "out_channels" and error.name not in type_.columns):
                report.add(error.code, f"the default of {column.header}: {error.message}", node.place)
                raise BrokenError from None
            if error.name != "out_channels":
                raise BrokenError from None  # an earlier column is missing, and was reported
            default, needed = REQUIRED, f"{needed}, or an output size with its channels"
    if default is REQUIRED:
        report.add("missing-column", f"{type_.name} needs {needed}", place, _missing_hint(column))
        raise BrokenError
    if not isinstance(default, str | Map | Seq):
        return _checked(column, default, place, report)
    written: Node = default if isinstance(default, Text | Map | Seq) else Text(default, place)
    return _parsed(column, Cell(Text(column.name, place), written, names, rows), report)


def _missing_hint(column: Column) -> str:
    quoted = f'"{column.header}"' if column.header.startswith("#") else column.header
    return f"add {quoted}: to the row" + (f" ({column.about})" if column.about else "")


def _parsed(column: Column, cell: Cell, report: Reporter) -> Any:
    value = cell_value(cell.value, cell.names, report)
    if column.holds_layer:
        return (
            layer_from(value, cell.names, cell.rows, report)
            if isinstance(value, Text | Map | Seq)
            else _a(Layer, value, column, cell, report)
        )
    if column.holds_row:
        return find_row(value, cell.rows, report) if isinstance(value, Text) else _a(Ref, value, column, cell, report)
    return _checked(column, value, cell.value.place, report)


def _a(kind: type, value: Any, column: Column, cell: Cell, report: Reporter) -> Any:
    if isinstance(value, kind) or (kind is Layer and value is None):
        return value
    wanted = "a layer" if kind is Layer else "the id of an earlier row"
    report.add("bad-value", f"{column.header} must be {wanted}, found {describe(value)}", cell.value.place)
    raise BrokenError


def _checked(column: Column, value: Any, place: Place, report: Reporter) -> Any:
    try:
        return column.parse(value)
    except ValueError as error:
        hint = "round it: =round(...)" if isinstance(value, float) and "whole number" in str(error) else None
        report.add("bad-value", str(error), place, hint)
        raise BrokenError from None


def find_row(name: Text, rows: Rows, report: Reporter) -> Ref:
    """The earlier row of this name. Raises BrokenError after reporting."""
    found = rows.find(name)
    if isinstance(found, Ref):
        return found
    if found is not None:
        report.add("removed-row", f"`{name}` was removed by its `when`", name.place, related=[("removed here", found)])
    else:
        known = rows.names()
        hint = (
            did_you_mean(nearest(name, known))
            or "a row is named before it is read; a block's second input is a column of type row"
        )
        report.add("unknown-row", f"no earlier row here is called {describe(name)}", name.place, hint)
    raise BrokenError


def own_cells(row: Row, names: RowNames, rows: Rows) -> dict[str, Cell]:
    """The cells of a row with what their formulas see."""
    return {key: Cell(*pair, names, rows) for key, pair in row.cells.items()}
