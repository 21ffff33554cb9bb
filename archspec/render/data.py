"""Reports, audits and descriptions as plain data: the JSON contract, version 1 (see docs/json.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from archspec.analysis.audit import Finding, audit, node_findings
from archspec.analysis.costs import NetworkCost, NodeCost
from archspec.analysis.counters import FVCORE, counted
from archspec.analysis.fvcore import FvcoreCount
from archspec.ir.tree import Network
from archspec.ops.base import Cost

if TYPE_CHECKING:
    from archspec.render.reference.describe import Described

SCHEMA = 1


def report_data(network: Network, costs: NetworkCost, *, depth: int = 1, fvcore: FvcoreCount | None = None) -> dict[str, Any]:
    """Exact integers for one example: `params` with biases, `macs` as multiply-adds of convolutions and linears
    without bias, `activations` as output elements of convolutions and linears; sizes are channels, height, width.
    """
    with_heads = costs.total.params + costs.heads_total.params
    data: dict[str, Any] = {
        "schema": SCHEMA,
        "name": network.name,
        "digest": network.digest,
        "input": list(network.input.tensor),
        "output": list(network.output.tensor),
        "outputs": {one.name: list(one.shape.tensor) for one in network.outputs},
        "totals": {**_counts(costs.total), "depth": costs.depth, "params_with_heads": with_heads},
        "rows": [_row(row, network, depth, fvcore) for row in costs.rows],
        "heads": [
            {**_row(row, network, depth, fvcore), "from": ", ".join(head.reads), "loss_weight": head.weight}
            for row, head in zip(costs.heads, network.heads, strict=True)
        ],
        "claims": {f.key: _claim(f) for f in audit(network, costs) if f.row is None},
        "uncounted": [{"op": op, "calls": calls} for op, calls in sorted(fvcore.uncounted.items())] if fvcore else [],
    }
    if fvcore:
        data["totals"]["fvcore"] = {"flops": fvcore.flops[""], "closed": counted(costs.total, FVCORE)}
    return data


def audit_data(network: Network, findings: list[Finding]) -> dict[str, Any]:
    """The audit as plain data."""
    return {
        "schema": SCHEMA,
        "name": network.name,
        "findings": [{"row": f.row, "figure": f.key, **_claim(f)} for f in findings],
        "differs": sum(not f.agrees and not f.erratum for f in findings),
    }


def list_data(found: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Names and their lines, by kind."""
    return {"schema": SCHEMA} | {kind: [{"name": n, "about": about} for n, about in each.items()] for kind, each in found.items()}


def description_data(one: Described) -> dict[str, Any]:
    """A description as plain data."""
    return {"schema": SCHEMA, **asdict(one)}


def _counts(cost: Cost) -> dict[str, int]:
    return {"params": cost.params, "macs": cost.macs, "activations": cost.activations}


def _row(row: NodeCost, network: Network, depth: int, fvcore: FvcoreCount | None) -> dict[str, Any]:
    node = row.node
    own = node_findings(row, network.counts)
    data: dict[str, Any] = {
        "id": node.name,
        "path": node.path,
        "type": node.type,
        "output": list(node.output.tensor),
        **_counts(row.cost),
        "depth": row.depth,
        "claims": {f.key: _claim(f) for f in own},
    }
    if fvcore:
        data["fvcore"] = {"flops": fvcore.flops.get(node.path, 0), "closed": counted(row.cost, FVCORE)}
    if depth > 1:
        data["rows"] = [_row(part, network, depth - 1, fvcore) for part in row.parts]
    return data


def _claim(finding: Finding) -> dict[str, Any]:
    data = {
        "published": finding.published,
        "computed": finding.computed,
        "deviation": None if finding.deviation is None else round(finding.deviation, 6),
        "agrees": finding.agrees,
        "inherited": finding.inherited,
    }
    return {**data, "erratum": finding.erratum} if finding.erratum else data
