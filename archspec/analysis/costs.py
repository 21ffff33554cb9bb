"""Costs in closed form: parameters, multiply-adds and depth of every node, without torch and without weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce

from archspec.analysis.counters import facts_of
from archspec.analysis.memory import Memory, memory
from archspec.analysis.receptive_field import Field, receptive_fields
from archspec.ir.tree import Choice, Inner, Leaf, Network, Tree, flow, leaves
from archspec.language.functions import larger
from archspec.language.truths import select
from archspec.ops.base import Cost


@dataclass(frozen=True)
class NodeCost:
    """What one node costs, and its parts; each figure is computed when it is first asked for."""

    node: Tree

    @cached_property
    def cost(self) -> Cost:
        """The sum of its ops."""
        return total(self.node)

    @cached_property
    def facts(self) -> Mapping[str, int]:
        """The sum of its ops' facts, which other tools count."""
        return facts_of(leaves(self.node))

    @cached_property
    def depth(self) -> int:
        """Convolutions and linears on its longest path."""
        return longest(self.node)

    @cached_property
    def parts(self) -> tuple[NodeCost, ...]:
        return tuple(map(NodeCost, self.node.children)) if isinstance(self.node, Inner) else ()

    def to_depth(self, levels: int, level: int = 1) -> Iterator[tuple[int, NodeCost]]:
        """This node and its parts down to `levels` (1: the node alone), each with its level from 1."""
        yield level, self
        if level < levels:
            for part in self.parts:
                yield from part.to_depth(levels, level + 1)


@dataclass(frozen=True)
class NetworkCost:
    """What a network costs for one example; heads exist in training only and are summed apart."""

    network: Network

    @cached_property
    def rows(self) -> tuple[NodeCost, ...]:
        return tuple(map(NodeCost, self.network.rows))

    @cached_property
    def heads(self) -> tuple[NodeCost, ...]:
        return tuple(NodeCost(head.node) for head in self.network.heads)

    @cached_property
    def total(self) -> Cost:
        """The sum of the rows."""
        return Cost.total(row.cost for row in self.rows)

    @cached_property
    def heads_total(self) -> Cost:
        return Cost.total(head.cost for head in self.heads)

    @cached_property
    def memory(self) -> Memory:
        """The most elements of activations that are alive at once in a forward pass of one example."""
        return memory(self.network)

    @cached_property
    def facts(self) -> Mapping[str, int]:
        """The sum of the rows' facts, which other tools count."""
        return facts_of(leaves(self.network.body))

    @cached_property
    def fields(self) -> dict[str, Field]:
        """The receptive field of every node, by path."""
        return receptive_fields(self.network)

    @property
    def reads(self) -> tuple[int | None, int | None]:
        """Rows and columns of the input that one place of what the network returns reads, the most of them; None: all."""
        paths = [one.path for one in self.network.outputs] or [self.network.body.path]
        rows, columns = zip(*(self.fields[path].size for path in paths), strict=True)
        return (None if None in rows else max(rows), None if None in columns else max(columns))

    @cached_property
    def depth(self) -> int:
        """Convolutions and linears on the longest path to what the network returns."""
        depths: dict[str, int] = {}
        depth = longest(self.network.body, depths)
        return reduce(larger, [depths.get(one.path, 0) for one in self.network.outputs] or [depth])


def network_cost(network: Network) -> NetworkCost:
    """The costs of a network, in closed form."""
    return NetworkCost(network)


def total(node: Tree) -> Cost:
    """The sum of the ops of a node; of alternatives, that of the one that holds."""
    return Cost.total(_costs(node))


def _costs(node: Tree) -> Iterator[Cost]:
    if isinstance(node, Leaf):
        yield node.cost
    elif isinstance(node, Choice):
        for truth, child in zip(node.truths, node.children, strict=True):
            yield Cost(*(select(truth, figure, 0) for figure in total(child)))
    else:
        for child in node.children:
            yield from _costs(child)


def longest(node: Tree, seen: dict[str, int] | None = None) -> int:
    """Convolutions and linears on the longest path through a node; `seen` gets those to each path in it."""

    def leaf(one: Leaf, value: int) -> int:
        return value + int(one.op.layer)

    def join(joined: Inner, values: list[int]) -> int:
        if isinstance(joined, Choice):
            found = values[-1]
            for truth, value in zip(joined.truths[:-1], values[:-1], strict=True):
                found = select(truth, value, found)  # not a sum, whose bounds would double with each of many copies
            return found
        return reduce(larger, values)

    return flow(node, 0, leaf, join, {} if seen is None else seen, 0)
