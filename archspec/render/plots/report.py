"""The rows of a report as bars."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from archspec.language.diagnostics import fail
from archspec.language.places import option
from archspec.render.lines import Line
from archspec.render.plots.labels import label
from archspec.render.plots.rows import Panel, rows_plot

if TYPE_CHECKING:
    from archspec.render.report import Report

#: costs that one picture shows
MOST = 3


def report_plot(report: Report, path: Path) -> None:
    """What each row costs, in the report's order: parameters and multiply-adds, or those of the report's columns that add up
    over the rows. Raises SpecError.
    """
    columns = [column for column in report.shown(("params", "macs")) if column.sums and column.style == "number"]
    if not 1 <= len(columns) <= MOST:
        sums = ", ".join(column.key for column in report.known.values() if column.sums and column.style == "number")
        message = f"a plot shows 1 to {MOST} columns that add up over the rows, found {len(columns)}"
        raise fail("unsupported", message, option("--columns", ",".join(report.columns)), hint=f"there is: {sums}")
    lines = [Line(report, "row", 1, row) for row in report.ordered]
    panels = [Panel(label(column), [[_number(column.value(line)) for line in lines]]) for column in columns]
    rows_plot(path, [line.name for line in lines], [report.network.name], panels)


def _number(value: object) -> int | float:
    return value if isinstance(value, int | float) else 0
