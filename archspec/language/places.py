"""Where a piece of text came from: a source and a position in it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

#: what YAML takes for the end of a line
_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


@dataclass(frozen=True, eq=False)
class Source:
    """A text that can be wrong: a spec, a block of the library (which the user did not write), or a command-line option."""

    name: str
    text: str = field(repr=False)
    library: bool = False

    @cached_property
    def lines(self) -> list[str]:
        return _BREAK.split(self.text)

    def line(self, number: int) -> str:
        """The text of line `number` (from 1); empty past the end."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""

    def at(self, offset: int, width: int = 1) -> Place:
        """The place of the character at `offset`."""
        lines = _BREAK.split(self.text[:offset])
        return Place(self, len(lines), len(lines[-1]) + 1, width)


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

    def within(self, value: str, offset: int, width: int = 1) -> Place:
        """The place of character `offset` of a scalar that starts here: quotes, folded lines and indents are passed over."""
        wanted = sum(not character.isspace() for character in value[:offset])
        line, column = self.line, self.column - 1
        text = self.source.line(line)
        if text[column : column + 1] in ("|", ">"):  # a block scalar starts on the next line
            line, column = line + 1, 0
        elif text[column : column + 1] in ("'", '"'):
            column += 1
        while line <= len(self.source.lines):
            text = self.source.line(line)
            for at in range(column, len(text)):
                if not text[at].isspace():
                    if not wanted:
                        return Place(self.source, line, at + 1, width)
                    wanted -= 1
            line, column = line + 1, 0
        return self


def option(name: str, text: str) -> Place:
    """The place of a command-line option: its whole value."""
    return Place(Source(name, text), 1, 1, max(1, len(text)))
