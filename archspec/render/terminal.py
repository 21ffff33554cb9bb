"""The report and the audit as tables for a terminal; plain text where the output is piped."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from archspec.analysis.audit import Finding
from archspec.ir.tree import Network
from archspec.language.figures import Counts
from archspec.render.cells import ASCII, cell
from archspec.render.columns import Column, table_columns
from archspec.render.lines import Line
from archspec.render.notes import report_notes
from archspec.render.units import counting

if TYPE_CHECKING:
    from archspec.render.report import Report

#: in place of a row, for figures of the network
WHOLE = "(whole network)"


def bare_table() -> Table:
    """A table without lines between its cells."""
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")


def report_table(report: Report) -> RenderableType:
    """The rows with their parts, the totals of what is printed, the heads, and by which rules it was counted."""
    network = report.network
    title = Text.assemble(
        (network.name, "bold"),
        f"   input {network.input}",
        f"   {network.about}" if network.about else "",
        no_wrap=True,
        overflow="ellipsis",
    )
    table = bare_table()
    columns = report.shown(table_columns(report))
    lines = (*report.rows, report.total, *report.heads)
    rows = [[*_cells(columns, line)] for line in lines]
    for column, below in zip(columns, zip(*rows, strict=True), strict=True):
        # names of types give way in a narrow terminal, a number is never cut
        least = 0 if column.style == "text" else max(len(column.header), *map(len, below))
        table.add_column(
            column.header, justify="left" if column.left else "right", no_wrap=least > 0, overflow="fold", min_width=least
        )
    for line, cells in zip(lines, rows, strict=True):
        if line.kind == "total":
            table.add_section()
        table.add_row(*cells, style="bold" if line.kind == "total" else "dim" if line.level > 1 else "")
    return Group(title, Text(""), table, Text(""), *map(Text, report_notes(report)))


def _cells(columns: Iterable[Column], line: Line) -> Iterator[Text]:
    for column in columns:
        indent = "  " * (line.level - 1) if column.style == "name" else ""
        yield Text(indent + cell(column, line))


def audit_table(network: Network, findings: list[Finding]) -> RenderableType:
    """Each published figure beside the computed one, what differs marked; the rules of counting below."""
    table = bare_table()
    for header in ("row", "figure", "published", "computed", "deviation"):
        table.add_column(header, justify="left" if header in ("row", "figure") else "right", no_wrap=True, overflow="fold")
    table.add_column("", overflow="fold")  # the one that gives way in a narrow terminal
    for finding in findings:
        verdict = "agrees" if finding.agrees else "differs"
        verdict += ", inherited" if finding.inherited else ""
        verdict += ", erratum" if finding.erratum and not finding.agrees else ""
        style = "" if finding.agrees else "yellow" if finding.inherited or finding.erratum else "bold red"
        cells = (finding.row or WHOLE, finding.figure, finding.published, finding.computed, deviation(finding), verdict)
        table.add_row(*map(Text, cells), style=style)
    told = [*map(Text, _reasons(findings))]
    notes = map(Text, audit_notes(network, findings))
    return Group(Text.assemble((network.name, "bold")), Text(""), table, Text(""), *told, *([Text("")] if told else []), *notes)


def _reasons(findings: list[Finding]) -> Iterator[str]:
    """Why figures are not what comes out, each reason once."""
    told: dict[str, dict[str, list[str]]] = {}
    for one in findings:
        for reason in (f"erratum: {one.erratum}" if one.erratum else None, one.why):
            if reason and not one.agrees:
                told.setdefault(reason, {}).setdefault(one.row or WHOLE, []).append(one.figure)
    for reason, rows in told.items():
        yield ", ".join(f"{row} {' and '.join(keys)}" for row, keys in rows.items()) + f": {reason}"


def audit_notes(network: Network, findings: list[Finding]) -> Iterator[str]:
    """How many figures differ, and by which rules they were compared."""
    differs = sum(finding.differs for finding in findings)
    inherited = sum(finding.inherited for finding in findings)
    if not findings:
        yield "The spec states no published figures."
        return
    yield f"{differs} of {len(findings)} published figures differ" + (
        f"; {inherited} are inherited from the spec that this one changes." if inherited else "."
    )
    yield counting(network.counts)
    near = _percent(network.counts)
    yield f"A figure agrees if the computed one rounds to it, or is within {near}; depth and sizes must be equal."
    for other in (one for one in network.elsewhere if "counts" in one.source.model_fields_set):
        yield f"{other.name}: {counting(other.source.counts)} Within {_percent(other.source.counts)}."


def _percent(counts: Counts) -> str:
    return f"{float(Fraction(counts.tolerance).limit_denominator(10**6) * 100):g} %"


def deviation(finding: Finding) -> str:
    """In per cent of the published figure; nothing for sizes, and where 0 is published."""
    if finding.deviation is None:
        return ""
    text = f"{100 * finding.deviation:+.1f}"
    return ("0.0" if text in ("+0.0", "-0.0") else text) + " %"


def show(renderable: RenderableType) -> None:
    """Prints to the terminal, or as plain text of at most 100 columns if piped; wider only where a cell would be cut off."""
    console = Console()
    if console.is_terminal and encodes(console.encoding):
        console.print(renderable, highlight=False, width=_width(console, renderable), crop=False)
    else:
        text = as_text(renderable, console.width if console.is_terminal else 100)
        sys.stdout.write(text if encodes(sys.stdout.encoding) else text.translate(ASCII).encode("ascii", "replace").decode())


def _width(console: Console, renderable: RenderableType) -> int:
    """The width of the stream, or what a table needs at least."""
    parts = renderable.renderables if isinstance(renderable, Group) else [renderable]
    return max(console.width, *(console.measure(part).minimum for part in parts if isinstance(part, Table)), 0)


def encodes(encoding: str | None) -> bool:
    """Whether a stream of this encoding (None: it keeps text as it is) can take the characters of bars and dashes."""
    try:
        "".join(map(chr, ASCII)).encode(encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def as_text(renderable: RenderableType, width: int = 100) -> str:
    """The table as plain text, without spaces at the ends of lines."""
    console = Console(width=width, no_color=True, force_terminal=False)
    with console.capture() as capture:
        console.print(renderable, highlight=False, width=_width(console, renderable), crop=False)
    return "\n".join(line.rstrip() for line in capture.get().split("\n"))
