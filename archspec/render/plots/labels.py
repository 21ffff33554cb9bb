"""What stands beside an axis: what a cost is called in reports, and its unit."""

from __future__ import annotations

from archspec.render.column import Column
from archspec.render.columns import COLUMNS

#: of what the header does not count by itself
_UNITS = {"macs": "MACs", "activations": "elements", "depth": "layers"}
_HEADERS = {column.key: column.header for column in COLUMNS} | {"params_with_heads": "parameters, with heads"}


def label(cost: str | Column) -> str:
    """`multiply-adds (MACs)` for macs, `conv1: multiply-adds (MACs)` for conv1.macs; any other word is itself."""
    row, _, key = cost.rpartition(".") if isinstance(cost, str) else ("", "", "")
    if row and key in _HEADERS:
        return f"{row}: {label(key)}"
    key, header = (cost, _HEADERS.get(cost, cost)) if isinstance(cost, str) else (cost.key, cost.header)
    return f"{header} ({_UNITS[key]})" if key in _UNITS else header
