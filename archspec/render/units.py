"""Figures in the unit that a source prints them in: 159.5K parameters, 128.0M operations."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from archspec.analysis.audit import figure_of
from archspec.language.figures import Counts, Figure
from archspec.render.lines import Line

if TYPE_CHECKING:
    from archspec.render.report import Report


def rounded(line: Line, key: Literal["params", "ops"]) -> str | None:
    """A line's figure by the source's rules of counting, one decimal finer than the source prints; None for none."""
    counts = line.report.network.counts
    computed = figure_of(key, line.cost, line.depth, counts)
    base = counts.params.base if key == "params" else counts.ops.base
    return line.report.unit(key).like(computed, base) if computed else None


def unit_of(report: Report, key: str) -> Figure:
    """The unit of a column: that of most of the published figures of its rows; without any K, or M above ten of them."""
    stated = [row.node.claims[key].value for row in report.costs.rows if key in row.node.claims]
    units = Counter((figure.suffix, figure.decimals) for figure in stated if isinstance(figure, Figure))
    if units:
        (suffix, decimals), _ = units.most_common(1)[0]
        return Figure("", Fraction(0), decimals, suffix)
    counts = report.network.counts
    largest = max(figure_of(key, row.cost, row.depth, counts) for row in report.costs.rows)
    base = counts.params.base if key == "params" else counts.ops.base
    return Figure("", Fraction(0), 0, "M" if largest >= 10 * base**2 else "K")


def counting(counts: Counts) -> str:
    """The source's rules of counting in a sentence."""
    biases = "with" if counts.params.bias else "without"
    return f"params: K = {counts.params.base:,}, {biases} biases. ops: {counts.ops.unit}, M = {counts.ops.base**2:,}."
