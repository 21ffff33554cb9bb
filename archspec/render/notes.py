"""What stands below a report's table: the totals in words, and by which rules they were counted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from archspec.analysis.counters import FVCORE, formula
from archspec.render.columns import BYTES
from archspec.render.measured import measured_notes

if TYPE_CHECKING:
    from archspec.render.report import Report


def report_notes(report: Report) -> Iterator[str]:
    """A line for each note."""
    costs, fvcore = report.costs, report.fvcore
    total = costs.total
    yield f"{total.params:,} parameters, biases included; depth {costs.depth}"
    yield f"{total.macs:,} multiply-adds of convolutions and linears, without bias"
    if costs.heads:
        with_heads = total.params + costs.heads_total.params
        names = ", ".join(head.node.name for head in costs.heads)
        yield f"{with_heads:,} parameters with {names}, which exist in training only"
    shown = {column.key for column in report.shown(())}
    if shown & BYTES:
        memory = costs.memory if "peak_bytes" in shown else None
        yield f"bytes in {report.dtype}" + (f"; at the peak {memory.at} runs" if memory else "")
    if fvcore:
        yield "fvcore flops: " + formula(costs.facts, FVCORE)
        skipped = ", ".join(f"{op.removeprefix('aten::')} ({calls})" for op, calls in sorted(fvcore.uncounted.items()))
        yield f"fvcore has no rule for (calls): {skipped or 'none, all were counted'}"
    if report.latency:
        yield from measured_notes(report.latency)
    if report.network.outputs:
        yield f"returns {report.network.returns}"
