"""The audit: each published figure against the computed one, by the counting rules that the source states."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from archspec.analysis.costs import NetworkCost, NodeCost, network_cost
from archspec.ir.claims import agrees
from archspec.ir.tree import Claim, Network
from archspec.language.figures import Counts, Figure
from archspec.ops.base import Cost


@dataclass(frozen=True)
class Finding:
    """One published figure: `computed` in its unit, `deviation` as (computed - published) / published, None for sizes.

    `row` is None for a figure of the whole network. `inherited`: a later text changed the network that it was printed for.
    """

    row: str | None
    key: str
    published: str
    computed: str
    deviation: float | None
    agrees: bool
    inherited: bool
    erratum: str | None = None


def audit(network: Network, costs: NetworkCost | None = None) -> list[Finding]:
    """A finding for each published figure: the rows in order, then the heads, then the whole network."""
    costs = costs or network_cost(network)
    findings: list[Finding] = []
    for cost in (*costs.rows, *costs.heads):
        findings += node_findings(cost, network.counts)
    for claim in network.claims.values():
        findings.append(_finding(None, claim, costs.total, costs.depth, network.counts))
    return findings


def node_findings(cost: NodeCost, counts: Counts) -> Iterator[Finding]:
    """The findings of one row. What the body of a block states of itself is checked, but nobody published it."""
    node = cost.node
    for claim in node.claims.values():
        if isinstance(claim.value, tuple):
            fits = agrees(claim.value, node.output)
            yield Finding(node.path, claim.key, claim.text, str(node.output), None, fits, claim.inherited, claim.erratum)
        else:
            yield _finding(node.path, claim, cost.cost, cost.depth, counts)


def _params(cost: Cost, depth: int, counts: Counts) -> int:
    return cost.params if counts.params.bias else cost.params - cost.biases


def _ops(cost: Cost, depth: int, counts: Counts) -> int:
    return cost.macs * (2 if counts.ops.unit == "flops" else 1)


def _depth(cost: Cost, depth: int, counts: Counts) -> int:
    return depth


#: how each figure is computed, and whether a tolerance applies to it
_COMPUTED: dict[str, tuple[Callable[[Cost, int, Counts], int], bool]] = {
    "params": (_params, True),
    "ops": (_ops, True),
    "depth": (_depth, False),
}


def _finding(row: str | None, claim: Claim, cost: Cost, depth: int, counts: Counts) -> Finding:
    figure = claim.value
    assert isinstance(figure, Figure)
    compute, tolerant = _COMPUTED[claim.key]
    computed = compute(cost, depth, counts)
    base = counts.params.base if claim.key == "params" else counts.ops.base
    published = figure.number(base)
    deviation = (computed - published) / published if published else None
    near = tolerant and deviation is not None and abs(deviation) <= Fraction(counts.tolerance).limit_denominator(10**6)
    fits = near or figure.rounds_from(computed, base)
    shown = figure.like(computed, base)
    return Finding(
        row, claim.key, claim.text, shown, None if deviation is None else float(deviation), fits, claim.inherited, claim.erratum
    )


def figure_of(key: str, cost: Cost, depth: int, counts: Counts) -> int:
    """A figure (`params`, `ops`, `depth`) by the source's rules of counting."""
    return _COMPUTED[key][0](cost, depth, counts)
