"""Cells to typed columns: from which of the places that may hold it a value comes, and what its type makes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from archspec.ir.cells import BrokenError, Reporter, cell_value, find_row, layer_from
from archspec.ir.rows import Row, split_patch
from archspec.ir.scope import Cell, Layer, Ref, RowNames, Rows
from archspec.ir.types import Type, Types
from archspec.language.columns import REQUIRED, Column, ColumnError
from archspec.language.diagnostics import did_you_mean
from archspec.language.formula import FormulaError, UnknownValueError, evaluate
from archspec.language.names import CLAIMS, HEAD_KEYS, STRUCTURE, nearest, normal
from archspec.language.nodes import Map, Node, Seq, Text, describe, is_formula
from archspec.language.places import Place
from archspec.language.scaling import UNSCALED

Layered = Sequence[Mapping[str, Cell]]

#: what a misspelt key may have meant besides a column
ROW_KEYS = (*STRUCTURE, *CLAIMS, *HEAD_KEYS)


def with_headers(type_: Type, cells: Mapping[str, Cell], report: Reporter) -> dict[str, Cell]:
    """Cells by column name; a key that is no column, or a column named twice, is reported."""
    found: dict[str, Cell] = {}
    if "" not in cells:  # as almost always: every key is a column, each once
        headers = type_.headers
        found = {headers[key].name: cell for key, cell in cells.items() if key in headers}
        if len(found) == len(cells):
            return found
        found = {}
    meant: list[tuple[str | None, Cell]] = []
    for key, cell in _inline(type_, cells):
        column = type_.column(key)
        if column is None:
            meant.append((_unknown(type_, key, cell, report), cell))
        elif column.name in found:
            first = [("first here", found[column.name].key.place)]
            report.add("duplicate-key", f"the column {column.header} stands twice in one row", cell.key.place, related=first)
        else:
            found[column.name] = cell
    for name, cell in meant:
        if name is not None:
            found.setdefault(name, replace(cell, wrong=True))
    return found


def _inline(type_: Type, cells: Mapping[str, Cell]) -> Iterator[tuple[str, Cell]]:
    """The cells; a value in parentheses after the type is split like any other if it is a patch: `max pool (3x3/2)`."""
    for key, cell in cells.items():
        column = type_.column(key)
        if not key and column is not None:
            for part, value in split_patch(Text(column.name, cell.key.place), cell.value):
                yield normal(part), replace(cell, key=part, value=value)
        else:
            yield key, cell


def _unknown(type_: Type, key: str, cell: Cell, report: Reporter) -> str | None:
    """Reports a key that is no column; the column that was probably meant, so that it is not also said to be missing."""
    headers = {column.header: column.name for column in type_.columns.values()}
    near = nearest(cell.key, [*headers, *ROW_KEYS]) if key else None
    message = f"`{cell.key}` is not a column of {type_.name}" if key else f"{type_.name} takes no value in parentheses"
    known = f"{type_.name} has {', '.join(headers)}" if headers else f"{type_.name} has no columns"
    report.add("unknown-column", message, cell.key.place, did_you_mean(near) or known)
    return headers.get(near or "")


@dataclass(frozen=True)
class Typed:
    """The values of a row's columns; of those that were written, where their value was first written, and the cell."""

    values: dict[str, Any]
    cells: dict[str, Cell]

    def place(self, column: str | None, otherwise: Place) -> Place:
        return self.cells[column].origin if column in self.cells else otherwise

    def written(self, type_: Type) -> tuple[tuple[str, str], ...]:
        """The written columns with their headers."""
        return tuple([(name, type_.columns[name].header) for name in self.cells])


def fits(column: Column, cell: Cell, types: Types, report: Reporter) -> bool:
    """Whether a default can serve its column, as far as that can be said before a row uses it; reports it if not."""
    if cell.wrong:
        return False
    if is_formula(cell.value) or column.holds_row:
        return True
    try:
        value = _parsed(column, cell, report)
    except (BrokenError, UnknownValueError):
        return False
    if isinstance(value, Layer) and types.find(value.type) is None and normal(value.type) not in types.broken:
        hint = did_you_mean(nearest(value.type, types.names()))
        report.add("unknown-type", f"`{value.type}` is neither an op nor a block", value.type.place, hint)
        return False
    return True


