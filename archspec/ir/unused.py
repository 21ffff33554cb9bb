"""Own blocks that no row uses: their bodies are read for types and keys, so that a mistake does not wait for its first use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from archspec.ir.cells import Reporter
from archspec.ir.columns import with_headers
from archspec.ir.rows import COMBINATORS, row_from
from archspec.ir.scope import Cell, RowNames, Rows
from archspec.ir.types import Types
from archspec.language.blocks import Block
from archspec.language.diagnostics import did_you_mean
from archspec.language.names import nearest
from archspec.language.nodes import Map, Node, Seq, Text, describe, is_null


def check_unused(blocks: Iterable[Block], types: Types, report: Reporter) -> None:
    """Reports types that do not exist, and keys that their types do not have."""
    for block in blocks:
        for node in _rows(block.body) if block.body is not None else ():
            _check(node, block, types, report)


def _rows(node: Node) -> Iterator[Text | Map]:
    """All rows of a body, those in branches included."""
    if isinstance(node, Seq):
        for item in node:
            yield from _rows(item)
        return
    yield node
    for kind in COMBINATORS:
        branches = node.get(kind) if isinstance(node, Map) else None
        for branch in branches.values() if isinstance(branches, Map) else ():
            yield from _rows(branch)


def _check(node: Text | Map, block: Block, types: Types, report: Reporter) -> None:
    if is_null(node):
        report.add("missing-key", "the row is empty", node.place, "a row has a type")
        return
    row = row_from(node)
    told = row.get("type")
    if not isinstance(told, Text) or told in COMBINATORS:
        return
    type_ = types.find(told, block)
    if type_ is None:
        if told not in types.broken:
            hint = did_you_mean(nearest(told, types.names()))
            report.add("unknown-type", f"{describe(told)} is neither an op nor a block", told.place, hint)
        return
    with_headers(type_, {key: Cell(*pair, RowNames({}, None), Rows()) for key, pair in row.cells.items()}, report)
