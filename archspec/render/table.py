"""The report as a page: its rows with their parts, the totals, the heads, and by which rules it was counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archspec.render.cells import cell
from archspec.render.column import Column
from archspec.render.columns import table_columns
from archspec.render.lines import Line
from archspec.render.notes import report_notes
from archspec.render.page import Grid, Header, Page, Title

if TYPE_CHECKING:
    from archspec.render.report import Report


def report_page(report: Report) -> Page:
    """The rows with their parts, the totals of what is printed, the heads, and by which rules it was counted."""
    network = report.network
    columns = report.shown(table_columns(report))
    # names of types give way in a narrow terminal, a number is never cut
    headers = tuple(Header(column.header, column.left, folds=column.style == "text") for column in columns)
    lines = (*report.rows, report.total, *report.heads)
    rows = tuple((tuple(_cell(column, line) for column in columns), _style(line)) for line in lines)
    rest = f"   input {network.input}" + (f"   {network.about}" if network.about else "")
    return Title(network.name, rest), "", Grid(headers, rows), "", *report_notes(report)


def _cell(column: Column, line: Line) -> str:
    indent = "  " * (line.level - 1) if column.style == "name" else ""
    return indent + cell(column, line)


def _style(line: Line) -> str:
    return "bold" if line.kind == "total" else "dim" if line.level > 1 else ""
