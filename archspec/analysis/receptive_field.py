"""The receptive field: how much of the input each place of a map reads, and how far apart neighbouring places read."""

from __future__ import annotations

from functools import reduce
from typing import NamedTuple

from archspec.ir.tree import INPUT, Inner, Leaf, Network, flow
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


def receptive_fields(network: Network) -> dict[str, Field]:
    """The receptive field of every node, heads included, by path."""
    fields: dict[str, Field] = {INPUT: Field()}
    flow(network.body, Field(), _through, _joined, fields)
    for head in network.heads:
        flow(head.node, fields[head.reads[0]], _through, _joined, fields)
    return fields


def _through(leaf: Leaf, field: Field) -> Field:
    rows, columns = leaf.op.reach(leaf.input, leaf.output)
    return Field(field.rows.then(rows), field.columns.then(columns))


def _joined(node: Inner, fields: list[Field]) -> Field:
    return reduce(lambda one, other: Field(one.rows.beside(other.rows), one.columns.beside(other.columns)), fields)
