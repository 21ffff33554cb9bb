"""The receptive field: how much of the input each place of a map reads, and how far apart neighbouring places read."""

from __future__ import annotations

from functools import reduce
from typing import NamedTuple

from archspec.ir.tree import INPUT, Inner, Leaf, Network, flow
from archspec.ops.base import Shape
from archspec.ops.reach import Number, Reach


class Field(NamedTuple):
    """The receptive field of a node in places of the input, height x width, as if the input had no borders."""

    rows: Reach = Reach()
    columns: Reach = Reach()

    @property
    def size(self) -> tuple[int | None, int | None]:
        """Rows and columns of the input that one place reads at most; None, or more than the input has: all of it."""
        return self.rows.size, self.columns.size

    @property
    def stride(self) -> tuple[Number, Number]:
        """Input rows and columns between the reads of neighbouring places; below 1 after an enlargement."""
        rows, columns = (int(side.step) if side.step == int(side.step) else side.step for side in self)
        return rows, columns


class _At(NamedTuple):
    """A field, and the size of the map whose places have it."""

    field: Field
    shape: Shape


def receptive_fields(network: Network) -> dict[str, Field]:
    """The receptive field of every node, heads included, by path."""
    start = _At(Field(), network.input)
    found: dict[str, _At] = {INPUT: start}
    flow(network.body, start, _through, _joined, found)
    for head in network.heads:
        flow(head.node, found[head.reads[0]], _through, _joined, found)
    return {path: at.field for path, at in found.items()}


def _through(leaf: Leaf, at: _At) -> _At:
    rows, columns = leaf.op.reach(leaf.input, leaf.output)
    return _At(Field(at.field.rows.then(rows), at.field.columns.then(columns)), leaf.output)


def _joined(node: Inner, values: list[_At]) -> _At:
    out = node.output
    rows = [_spread(at.field.rows, at.shape.height, out.height) for at in values]
    columns = [_spread(at.field.columns, at.shape.width, out.width) for at in values]
    row = reduce(lambda one, other: one.beside(other, out.height), rows)
    column = reduce(lambda one, other: one.beside(other, out.width), columns)
    return _At(Field(row, column), out)


def _spread(side: Reach, places: int, wanted: int) -> Reach:
    """What one place (of a squeezed branch) reads, all places of the others read."""
    return side if places == wanted else Reach.everything(side.step)
