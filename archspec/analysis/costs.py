"""Costs in closed form: parameters, multiply-adds and depth of every node, without torch and without weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from archspec.ir.tree import Inner, Leaf, Network, Tree, flow
from archspec.ops.base import Cost


@dataclass(frozen=True)
class NodeCost:
    """What one node costs, and its parts. `depth` counts convolutions and linears on its longest path."""

    node: Tree
    cost: Cost
    depth: int
    parts: tuple[NodeCost, ...] = ()

    def to_depth(self, levels: int, level: int = 1) -> Iterator[tuple[int, NodeCost]]:
        """This node and its parts down to `levels` (1: the node alone), each with its level from 1."""
        yield level, self
        if level < levels:
            for part in self.parts:
                yield from part.to_depth(levels, level + 1)


@dataclass(frozen=True)
class NetworkCost:
    """The rows' costs and their sum; heads exist in training only and are summed apart."""

    rows: tuple[NodeCost, ...]
    heads: tuple[NodeCost, ...]
    total: Cost
    heads_total: Cost
    depth: int


def node_cost(node: Tree) -> NodeCost:
    """The cost of a node and of everything in it."""
    if isinstance(node, Leaf):
        return NodeCost(node, node.op.cost(node.input), int(node.op.layer))
    parts = tuple(map(node_cost, node.children))
    return NodeCost(node, sum((part.cost for part in parts), Cost()), longest(node), parts)


def network_cost(network: Network) -> NetworkCost:
    """The cost of a network for one example: the sum of its rows."""
    rows = tuple(map(node_cost, network.rows))
    heads = tuple(node_cost(head.node) for head in network.heads)
    total, heads_total = (sum((one.cost for one in some), Cost()) for some in (rows, heads))
    depths: dict[str, int] = {}
    depth = longest(network.body, depths)
    if network.outputs:
        depth = max(depths.get(one.path, 0) for one in network.outputs)
    return NetworkCost(rows, heads, total, heads_total, depth)


def longest(node: Tree, seen: dict[str, int] | None = None) -> int:
    """Convolutions and linears on the longest path through a node; `seen` gets those to each path in it."""

    def leaf(one: Leaf, value: int) -> int:
        return value + int(one.op.layer)

    def join(_: Inner, values: list[int]) -> int:
        return max(values)

    return flow(node, 0, leaf, join, {} if seen is None else seen, 0)
