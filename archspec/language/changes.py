"""Changes to a spec: one path grammar for `rows:` of an `extends`, for `--set`, and for sweeps.

`inception_*.b5x5.conv.patch` addresses the column `patch` of every row that matches; a column
goes by its identifier or its header, and `*` never crosses a dot.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from archspec.language.diagnostics import Problems, SpecError, did_you_mean, fail
from archspec.language.names import CLAIMS, PLACES, STRUCTURE, nearest, normal
from archspec.language.nodes import Given, Map, Node, Slot, Text, is_null
from archspec.language.places import Place, Source
from archspec.language.reader import read
from archspec.language.scaling import SCALE_KEYS


@dataclass(frozen=True, eq=False)
class Change:
    """A new value for a row, or for a cell of it: null drops the row or unsets the cell. `head`: a new id becomes a head."""

    path: tuple[str, ...]
    value: Node
    place: Place
    head: bool = False

    @cached_property
    def words(self) -> tuple[re.Pattern[str], ...]:
        return patterns(self.path)

    def meets(self, path: tuple[str, ...]) -> bool:
        """Whether the first words of this change's path match the node at `path`."""
        return len(self.path) >= len(path) and all(mine.match(word) for mine, word in zip(self.words, path, strict=False))

    def inside(self, path: tuple[str, ...]) -> bool:
        """Whether it addresses something inside of the node at `path`."""
        return len(self.path) > len(path) and self.meets(path)

    @cached_property
    def literal(self) -> bool:
        return not any("*" in word for word in self.path)


def patterns(path: Iterable[str]) -> tuple[re.Pattern[str], ...]:
    """A path's words as patterns, `*` for any characters; fnmatch makes them linear in time."""
    return tuple(re.compile(fnmatch.translate(word.replace("[", "[[]").replace("?", "[?]"))) for word in path)


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
_SECTIONS = {"vars": 1, "defaults": 2, "input": 0, "init": 0, "scale": 1}


#: keys of a row whose value is no number, or one that the source only claims
_NO_NUMBER = {normal(key) for key in (*STRUCTURE, *CLAIMS) if key != "repeat"}


def option_documents(flag: str, items: Iterable[str | tuple[str, Slot]], problems: Problems) -> list[Map]:
    """`--set path=value` as documents, one each, as if a spec had extended the named one; a path may get a slot."""
    documents = []
    for item in items:
        try:
            documents.append(_option(Source(flag, item)) if isinstance(item, str) else _given(flag, *item))
        except SpecError as error:
            for diagnostic in error.diagnostics:
                problems.include(diagnostic)
    return documents


def _option(source: Source) -> Map:
    return _document(*option_value(source, "--set inception_3a.n5x5=64"))


def option_value(source: Source, example: str) -> tuple[tuple[str, ...], Node, Place]:
    """The words of the path of `path=value`, the value, and the place of the path. Raises SpecError."""
    item = source.text
    path, equals, text = item.partition("=")
    if not equals or not path.strip() or not text.strip():
        hint = f"for example {example}"
        raise fail("bad-change", f"`{item}` is not path=value", Place(source, width=max(1, len(item))), hint=hint)
    place = Place(source, width=len(path))
    words = split_path(path, place)
    nodes = read(source, skip=len(path) + 1)
    if not nodes or (is_null(nodes[0]) and nodes[0] == ""):
        raise fail(
            "bad-change", "the value is empty: # starts a comment", Place(source, column=len(path) + 2), hint="quote the value"
        )
    return words, nodes[0], place


def _given(flag: str, path: str, slot: Slot) -> Map:
    source = Source(flag, f"{path}=array")
    place = Place(source, width=max(1, len(path)))
    words = split_path(path, place)
    if words[0] not in _SECTIONS and normal(words[-1]) in _NO_NUMBER:
        raise fail("bad-change", f"`{words[-1]}` is nothing that a network computes with, and takes no array", place)
    return _document(words, Given(slot, source.at(len(path) + 1, len("array"))), place)


def _document(words: tuple[str, ...], value: Node, place: Place) -> Map:
    section = words[0]
    if section not in _SECTIONS or (section == "scale" and words[1:] not in [(key,) for key in SCALE_KEYS]):  # or a row's id
        if section in ("rows", "heads") and len(words) > 1:
            words = words[1:]
        elif section in PLACES:
            raise fail("bad-change", f"`{section}` cannot be changed by a path", place, hint="write a spec that extends this one")
        return nested(("rows", ".".join(words)), value, place)
    if len(words) != _SECTIONS[section] + 1:
        shape = ".".join([section, "name", "column"][: _SECTIONS[section] + 1])
        raise fail("bad-change", f"a change of `{section}` has the form {shape}", place)
    return nested(words, value, place)


def nested(words: tuple[str, ...], value: Node, place: Place) -> Map:
    """A mapping in a mapping for each word of a path, at the end of which the value stands."""
    for word in reversed(words):
        value = Map(place, {Text(word, place): value})
    assert isinstance(value, Map)
    return value


def unmatched(change: Change, known: Iterable[str], problems: Problems, *, search: bool) -> None:
    """The diagnostic for a change that met nothing; `search` for the nearest path, which takes time."""
    code, message, place, hint = unmatched_path(Text(".".join(change.path), change.place), known if search else None)
    if isinstance(change.value, Map) and len(change.path) == 1 and change.literal:
        hint = hint or "a new row needs a type"
    problems.add(code, message, place, hint=hint)


def unmatched_path(path: Text, known: Iterable[str] | None) -> tuple[str, str, Place, str | None]:
    """Code, message, place and hint for a path that meets nothing; the nearest of those that are `known`, if they are."""
    hint = None
    if known is not None:
        known = list(known)
        exact = next((one for one in known if one.partition(".")[2] == path and one.partition(".")[0] in _SECTIONS), None)
        if exact is None:  # one as deep is likelier, and only so many are compared
            exact = nearest(path, [one for one in known if one.count(".") == path.count(".")]) or nearest(path, known)
        hint = did_you_mean(exact)
    return "unknown-path", f"`{path}` is neither a row nor a column of a row", path.place, hint
