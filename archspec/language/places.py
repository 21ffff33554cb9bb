"""Where a piece of text came from: a source and a position in it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, eq=False)
class Source:
    """A text that can be wrong: a spec, a library block, or a command-line option."""

    name: str
    text: str

    def line(self, number: int) -> str:
        """The text of line `number` (from 1); empty past the end."""
        lines = self.text.splitlines()
        return lines[number - 1] if 0 < number <= len(lines) else ""


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a source: line and column count from 1, `width` characters are meant."""

    source: Source
    line: int = 1
    column: int = 1
    width: int = 1

    def __str__(self) -> str:
        return f"{self.source.name}:{self.line}:{self.column}"

    def shifted(self, offset: int, width: int = 1) -> Place:
        """The place `offset` characters further on the same line."""
        return Place(self.source, self.line, self.column + offset, width)


def option(name: str, text: str) -> Place:
    """The place of a command-line option: its whole value."""
    return Place(Source(name, text), 1, 1, max(1, len(text)))
