"""A difference as plain data: the JSON contract, version 1 (see docs/json.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from archspec.design.diff import COUNTS, RowDiff, Side
from archspec.design.edited import Edit
from archspec.design.plan import Plan
from archspec.ir.tree import Network
from archspec.ops.base import Size
from archspec.render.data import SCHEMA
from archspec.render.diff.changes import part_of

if TYPE_CHECKING:
    from archspec.render.diff.difference import Difference


def diff_data(shown: Difference) -> dict[str, Any]:
    """Exact integers for one example, before and after; null on the side of a network that lacks the row."""
    found = shown.diff
    old, new = found.reads
    return {
        "schema": SCHEMA,
        "before": _network(found.before),
        "after": _network(found.after),
        "set": list(shown.changes),
        "equal": found.equal,
        "edits": _edits(found.edits),
        "totals": {
            **{name: _count(*pair) for name, pair in found.totals.items()},
            "receptive_field": {"before": list(old), "after": list(new)},
        },
        "rows": _rows(shown, found.rows, 1),
        "heads": _rows(shown, found.heads, 1),
        "tensors": _tensors(found.tensors),
        "unstated": list(found.unstated),
    }


def _network(network: Network) -> dict[str, Any]:
    return {"name": network.name, "digest": network.digest, "input": list(network.input.tensor)}


def _rows(shown: Difference, rows: Iterable[RowDiff], level: int) -> list[dict[str, Any]]:
    return [_row(shown, row, level) for row in rows if shown.shows(row)]


def _row(shown: Difference, row: RowDiff, level: int) -> dict[str, Any]:
    sides = (row.before, row.after)
    nodes = [side.part.node if side else None for side in sides]
    data = {
        "id": row.name,
        "path": row.path,
        "change": row.change,
        "own": row.own,
        "type": _pair(*(node.type if node else None for node in nodes)),
        "edits": _edits(row.edits),
        "input": _pair(*(list(node.input.tensor) if node else None for node in nodes)),
        "output": _pair(*(list(node.output.tensor) if node else None for node in nodes)),
        **{name: _count(*(side.counts[name] if side else None for side in sides)) for name in COUNTS},
        "receptive_field": _pair(*map(_field, sides)),
    }
    if level < shown.depth:
        data["rows"] = _rows(shown, row.parts, level + 1)
    return data


def _field(side: Side | None) -> list[int | None] | None:
    return list(side.field.size) if side else None


def _pair(before: Any, after: Any) -> dict[str, Any]:
    return {"before": before, "after": after}


def _count(before: int | None, after: int | None) -> dict[str, Any]:
    """A count with its change, and with the change in percent of what it was."""
    part = part_of(before, after)
    percent = None if part is None else round(float(100 * part), 4)
    return {**_pair(before, after), "delta": (after or 0) - (before or 0), "percent": percent}


def _edits(found: Iterable[Edit]) -> list[dict[str, Any]]:
    return [{"header": one.header, **_pair(one.before, one.after)} for one in found]


def _tensors(plan: Plan) -> dict[str, Any]:
    resized = {name: _pair(list(old), list(new)) for name, (old, new) in plan.resized.items()}
    return {"carried": _sizes(plan.carried), "resized": resized, "new": _sizes(plan.new), "dropped": _sizes(plan.dropped)}


def _sizes(tensors: Mapping[str, Size]) -> dict[str, list[int]]:
    return {name: list(size) for name, size in tensors.items()}
