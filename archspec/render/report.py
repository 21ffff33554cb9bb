"""The report: a network with its costs, which of its lines and columns are shown, and in which format."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archspec.analysis.costs import NetworkCost, NodeCost
from archspec.analysis.dtypes import element_bytes
from archspec.ir.tree import Network
from archspec.language.choices import one_of
from archspec.language.diagnostics import fail
from archspec.language.names import normal
from archspec.language.places import option
from archspec.ops.base import Cost
from archspec.render.column import Column, Value
from archspec.render.columns import FVCORE_COLUMNS, known_columns
from archspec.render.lines import Line, head_lines, row_lines
from archspec.render.measured import MEASURED_COLUMNS
from archspec.render.notebook import Printed
from archspec.render.units import unit_of

if TYPE_CHECKING:
    from archspec.analysis.fvcore import FvcoreCount
    from archspec.analysis.latency import Latency
    from archspec.language.figures import Figure
    from archspec.render.page import Page


@dataclass(frozen=True, repr=False)
class Report(Printed):
    """A network with its costs; prints as the table, also in a notebook; `data()` is the JSON contract.

    `columns` are keys in the order to show them (none: those of the format), `sort` is the key of the column by which the
    rows are ordered, largest first; bytes are of `dtype`. Raises SpecError for a column or a dtype that does not exist.
    """

    network: Network
    costs: NetworkCost
    depth: int = 1
    fvcore: FvcoreCount | None = None
    columns: tuple[str, ...] = ()
    sort: str | None = None
    latency: Latency | None = None
    dtype: str = "float32"

    def __post_init__(self) -> None:
        element_bytes(self.dtype)
        for key in self.columns:
            self.column("--columns", key)
        if self.sort is not None:
            self.column("--sort", self.sort)

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """Every line in the order of the network: rows with their parts, the whole, heads."""
        rows = [line for row in self.costs.rows for line in row_lines(self, row)]
        return (*rows, self.total, *head_lines(self))

    @cached_property
    def total(self) -> Line:
        return Line(self, "total", 0)

    @cached_property
    def largest(self) -> Cost:
        """Of each figure, that of the row with the most."""
        return Cost(*map(max, zip(*(row.cost for row in self.costs.rows), strict=True)))

    @cached_property
    def types(self) -> Counter[str]:
        """How many rows have each type."""
        return Counter(row.node.type for row in self.costs.rows)

    @cached_property
    def ordered(self) -> tuple[NodeCost, ...]:
        """The rows, sorted by the column `sort`; their parts stay as they are."""
        if self.sort is None:
            return self.costs.rows
        column = self.column("--sort", self.sort)
        value = column.order or column.value
        return tuple(sorted(self.costs.rows, key=lambda row: _order(value(Line(self, "row", 1, row)))))

    @cached_property
    def rows(self) -> tuple[Line, ...]:
        """The rows in their order, with their parts below them."""
        return tuple(line for row in self.ordered for line in row_lines(self, row))

    @cached_property
    def heads(self) -> tuple[Line, ...]:
        return tuple(head_lines(self))

    @cached_property
    def known(self) -> Mapping[str, Column]:
        """The columns that it can show, by their normal keys."""
        return known_columns(self, MEASURED_COLUMNS if self.latency else ())

    def column(self, flag: str, key: str) -> Column:
        """The column of a key, however it is spelled; SpecError with those that exist otherwise."""
        if normal(key) in self.known:
            return self.known[normal(key)]
        for columns, needed in ((MEASURED_COLUMNS, "--measure"), (FVCORE_COLUMNS, "--counter fvcore")):
            if normal(key) in {normal(column.key) for column in columns}:
                raise fail("unsupported", f"`{key}` is a column of {needed}", option(flag, key), hint=f"add {needed}")
        one_of(flag, key, [column.key for column in self.known.values()])
        raise AssertionError(key)

    def shown(self, default: tuple[str, ...]) -> tuple[Column, ...]:
        """The columns that were asked for, or those of the format."""
        return tuple(self.column("--columns", key) for key in self.columns or default)

    def unit(self, key: str) -> Figure:
        """The unit of the source's figures of this kind."""
        return self._units[key]

    @cached_property
    def _units(self) -> dict[str, Figure]:
        return {key: unit_of(self, key) for key in ("params", "ops")}

    def text(self, format: str = "table") -> str:
        """The report in one of the formats: table, markdown, latex, csv, json. Raises SpecError for another."""
        return FORMATS[one_of("--format", format, FORMATS)](self)

    def data(self) -> dict[str, Any]:
        from archspec.render.data import report_data

        return report_data(self)

    def __rich__(self) -> Any:
        from archspec.render.terminal import RichPage

        return RichPage(self.page())

    def page(self) -> Page:
        """As what a verb prints."""
        from archspec.render.table import report_page

        return report_page(self)

    def plot(self, path: str | os.PathLike[str]) -> None:
        """Draws what the rows cost into a file, .png or .svg: the columns that were asked for, if they add up over the rows.

        Raises SpecError.
        """
        from archspec.render.plots import report_plot

        report_plot(self, Path(path))

    def __repr__(self) -> str:
        total = self.costs.total
        return f"<Report of {self.network.name}: {total.params:,} parameters, {total.macs:,} multiply-adds>"

    def __str__(self) -> str:
        return self.text()


def _order(value: Value) -> tuple[int, Any]:
    """Numbers from the largest down, then text from a to z, then what has no figure."""
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if isinstance(value, int | float | Fraction):
        return 0, -value
    if isinstance(value, tuple):
        return 0, -_area(value)
    return (1, value) if value is not None else (2, 0)


def _area(sides: tuple[int | Fraction | float | None, ...]) -> float:
    """The product of the sides; all of the input is more than any number."""
    area = 1.0
    for side in sides:
        area *= float("inf") if side is None else float(side)
    return area


def _table(report: Report) -> str:
    from archspec.render.page import plain

    return plain(report.page())


def _markdown(report: Report) -> str:
    from archspec.render.markdown import report_markdown

    return report_markdown(report)


def _latex(report: Report) -> str:
    from archspec.render.latex import report_latex

    return report_latex(report)


def _csv(report: Report) -> str:
    from archspec.render.csv import report_csv

    return report_csv(report)


def _json(report: Report) -> str:
    import json

    if report.columns:
        given = option("--columns", ",".join(report.columns))
        raise fail("unsupported", "the JSON has every figure and takes no --columns", given)
    return json.dumps(report.data(), indent=2, ensure_ascii=False) + "\n"


#: what `--format` may say
FORMATS: Mapping[str, Callable[[Report], str]] = {
    "table": _table,
    "markdown": _markdown,
    "latex": _latex,
    "csv": _csv,
    "json": _json,
}
