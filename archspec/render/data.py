"""Reports, audits and descriptions as plain data: the JSON contract, version 1 (see docs/json.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from archspec.analysis.audit import Finding, audit, node_findings
from archspec.analysis.counters import FVCORE, counted
from archspec.ir.tree import Network
from archspec.render.column import Value
from archspec.render.columns import COLUMNS
from archspec.render.lines import Line
from archspec.render.measured import settings_data, times_data

if TYPE_CHECKING:
    from archspec.render.reference.describe import Described
    from archspec.render.report import Report

SCHEMA = 1


def report_data(report: Report) -> dict[str, Any]:
    """Exact integers for one example: `params` with biases, `macs` as multiply-adds of convolutions and linears
    without bias, `activations` as output elements of convolutions and linears; sizes are channels, height, width.
    """
    network, costs, fvcore = report.network, report.costs, report.fvcore
    with_heads = costs.total.params + costs.heads_total.params
    return {
        "schema": SCHEMA,
        "name": network.name,
        "digest": network.digest,
        "dtype": report.dtype,
        "input": list(network.input.tensor),
        "output": list(network.output.tensor),
        "outputs": {one.name: list(one.shape.tensor) for one in network.outputs},
        "totals": {**_figures(report.total), "params_with_heads": with_heads},
        "rows": [_row(Line(report, "row", 1, row)) for row in report.ordered],
        "heads": [
            {**_row(Line(report, "head", 1, part)), "from": ", ".join(head.reads), "loss_weight": head.weight}
            for part, head in zip(costs.heads, network.heads, strict=True)
        ],
        "claims": {f.key: _claim(f) for f in audit(network, costs) if f.row is None and not f.source},
        "uncounted": [{"op": op, "calls": calls} for op, calls in sorted(fvcore.uncounted.items())] if fvcore else [],
        **({"measurement": settings_data(report.latency)} if report.latency else {}),
    }


def audit_data(network: Network, findings: list[Finding]) -> dict[str, Any]:
    """The audit as plain data."""
    return {
        "schema": SCHEMA,
        "name": network.name,
        "findings": [{"row": f.row, "figure": f.key, **_claim(f)} for f in findings],
        "differs": sum(f.differs for f in findings),
    }


def list_data(found: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Names and their lines, by kind."""
    return {"schema": SCHEMA} | {kind: [{"name": n, "about": about} for n, about in each.items()] for kind, each in found.items()}


def description_data(one: Described) -> dict[str, Any]:
    """A description as plain data."""
    return {"schema": SCHEMA, **asdict(one)}


def _figures(line: Line) -> dict[str, Any]:
    """The figures of a node, or of the whole network, by the keys of their columns."""
    figures = {column.key: _plain(column.value(line)) for column in COLUMNS if column.json}
    if fvcore := line.report.fvcore:
        figures["fvcore"] = {"flops": fvcore.flops.get(line.path, 0), "closed": counted(line.facts, FVCORE)}
    if (latency := line.report.latency) and line.kind != "head" and (times := latency.times(line.path)):
        figures["measured"] = times_data(times, latency.rate(line.path, line.cost))
    return figures


def _plain(value: Value) -> Any:
    """Sizes as lists, fractions of a pixel as numbers."""
    if isinstance(value, tuple):
        return [_plain(side) if isinstance(side, int) or side is None else float(side) for side in value]
    return value


def _row(line: Line) -> dict[str, Any]:
    assert line.part is not None
    node = line.part.node
    data: dict[str, Any] = {
        "id": node.name,
        "path": node.path,
        "type": node.type,
        "output": list(node.output.tensor),
        **_figures(line),
        "claims": {f.key: _claim(f) for f in node_findings(line.part, line.report.costs)},
    }
    if line.level < line.report.depth:
        data["rows"] = [_row(replace(line, level=line.level + 1, part=part)) for part in line.part.parts]
    return data


def _claim(finding: Finding) -> dict[str, Any]:
    data = {
        "published": finding.published,
        "computed": finding.computed,
        "deviation": None if finding.deviation is None else round(finding.deviation, 6),
        "agrees": finding.agrees,
        "inherited": finding.inherited,
    }
    reasons = {"erratum": finding.erratum, "why": finding.why, "source": finding.source}
    return data | {name: told for name, told in reasons.items() if told}
