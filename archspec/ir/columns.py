"""Cells to typed columns: from which of the places that may hold it a value comes, and what its type makes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from archspec.ir.cells import BrokenError, Reporter, cell_value, find_row, layer_from
from archspec.ir.scope import Cell, Layer, Ref, RowNames, Rows
from archspec.ir.types import Type
from archspec.language.columns import REQUIRED, Column
from archspec.language.diagnostics import did_you_mean
from archspec.language.formula import FormulaError, UnknownValueError, evaluate
from archspec.language.names import nearest
from archspec.language.nodes import Map, Node, Seq, Text, describe
from archspec.language.places import Place

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
