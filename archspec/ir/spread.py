"""Ops that depend on how many of their kind the whole network has: known only once the tree is there."""

from __future__ import annotations

from collections import Counter

from archspec.ir.tree import Inner, Tree, leaves


def spread(body: Inner) -> Inner:
    """The tree with every op that spreads in its place among those of its kind, in the order of the rows."""
    counts = Counter(leaf.op.name for leaf in leaves(body) if leaf.op.spreads)
    met: Counter[str] = Counter()
    return body.but(children=tuple(_placed(child, counts, met) for child in body.children)) if counts else body


def _placed(node: Tree, counts: Counter[str], met: Counter[str]) -> Tree:
    if isinstance(node, Inner):
        return node.but(children=tuple(_placed(child, counts, met) for child in node.children))
    if not node.op.spreads:
        return node
    name = node.op.name
    op = node.op.placed(met[name], counts[name])
    met[name] += 1
    return node.but(op=op, columns={**node.columns, **op.model_dump()})