def typed(type_: Type, layers: Layered, names: RowNames, rows: Rows, row: Row, report: Reporter) -> Typed:
    """Every column's value: from the first of `layers` that has it, else from the column's default, whose formula
    sees the earlier columns. Raises BrokenError once all columns were tried.
    """
    values: dict[str, Any] = {}
    written: dict[str, Cell] = {}
    broken = unknown = False
    first: dict[str, Cell] = {}
    for cells in reversed(layers):
        first.update(cells)
    for column in type_.columns.values():
        cell = first.get(column.name)
        try:
            if cell is None:
                values[column.name] = _default(column, type_, values, names, rows, row, report)
            elif cell.wrong:
                broken = True
            else:
                values[column.name] = _scaled(column, _parsed(column, cell, report), cell, names, report)
                written[column.name] = cell
        except BrokenError:
            broken = True
        except UnknownValueError:
            unknown = True
    if broken:
        raise BrokenError
    if unknown:
        raise UnknownValueError
    return Typed(values, written)


def _default(column: Column, type_: Type, values: dict[str, Any], names: RowNames, rows: Rows, row: Row, report: Reporter) -> Any:
    default = column.default
    if default is not REQUIRED and not isinstance(default, str | Map | Seq):
        return default
    scale = names.scale if column.scaled else UNSCALED  # `out_channels` of a column that no scale multiplies
    names = RowNames({**values}, names.shape, names.entry, None, names.stated, scale=scale)
    place = row.place
    if row.unset:
        place = row.unset.get(normal(column.name)) or row.unset.get(normal(column.header)) or place
    needed = f"`{column.header}`"
    if isinstance(default, str) and default.startswith("="):
        node = default if isinstance(default, Text) else Text(default, place)
        try:
            default = evaluate(node, names)
        except FormulaError as error:
            earlier = list(type_.columns)[: list(type_.columns).index(column.name)]
            if error.name in earlier:
                raise BrokenError from None  # it is missing, and was reported
            if error.name != "out_channels":
                report.add(error.code, f"the default of {column.header}: {error.message}", node.place.within(node, error.offset))
                raise BrokenError from None
            default, needed = REQUIRED, f"{needed}, or an output size with its channels"
    if default is REQUIRED:
        report.add("missing-column", f"{type_.name} needs {needed}", place, _missing_hint(column))
        raise BrokenError
    if not isinstance(default, str | Map | Seq):
        return _checked(column, default, Cell(Text(column.name, place), Text("", place), names, rows), report)
    written: Node = default if isinstance(default, Text | Map | Seq) else Text(default, place)
    cell = Cell(Text(column.name, place), written, names, rows)
    return _scaled(column, _parsed(column, cell, report), cell, names, report)


def _scaled(column: Column, value: Any, cell: Cell, names: RowNames, report: Reporter) -> Any:
    """The value of a cell under the scale that holds in its row: a number that is written, not what a formula gives."""
    if names.scale is None or names.scale is UNSCALED or is_formula(cell.value) or not column.scaled:
        return value
    return _checked(column, names.scaled(value), cell, report)


def _missing_hint(column: Column) -> str:
    quoted = f'"{column.header}"' if column.header.startswith("#") else column.header
    return f"add {quoted}: to the row" + (f" ({column.about})" if column.about else "")


def _parsed(column: Column, cell: Cell, report: Reporter) -> Any:
    if column.holds_row and isinstance(cell.value, Text) and is_formula(cell.value):
        name = cell.value[1:].strip()
        if name not in cell.names and isinstance(cell.rows.find(name), Ref):
            report.add("unknown-name", f"`{name}` is a row, not a value", cell.value.place, did_you_mean(name))
            raise BrokenError
    value = cell_value(cell.value, cell.names, report)
    if isinstance(value, str) and not isinstance(value, Text):
        value = Text(value, cell.origin)  # a word that a var holds
    if column.holds_layer:
        if not isinstance(value, Text | Map | Seq):
            return _a(Layer, value, column, cell, report)
        return layer_from(value, cell.names, cell.rows, report)
    if column.holds_row:
        return find_row(value, cell.rows, report) if isinstance(value, Text) else _a(Ref, value, column, cell, report)
    return _checked(column, value, cell, report)


def _a(kind: type, value: Any, column: Column, cell: Cell, report: Reporter) -> Any:
    if isinstance(value, kind) or (kind is Layer and value is None):
        return value
    wanted = "a layer" if kind is Layer else "the id of an earlier row"
    report.add("bad-value", f"{column.header} must be {wanted}, found {describe(value)}", cell.value.place)
    raise BrokenError


def _checked(column: Column, value: Any, cell: Cell, report: Reporter) -> Any:
    try:
        return column.parse(value)
    except ColumnError as error:
        hint = "round it: =round(...)" if isinstance(value, float) and "whole number" in str(error) else error.hint
        if isinstance(value, Text) and value in cell.names:
            hint = did_you_mean(f"={value}")
        at = error.item.place if isinstance(error.item, Text) and error.item is not value else cell.origin
        report.add("bad-value", str(error), at, hint)
        raise BrokenError from None
