"""The report and the audit as tables for a terminal; plain text where the output is piped."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from fractions import Fraction

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from archspec.analysis.audit import Finding
from archspec.analysis.costs import NetworkCost, NodeCost
from archspec.analysis.counters import FVCORE, counted, formula
from archspec.analysis.fvcore import FvcoreCount
from archspec.ir.tree import Network
from archspec.ops.base import Cost


def bare_table() -> Table:
    """A table without lines between its cells."""
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")


def report_table(network: Network, costs: NetworkCost, *, depth: int = 1, fvcore: FvcoreCount | None = None) -> RenderableType:
    """The rows with their sizes, depth, parameters and multiply-adds (or fvcore's count), and the totals of what is printed."""
    title = Text.assemble(
        (network.name, "bold"),
        f"   input {network.input}",
        f"   {network.about}" if network.about else "",
        no_wrap=True,
        overflow="ellipsis",
    )
    table = bare_table()
    table.add_column("row", no_wrap=True)
    table.add_column("type", overflow="fold")  # the one that gives way in a narrow terminal
    table.add_column("output size", justify="right", no_wrap=True)
    table.add_column("depth", justify="right", no_wrap=True)
    for header in ("parameters", "%", *(("fvcore flops", "closed form") if fvcore else ("multiply-adds", "%"))):
        table.add_column(header, justify="right", no_wrap=True)
    for row in costs.rows:
        for level, part in row.to_depth(depth):
            table.add_row(*map(Text, _cells(part, costs.total, fvcore, level)), style="" if level == 1 else "dim")
    table.add_section()
    total = ("total", "", "", *_figures(costs.depth, costs.total, costs.total, fvcore))
    table.add_row(*map(Text, total), style="bold")
    for head in costs.heads:
        table.add_row(*map(Text, _cells(head, Cost(), fvcore)))  # a head has no share of the whole
    returned = [Text(f"returns {network.returns}")] if network.outputs else []
    return Group(title, Text(""), table, Text(""), *_notes(costs, fvcore), *returned)


def _cells(row: NodeCost, whole: Cost, fvcore: FvcoreCount | None, level: int = 1) -> Iterator[str]:
    node = row.node
    yield from ("  " * (level - 1) + node.name, node.type, str(node.output))
    yield from _figures(row.depth, row.cost, whole, fvcore, node.path)


def _figures(depth: int, cost: Cost, whole: Cost, fvcore: FvcoreCount | None, path: str = "") -> Iterator[str]:
    """The cells of a node, or of the whole network (path ""), with its share of the whole."""
    yield from (_number(depth), _number(cost.params), _share(cost.params, whole.params))
    if fvcore:
        theirs, ours = fvcore.flops.get(path, 0), counted(cost, FVCORE)
        yield from (_number(theirs), "equal" if theirs == ours else f"{ours:,}")
    else:
        yield from (_number(cost.macs), _share(cost.macs, whole.macs))


def _notes(costs: NetworkCost, fvcore: FvcoreCount | None) -> Iterator[Text]:
    total = costs.total
    yield Text(f"{total.params:,} parameters, biases included; depth {costs.depth}")
    yield Text(f"{total.macs:,} multiply-adds of convolutions and linears, without bias")
    if costs.heads:
        with_heads = total.params + costs.heads_total.params
        names = ", ".join(head.node.name for head in costs.heads)
        yield Text(f"{with_heads:,} parameters with {names}, which exist in training only")
    if fvcore:
        yield Text("fvcore flops: " + formula(total, FVCORE))
        skipped = ", ".join(f"{op.removeprefix('aten::')} ({calls})" for op, calls in sorted(fvcore.uncounted.items()))
        yield Text(f"fvcore has no rule for (calls): {skipped or 'none, all were counted'}")


def _number(value: int) -> str:
    return f"{value:,}" if value else "–"


def _share(part: int, whole: int) -> str:
    if not part or not whole:
        return ""
    return "100" if part == whole else f"{100 * part / whole:.1f}"


def audit_table(network: Network, findings: list[Finding]) -> RenderableType:
    """Each published figure beside the computed one, what differs marked; the rules of counting below."""
    table = bare_table()
    for header in ("row", "figure", "published", "computed", "deviation"):
        table.add_column(header, justify="left" if header in ("row", "figure") else "right", no_wrap=True, overflow="fold")
    table.add_column("", overflow="fold")  # the one that gives way in a narrow terminal
    for finding in findings:
        verdict = "agrees" if finding.agrees else "differs"
        verdict += ", inherited" if finding.inherited else ""
        verdict += f", erratum: {finding.erratum}" if finding.erratum and not finding.agrees else ""
        style = "" if finding.agrees else "yellow" if finding.inherited or finding.erratum else "bold red"
        cells = (finding.row or "(whole network)", finding.key, finding.published, finding.computed, _deviation(finding), verdict)
        table.add_row(*map(Text, cells), style=style)
    return Group(Text.assemble((network.name, "bold")), Text(""), table, Text(""), *map(Text, audit_notes(network, findings)))


def audit_notes(network: Network, findings: list[Finding]) -> Iterator[str]:
    """How many figures differ, and by which rules they were compared."""
    differs = sum(not finding.agrees and not finding.erratum for finding in findings)
    inherited = sum(finding.inherited for finding in findings)
    if not findings:
        yield "The spec states no published figures."
        return
    yield f"{differs} of {len(findings)} published figures differ" + (
        f"; {inherited} are inherited from the spec that this one changes." if inherited else "."
    )
    counts = network.counts
    biases = "with" if counts.params.bias else "without"
    yield f"params: K = {counts.params.base:,}, {biases} biases. ops: {counts.ops.unit}, M = {counts.ops.base**2:,}."
    percent = Fraction(counts.tolerance).limit_denominator(10**6) * 100
    yield f"A figure agrees if the computed one rounds to it, or is within {float(percent):g} %; depth and sizes must be equal."


def _deviation(finding: Finding) -> str:
    if finding.deviation is None:
        return ""
    text = f"{100 * finding.deviation:+.1f}"
    return ("0.0" if text in ("+0.0", "-0.0") else text) + " %"


def show(renderable: RenderableType) -> None:
    """Prints to the terminal, or as plain text of at most 100 columns if piped."""
    console = Console()
    if console.is_terminal:
        console.print(renderable, highlight=False)
    else:
        sys.stdout.write(as_text(renderable))


def as_text(renderable: RenderableType, width: int = 100) -> str:
    """The table as plain text, without spaces at the ends of lines."""
    console = Console(width=width, no_color=True, force_terminal=False)
    with console.capture() as capture:
        console.print(renderable, highlight=False)
    return "\n".join(line.rstrip() for line in capture.get().split("\n"))
