r"""The report as a LaTeX table, laid out as Table 1 of GoogLeNet's paper; needs `\usepackage{booktabs}`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from archspec.language.names import normal
from archspec.render.cells import cell
from archspec.render.column import Column, Value
from archspec.render.columns import cell_columns
from archspec.render.lines import Line
from archspec.render.units import counting

if TYPE_CHECKING:
    from archspec.render.report import Report

#: a column of the spec's own stands in the table if this share of the rows has a cell in it
_OFTEN = 1 / 4

_SPECIAL = {sign: "\\" + sign for sign in "{}$&#_%"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "–": "--",
    "×": r"$\times$",
}
_CHARACTER = re.compile("[" + re.escape("".join(_SPECIAL)) + "]")


def report_latex(report: Report) -> str:
    """A `tabular` with the rows, the whole network and the heads, each part between rules."""
    columns = report.shown(layout(report))
    groups = [report.rows, (report.total,), report.heads]
    body = [["  " + _line(_cells(columns, line)) for line in group] for group in groups if group]
    text = [f"% {note}" for note in _comments(report)]
    text += [f"\\begin{{tabular}}{{@{{}}{''.join(map(_side, columns))}@{{}}}}", r"  \toprule"]
    text += ["  " + _line(map(_header, columns)), r"  \midrule"]
    for index, lines in enumerate(body):
        text += [r"  \midrule"] * (index > 0) + lines
    return "\n".join([*text, r"  \bottomrule", r"\end{tabular}"]) + "\n"


def layout(report: Report) -> tuple[str, ...]:
    """The columns of the paper's table: the type, the patch, the sizes, what else the rows write often, the costs."""
    nodes = [row.node for row in report.costs.rows]
    own = [column.key for column in cell_columns(nodes)]
    patch = [key for key in own if normal(key).startswith("patch")]
    often = [key for key in own if key not in patch and sum(key in node.cells for node in nodes) >= _OFTEN * len(nodes)]
    costs = ("fvcore_flops", "closed_form") if report.fvcore else ("rounded_params", "rounded_ops")
    return ("layer", *patch, "output", "depth", *often, *costs)


def _comments(report: Report) -> Iterator[str]:
    network = report.network
    yield " ".join(f"{network.name}, input {network.input}. {counting(network.counts)}".split())
    yield r"needs \usepackage{booktabs}"


def _line(cells: Iterator[str]) -> str:
    return " & ".join(cells) + r" \\"


def _side(column: Column) -> str:
    return "l" if column.left else "r"


def _header(column: Column) -> str:
    """A head of two words or more stands in two lines."""
    first, between, last = re.fullmatch(r"(?:(.+)([ /]))?(.*)", column.header).groups()  # type: ignore[union-attr]
    if not first:
        return escaped(last)
    return rf"\shortstack[{_side(column)}]{{{escaped(first + between.strip())}\\{escaped(last)}}}"


def _cells(columns: Sequence[Column], line: Line) -> Iterator[str]:
    for column in columns:
        indent = r"\quad " * (line.level - 1) if column.style == "name" else ""
        yield indent + (_bar(column.value(line)) if column.style == "bar" else escaped(cell(column, line, zero="0")))


def _bar(share: Value) -> str:
    """A share of the largest as a rule, three times the size of the letters at most."""
    return rf"\rule{{{float(3 * share):.2f}em}}{{1.2ex}}" if isinstance(share, Fraction) else ""


def escaped(text: str) -> str:
    """Text that prints as it is, with a times sign in sizes."""
    shown = _CHARACTER.sub(lambda found: _SPECIAL[found[0]], " ".join(text.split()))
    return re.sub(r"(?<=\d)x(?=\d)", r"$\\times$", shown)
