"""Changes to a spec: one path grammar for `rows:` of an `extends`, for `--set`, and for sweeps.

`inception_*.b5x5.conv.patch` addresses the column `patch` of every row that matches; a column
goes by its identifier or its header, and `*` never crosses a dot.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from archspec.language.diagnostics import Problems, did_you_mean, fail
from archspec.language.names import nearest
from archspec.language.nodes import Map, Node, Text
from archspec.language.places import Place, Source
from archspec.language.reader import read


@dataclass(frozen=True, eq=False)
class Change:
    """A new value for a row, or for a cell of it: null drops the row or unsets the cell. `head`: a new id becomes a head."""

    path: tuple[str, ...]
    value: Node
    place: Place
    head: bool = False

    def meets(self, path: tuple[str, ...]) -> bool:
        """Whether the first words of this change's path match the node at `path`."""
        return len(self.path) >= len(path) and all(
            _word(mine).fullmatch(word) for mine, word in zip(self.path, path, strict=False)
        )

    @property
    def literal(self) -> bool:
        return "*" not in self.path[-1]


@lru_cache(1024)
def _word(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pattern.split("*"))))


def split_path(text: str, place: Place) -> tuple[str, ...]:
    """The words of a path; SpecError if one is empty."""
    words = tuple(word.strip() for word in text.split("."))
    if not all(words):
        raise fail("bad-change", f"`{text}` is not a path such as inception_3a.n5x5", place)
    return words


def row_changes(rows: Map, *, head: bool = False) -> list[Change]:
    """The changes that the `rows:` (or `heads:`) of an extending spec name."""
    changes = []
    for key, value in rows.items():
        place = rows.key(key).place
        changes.append(Change(split_path(key, place), value, place, head))
    return changes


#: Sections of a spec that a change may address, with the number of words of its path after the section's name.
_SECTIONS = {"vars": 1, "defaults": 2, "input": 0, "init": 0}


def option_document(option: str, items: Iterable[str]) -> list[Map]:
    """`--set path=value` as documents, one each, as if a spec had extended the named one."""
    problems = Problems()
    documents = []
    for item in items:
        source = Source(option, item)
        whole = Place(source, 1, 1, max(1, len(item)))
        path, equals, text = item.partition("=")
        if not equals or not path.strip() or not text.strip():
            problems.add("bad-change", f"`{item}` is not path=value", whole, hint="for example --set inception_3a.n5x5=64")
            continue
        place = Place(source, 1, 1, len(path))
        nodes = read(source, skip=len(path) + 1)
        value = nodes[0] if nodes else Text("", whole)
        documents.append(_document(split_path(path, place), value, place))
    problems.check()
    return documents


def _document(words: tuple[str, ...], value: Node, place: Place) -> Map:
    section = words[0]
    if section not in _SECTIONS:
        if section in ("rows", "heads") and len(words) > 1:
            words = words[1:]
        elif section in ("name", "extends", "source", "claims", "blocks", "rows", "heads"):
            raise fail("bad-change", f"`{section}` cannot be changed by a path", place, hint="write a spec that extends this one")
        return _nested(("rows", ".".join(words)), value, place)
    if len(words) != _SECTIONS[section] + 1:
        shape = ".".join([section, "name", "column"][: _SECTIONS[section] + 1])
        raise fail("bad-change", f"a change of `{section}` has the form {shape}", place)
    return _nested(words, value, place)


def _nested(words: tuple[str, ...], value: Node, place: Place) -> Map:
    for word in reversed(words):
        value = Map(place, {Text(word, place): value})
    assert isinstance(value, Map)
    return value


def unmatched(change: Change, known: Iterable[str], problems: Problems) -> None:
    """The diagnostic for a change that met nothing."""
    path = ".".join(change.path)
    hint = did_you_mean(nearest(path, known))
    if isinstance(change.value, Map) and len(change.path) == 1 and change.literal:
        hint = hint or "a new row needs a type"
    problems.add("unknown-path", f"`{path}` is neither a row nor a column of a row", change.place, hint=hint)
