"""The report, or any page, with its tables in Markdown (GitHub's), for a README or a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from archspec.render.cells import cell
from archspec.render.column import Column
from archspec.render.columns import table_columns
from archspec.render.lines import Line
from archspec.render.notes import report_notes
from archspec.render.page import Grid, Header, Page, Title

if TYPE_CHECKING:
    from archspec.render.report import Report

#: what Markdown, or HTML in it, would read as markup; an underscore between letters is none
_MARKUP = re.compile(r"[\\`*\[\]<>|~$&]|(?<![^\W_])_|_(?![^\W_])")


def report_markdown(report: Report) -> str:
    """A title, the rows with their parts, the totals in bold, the heads, and the notes as a list."""
    network = report.network
    columns = report.shown(tuple(key for key in table_columns(report) if not key.endswith("_bar")))
    about = f", {escaped(network.about)}" if network.about else ""
    title = f"**{escaped(network.name)}**, input {network.input}{about}"
    rows = [[escaped(column.header) for column in columns]]
    rows += [list(_cells(columns, line)) for line in report.rows]
    rows += [[text and f"**{text}**" for text in _cells(columns, report.total)]]
    rows += [list(_cells(columns, line)) for line in report.heads]
    notes = [f"- {escaped(note)}" for note in report_notes(report)]
    return "\n".join([title, "", *_table(columns, rows), "", *notes]) + "\n"


def page_markdown(page: Page) -> str:
    """A page whose title is bold, with its tables, and its lines as lists."""
    lines: list[str] = []
    for part in page:
        if isinstance(part, Title):
            lines.append(f"**{escaped(part.name)}** {escaped(part.rest)}".rstrip())
        elif isinstance(part, Grid):
            rows = [[_indented(text) for text in cells] for cells in part.lines]
            lines += _table(part.headers, rows)
        else:
            lines.append(f"- {escaped(part)}" if part else "")
    return "\n".join(lines) + "\n"


def _indented(text: str) -> str:
    return "&emsp;" * ((len(text) - len(text.lstrip(" "))) // 2) + escaped(text)


def escaped(text: str) -> str:
    """Text that shows as it is, in one line."""
    return _MARKUP.sub(lambda found: "\\" + found[0], " ".join(text.split()))


def _cells(columns: Sequence[Column], line: Line) -> Iterator[str]:
    for column in columns:
        indent = "&emsp;" * (line.level - 1) if column.style == "name" else ""
        yield indent + escaped(cell(column, line))


def _table(columns: Sequence[Column | Header], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The head, a rule that aligns the columns, and the rows; padded, so that the text is a table too."""
    widths = [max(3, *map(len, below)) for below in zip(*rows, strict=True)]
    rule = ["-" * width if column.left else "-" * (width - 1) + ":" for column, width in zip(columns, widths, strict=True)]
    for row in (rows[0], rule, *rows[1:]):
        padded = (
            text.ljust(width) if column.left else text.rjust(width)
            for column, text, width in zip(columns, row, widths, strict=True)
        )
        yield f"| {' | '.join(padded)} |"
