"""Two networks side by side: their rows matched by name, what is written differently, and what becomes of the tensors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, get_args

from archspec.analysis.costs import NetworkCost, NodeCost, network_cost
from archspec.analysis.receptive_field import Field
from archspec.analysis.state import state_sizes, unstated
from archspec.design.edited import Edit, edits, edits_of_head, edits_of_network
from archspec.design.order import merged, moved
from archspec.design.plan import Plan, plan
from archspec.ir.tree import Network

#: the figures of a node that are exact counts, by their names in `Cost`
COUNTS = ("params", "macs", "activations")

Change = Literal["added", "dropped", "changed", "same"]
CHANGES: tuple[str, ...] = get_args(Change)


@dataclass(frozen=True)
class Side:
    """A node in one of the two networks: its costs and its receptive field."""

    part: NodeCost
    field: Field

    @cached_property
    def counts(self) -> dict[str, int]:
        """Its figures, by their names in `Cost`."""
        return {name: getattr(self.part.cost, name) for name in COUNTS}

    @property
    def figures(self) -> tuple[object, ...]:
        """All that is told of it beside its cells."""
        return self.part.node.input, self.part.node.output, self.counts, self.field.size


@dataclass(frozen=True)
class RowDiff:
    """A row of either network or both, or a part of one. `edits` are its own cells that differ; `parts` what it holds."""

    path: str
    before: Side | None
    after: Side | None
    edits: tuple[Edit, ...]
    parts: tuple[RowDiff, ...]

    @property
    def name(self) -> str:
        return self.path.rpartition(".")[2]

    @property
    def side(self) -> Side:
        """The node as it is after, or as it was."""
        side = self.after or self.before
        assert side is not None
        return side

    @cached_property
    def change(self) -> Change:
        """What became of it. `changed` is also what only reads something else, or more of the input."""
        if self.before is None or self.after is None:
            return "added" if self.before is None else "dropped"
        return "changed" if self.own or self.before.figures != self.after.figures else "same"

    @cached_property
    def own(self) -> bool:
        """Whether it is itself another, in a cell or in a part, and not only fed by others that are."""
        if self.before is None or self.after is None:
            return True
        return bool(self.edits) or any(part.own for part in self.parts)

    @property
    def retyped(self) -> bool:
        """Whether it is of another type, so that its parts have little in common."""
        return any(one.header in ("type", "combinator") for one in self.edits)

    def to_depth(self, levels: int, level: int = 1) -> Iterator[tuple[int, RowDiff]]:
        """This row and its parts down to `levels` (1: the row alone), each with its level from 1."""
        yield level, self
        if level < levels:
            for part in self.parts:
                yield from part.to_depth(levels, level + 1)


@dataclass(frozen=True)
class Diff:
    """What changes from the network `before` to the network `after`. `edits` are those of the whole network."""

    before: Network
    after: Network
    edits: tuple[Edit, ...]
    rows: tuple[RowDiff, ...]
    heads: tuple[RowDiff, ...]
    #: figures of the whole network by name, before and after; heads are in `params_with_heads` alone
    totals: Mapping[str, tuple[int, int]]
    #: rows x columns of the input that one place of what the network returns reads; None: all
    reads: tuple[tuple[int | None, int | None], tuple[int | None, int | None]]
    tensors: Plan
    #: paths of ops, in either network, that do not say their tensors: the plan lacks these
    unstated: tuple[str, ...]

    @property
    def equal(self) -> bool:
        """Whether they are the same network, whatever their specs are called and claim."""
        return not self.edits and self.tensors.complete and all(row.change == "same" for row in (*self.rows, *self.heads))


def diff(before: Network, after: Network) -> Diff:
    """What changes from one network to another: rows and their parts are the same if they have the same path."""
    one, other = network_cost(before), network_cost(after)
    return Diff(
        before,
        after,
        edits=edits_of_network(before, after),
        rows=_rows(one.rows, other.rows, one, other),
        heads=_heads(one, other),
        totals={name: (old, new) for (name, old), new in zip(_totals(one).items(), _totals(other).values(), strict=True)},
        reads=(one.reads, other.reads),
        tensors=plan(state_sizes(before), state_sizes(after)),
        unstated=tuple(dict.fromkeys((*unstated(before), *unstated(after)))),
    )


def _totals(costs: NetworkCost) -> dict[str, int]:
    counts = {name: getattr(costs.total, name) for name in COUNTS}
    return {**counts, "depth": costs.depth, "params_with_heads": costs.total.params + costs.heads_total.params}


def _heads(one: NetworkCost, other: NetworkCost) -> tuple[RowDiff, ...]:
    olds, news = ({head.node.path: head for head in costs.network.heads} for costs in (one, other))
    return tuple(
        replace(row, edits=(*row.edits, *edits_of_head(olds.get(row.path), news.get(row.path))))
        for row in _rows(one.heads, other.heads, one, other)
    )


def _rows(before: Sequence[NodeCost], after: Sequence[NodeCost], one: NetworkCost, other: NetworkCost) -> tuple[RowDiff, ...]:
    """Rows, or the parts of a node, of both networks, matched by path."""
    olds, news = ({part.node.path: part for part in parts} for parts in (before, after))
    elsewhere, behind = moved([*olds], [*news]), (_behind(before), _behind(after))
    found = []
    for path in merged([*olds], [*news]):
        old, new = olds.get(path), news.get(path)
        places = (behind[0][path], behind[1][path]) if path in elsewhere else (None, None)
        row = RowDiff(
            path,
            before=Side(old, one.fields[path]) if old else None,
            after=Side(new, other.fields[path]) if new else None,
            edits=edits(old.node, new.node, places) if old and new else (),
            parts=_rows(old.parts if old else (), new.parts if new else (), one, other),
        )
        found.append(row)
    return tuple(found)


def _behind(parts: Sequence[NodeCost]) -> dict[str, str]:
    """By path of a node, the name of what stands before it in its list."""
    names = ["(first)", *(part.node.name for part in parts)]
    return {part.node.path: name for part, name in zip(parts, names, strict=False)}
