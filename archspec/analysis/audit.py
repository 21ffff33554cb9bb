"""The audit: each published figure against the computed one, by the counting rules that the source states."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from archspec.analysis.costs import NetworkCost, NodeCost, network_cost
from archspec.ir.claims import agrees
from archspec.ir.tree import Claim, Network
from archspec.language.figures import Counts, Figure
from archspec.ops.base import Cost, Shape


@dataclass(frozen=True)
class Finding:
    """One published figure: `computed` in its unit, `deviation` as (computed - published) / published, None for sizes.

    `row` is None for a figure of the whole network. `inherited`: a later text changed the network that it was printed for.
    `erratum` (the source is wrong) and `why` (any other reason) are why the figure is not what comes out.
    """

    row: str | None
    key: str
    published: str
    computed: str
    deviation: float | None
    agrees: bool
    inherited: bool
    erratum: str | None = None
    why: str | None = None
    #: a further source that states it, in place of the spec's own
    source: str | None = None

    @property
    def figure(self) -> str:
        """Which figure it is, and whose."""
        return f"{self.key} ({self.source})" if self.source else self.key

    @property
    def differs(self) -> bool:
        """Whether it counts as a difference: an erratum does not."""
        return not self.agrees and not self.erratum


#: what is computed as text, the deviation, and whether it agrees
_Compared = tuple[str, float | None, bool]


@dataclass(frozen=True)
class _Computed:
    """What a row, or the network, has of the figures; `trained` is its cost with the heads."""

    cost: Cost
    trained: Cost
    depth: int
    output: Shape
    #: what is read of the input along each side, None: all; asked for only where a source states it
    field: Callable[[], tuple[int | None, int | None]]
    input: Shape
    counts: Counts

    def finding(self, row: str | None, claim: Claim, source: str | None = None) -> Finding:
        """The published figure beside the computed one."""
        computed, deviation, fits = _COMPARED.get(claim.key, _counted)(self, claim)
        told = (claim.inherited, claim.erratum, claim.why, source)
        return Finding(row, claim.key, claim.text, computed, deviation, fits, *told)


def audit(network: Network, costs: NetworkCost | None = None) -> list[Finding]:
    """A finding for each published figure: the rows in order, then the heads, then the whole network; then further sources."""
    costs = costs or network_cost(network)
    findings: list[Finding] = []
    for cost in (*costs.rows, *costs.heads):
        findings += node_findings(cost, costs)
    whole = _whole(costs, network.counts)
    findings += [whole.finding(None, claim) for claim in network.claims.values()]
    rows = {row.node.path: row for row in costs.rows}
    for other in network.elsewhere:
        for path, claims in other.rows.items():
            one = _node(rows[path], costs, other.source.counts)
            findings += [one.finding(path, claim, other.name) for claim in claims.values()]
        whole = _whole(costs, other.source.counts)
        findings += [whole.finding(None, claim, other.name) for claim in other.claims.values()]
    return findings


def node_findings(cost: NodeCost, whole: NetworkCost) -> Iterator[Finding]:
    """The findings of one row. What the body of a block states of itself is checked, but nobody published it."""
    node, network = cost.node, whole.network
    if node.claims:
        own = _node(cost, whole, network.counts)
        yield from (own.finding(node.path, claim) for claim in node.claims.values())


def _node(cost: NodeCost, whole: NetworkCost, counts: Counts) -> _Computed:
    node = cost.node

    def reads() -> tuple[int | None, int | None]:
        return whole.fields[node.path].size

    return _Computed(cost.cost, cost.cost, cost.depth, node.output, reads, whole.network.input, counts)


def _whole(costs: NetworkCost, counts: Counts) -> _Computed:
    network, trained = costs.network, costs.total + costs.heads_total
    return _Computed(costs.total, trained, costs.depth, network.output, lambda: costs.reads, network.input, counts)


def figure_of(key: str, cost: Cost, depth: int, counts: Counts) -> int:
    """A counted figure (`params`, `ops`, `activations`, `depth`) by the source's rules of counting."""
    return _COUNTED[key](cost, depth, counts)


def _params(cost: Cost, depth: int, counts: Counts) -> int:
    return cost.params if counts.params.bias else cost.params - cost.biases


def _ops(cost: Cost, depth: int, counts: Counts) -> int:
    return cost.macs * (2 if counts.ops.unit == "flops" else 1)


def _activations(cost: Cost, depth: int, counts: Counts) -> int:
    return cost.activations


def _depth(cost: Cost, depth: int, counts: Counts) -> int:
    return depth


_COUNTED: dict[str, Callable[[Cost, int, Counts], int]] = {
    "params": _params,
    "params with heads": _params,
    "ops": _ops,
    "activations": _activations,
    "depth": _depth,
}


def _counted(one: _Computed, claim: Claim) -> _Compared:
    """A count agrees if it rounds to what is printed, or lies within the tolerance; a depth has none."""
    figure, counts = claim.value, one.counts
    assert isinstance(figure, Figure)
    computed = figure_of(claim.key, one.trained if claim.key == "params with heads" else one.cost, one.depth, counts)
    base = counts.params.base if claim.key.startswith("params") else counts.ops.base
    published = figure.number(base)
    deviation = (computed - published) / published if published else None
    tolerance = Fraction(0 if claim.key == "depth" else counts.tolerance).limit_denominator(10**6)
    near = deviation is not None and abs(deviation) <= tolerance
    shown = figure.like(computed, base)
    return shown, None if deviation is None else float(deviation), near or figure.rounds_from(computed, base)


def _output_size(one: _Computed, claim: Claim) -> _Compared:
    assert isinstance(claim.value, tuple)
    return str(one.output), None, agrees(claim.value, one.output)


def _receptive_field(one: _Computed, claim: Claim) -> _Compared:
    """A side that is read whole, or would be read beyond its ends, is also rightly said to be read as far as it goes."""
    assert isinstance(claim.value, tuple)
    shown = []
    for stated, read, side in zip(claim.value, one.field(), one.input[1:3], strict=True):
        whole = read is None or read >= side
        shown.append(side if read is None or (whole and stated == side) else read)
    return "x".join(map(str, shown)), None, tuple(shown) == claim.value


#: how the figures are compared that are no counts
_COMPARED: dict[str, Callable[[_Computed, Claim], _Compared]] = {"output size": _output_size, "receptive field": _receptive_field}
