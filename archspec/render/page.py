"""What a verb prints, before it is laid out: lines and tables; and their layout as plain text, for what is no terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from textwrap import wrap
from typing import TypeAlias

from archspec.render.cells import ASCII


@dataclass(frozen=True)
class Title:
    """The first line: a name, and what is cut off where the line is too narrow."""

    name: str
    rest: str = ""


@dataclass(frozen=True)
class Header:
    """The head of a column; its cells begin at the left, or end at the right. `folds`: it gives way where there is no room."""

    text: str
    left: bool = False
    folds: bool = False


@dataclass(frozen=True)
class Grid:
    """A table without lines between its cells: cells and a style (`bold`, `dim`, a colour) for each row."""

    headers: tuple[Header, ...]
    rows: tuple[tuple[tuple[str, ...], str], ...]

    @property
    def lines(self) -> list[tuple[str, ...]]:
        """The headers, and the cells of every row."""
        return [tuple(header.text for header in self.headers), *(cells for cells, _ in self.rows)]

    def widths(self, room: int) -> list[int]:
        """Of each column: its widest text; where there is no room, less in those that fold, but not less than a word."""
        columns = list(zip(self.headers, zip(*self.lines, strict=True), strict=True))
        widths = [max(map(len, texts)) for _, texts in columns]
        words = [max(len(word) for text in texts for word in text.split() or [""]) for _, texts in columns]
        least = [word if header.folds else size for header, word, size in zip(self.headers, words, widths, strict=True)]
        over = sum(widths) + GAP * (len(widths) - 1) - room
        while over > 0 and widths != least:  # the column with the most room gives way
            spare = [size - needed for size, needed in zip(widths, least, strict=True)]
            widths[spare.index(max(spare))] -= 1
            over -= 1
        return widths


Page: TypeAlias = tuple[Title | Grid | str, ...]
#: spaces between columns
GAP = 2


def plain(page: Page, width: int = 100) -> str:
    """A page as text of at most this width, wider only where a word would be cut; no spaces at the ends of lines."""
    lines: list[str] = []
    for part in page:
        if isinstance(part, Title):
            text = part.name + part.rest
            lines.append(text if len(text) <= width else text[: width - 1] + "…")
        elif isinstance(part, Grid):
            lines += _laid_out(part, width)
        else:
            lines += _wrapped(part, width)
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _laid_out(grid: Grid, width: int) -> Iterator[str]:
    widths = grid.widths(width)
    for cells in grid.lines:
        columns = list(zip(grid.headers, widths, cells, strict=True))
        folded = [_wrapped(text, size) if header.folds else [text] for header, size, text in columns]
        for texts in zip_longest(*folded, fillvalue=""):
            aligned = zip(texts, columns, strict=True)
            yield (" " * GAP).join(text.ljust(size) if header.left else text.rjust(size) for text, (header, size, _) in aligned)


def _wrapped(text: str, width: int) -> list[str]:
    return wrap(text, max(width, 1), break_on_hyphens=False) or [""]


def show(page: Page) -> None:
    """Prints a page: to a terminal in its width and with styles, else as plain text."""
    if sys.stdout.isatty() or "FORCE_COLOR" in os.environ:
        from archspec.render.terminal import RichPage, show_rich

        show_rich(RichPage(page))
    else:
        write_plain(plain(page))


def write_plain(text: str) -> None:
    """Writes text; in ASCII where the stream cannot take the characters of bars and dashes."""
    sys.stdout.write(text if encodes(sys.stdout.encoding) else text.translate(ASCII).encode("ascii", "replace").decode())


def encodes(encoding: str | None) -> bool:
    """Whether a stream of this encoding (None: it keeps text as it is) can take the characters of bars and dashes."""
    try:
        "".join(map(chr, ASCII)).encode(encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
