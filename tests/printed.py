"""Printed reports, read back as text by other programs where there are some."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from markdown_it import MarkdownIt

import archspec as api

GITHUB = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def table(name: str, format: str, columns: str = "kind,level,row,params,macs,activations", depth: int = 1) -> list[list[str]]:
    """The cells of every line of a printed report, its head first."""
    text = api.report(name, columns=columns, depth=depth).text(format)
    return list(READERS[format](text))


def from_terminal(text: str) -> Iterator[list[str]]:
    for line in text.split("\n\n")[1].splitlines():
        if line.strip():
            yield re.split(r" {2,}", line.strip())


def from_markdown(text: str) -> Iterator[list[str]]:
    """As GitHub's dialect of CommonMark is read by another program."""
    cells: list[str] = []
    for token in GITHUB.parse(text):
        if token.type == "tr_open":
            cells = []
        elif token.type == "inline":
            cells.append("".join(child.content for child in token.children or ()))
        elif token.type == "tr_close":
            yield [*cells]


def from_latex(text: str) -> Iterator[list[str]]:
    for line in text.splitlines():
        if line.endswith(r" \\"):
            yield [cell.strip() for cell in line.removesuffix(r" \\").split(" & ")]


def from_csv(text: str) -> Iterator[list[str]]:
    yield from csv.reader(io.StringIO(text, newline=""), strict=True)


READERS = {"table": from_terminal, "markdown": from_markdown, "latex": from_latex, "csv": from_csv}
