"""A difference as a result: prints as tables, and is plain data."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from archspec.design.diff import Diff, RowDiff
from archspec.language.choices import one_of
from archspec.language.diagnostics import fail
from archspec.language.places import option
from archspec.render.notebook import Printed
from archspec.render.page import Page, plain


@dataclass(frozen=True, repr=False)
class Difference(Printed):
    """What changes from one network to another; prints as tables, also in a notebook; `data()` is the JSON contract.

    `changes` made the second network, if they did. `depth` is that of the parts that are shown (1: the rows), `all` shows
    also those that stay the same. Raises SpecError.
    """

    diff: Diff
    changes: tuple[str, ...] = ()
    depth: int = 1
    all: bool = False

    def __post_init__(self) -> None:
        if self.depth < 1:
            raise fail("unsupported", "depth is at least 1: the rows", option("depth", str(self.depth)))

    @property
    def equal(self) -> bool:
        """Whether they are the same network."""
        return self.diff.equal

    @cached_property
    def lines(self) -> tuple[tuple[int, RowDiff], ...]:
        """The rows to show with their levels, parts below their row, heads last."""
        rows = (line for row in (*self.diff.rows, *self.diff.heads) for line in row.to_depth(self.depth))
        return tuple((level, row) for level, row in rows if self.shows(row))

    def shows(self, row: RowDiff) -> bool:
        return self.all or row.change != "same"

    def text(self, format: str = "table") -> str:
        """In one of the formats: table, markdown, json. Raises SpecError for another."""
        return FORMATS[one_of("--format", format, FORMATS)](self)

    def data(self) -> dict[str, Any]:
        from archspec.render.diff.data import diff_data

        return diff_data(self)

    def page(self) -> Page:
        """As what a verb prints."""
        from archspec.render.diff.page import diff_page

        return diff_page(self)

    def plot(self, path: str | os.PathLike[str]) -> bool:
        """Draws what the rows that are shown cost in both, into a .png or .svg; whether there are any. Raises SpecError."""
        from archspec.render.plots import diff_plot

        return diff_plot(self, Path(path))

    def __rich__(self) -> Any:
        from archspec.render.terminal import RichPage

        return RichPage(self.page())

    def __str__(self) -> str:
        return plain(self.page())

    def __repr__(self) -> str:
        changed = sum(row.change != "same" for row in (*self.diff.rows, *self.diff.heads))
        return f"<Difference of {self.diff.before.name} and {self.diff.after.name}: {changed} rows>"


def _markdown(shown: Difference) -> str:
    from archspec.render.markdown import page_markdown

    return page_markdown(shown.page())


def _json(shown: Difference) -> str:
    import json

    return json.dumps(shown.data(), indent=2, ensure_ascii=False) + "\n"


#: what `--format` may say
FORMATS: Mapping[str, Callable[[Difference], str]] = {"table": str, "markdown": _markdown, "json": _json}
