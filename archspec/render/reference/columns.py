"""The columns of an op or a block as they are described: their types, defaults and bounds, as a spec writes them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from archspec.language.columns import REQUIRED, Column
from archspec.language.nodes import Map, Seq, shown
from archspec.language.values import TYPES


@dataclass(frozen=True)
class DescribedColumn:
    """A column: `default` is None where the column is needed, `takes` are its bounds or choices, and whether a scale
    multiplies it, where its type does not say so.
    """

    header: str
    id: str
    type: str
    default: str | None
    takes: str
    about: str


def described_column(column: Column) -> DescribedColumn:
    """A column in words."""
    takes = [f"at least {column.least:g}"] if column.least is not None else []
    takes += [f"at most {column.most:g}"] if column.most is not None else []
    takes += [", ".join(map(shown, column.choices))] if column.choices else []
    takes += {"none": ["never scaled"], "width": ["scaled"]}.get(column.scale or "", [])
    default = None if column.default is REQUIRED else written(column.default)
    return DescribedColumn(column.header, column.name, type_name(column), default, "; ".join(takes), column.about)


def type_name(column: Column) -> str:
    """The type of a column as blocks write it; those of ops are the same."""
    return next(name for name, annotation in TYPES.items() if annotation == column.annotation)


def written(value: Any) -> str:
    """A value or a node as a spec writes it."""
    if isinstance(value, Map):
        return "{" + ", ".join(f"{key}: {written(node)}" for key, node in value.items()) + "}"
    if isinstance(value, Seq):
        return "[" + ", ".join(map(written, value)) + "]"
    return shown(side_or_size(value))


def side_or_size(value: Any) -> Any:
    """A size as a spec writes it, one number if its sides are equal; any other value as it is."""
    if not isinstance(value, tuple) or not all(isinstance(side, int) for side in value):
        return value
    return value[0] if len(set(value)) == 1 else shown(value)


def table_cells(columns: Iterable[DescribedColumn]) -> dict[str, list[str]]:
    """The table of columns: cells from top to bottom by their head; bounds only where there are some."""
    columns = list(columns)
    cells = {
        "column": [column.header for column in columns],
        "id": [column.id for column in columns],
        "type": [column.type for column in columns],
        "default": ["needed" if column.default is None else column.default for column in columns],
        "takes": [column.takes for column in columns],
        "meaning": [column.about for column in columns],
    }
    return {head: below for head, below in cells.items() if head != "takes" or any(below)}
