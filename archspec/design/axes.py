"""Axes of a sweep: the cells that move together, and the values that they take.

`inception_*.n1x1=*0.5:*1.5:*0.25` is one axis of five values; all cells that its pattern matches move together, each by
the factor of what it has. `blocks.inception=@naive,@inception` gives the rows of a type another one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from archspec.design.cells import UNKNOWN, Cells
from archspec.design.ranges import Kind, Listed, Value, listed, spelled
from archspec.language.blocks import library_block
from archspec.language.changes import split_path
from archspec.language.diagnostics import did_you_mean, fail
from archspec.language.names import nearest, normal
from archspec.language.nodes import Node, Seq, Text, describe, is_null
from archspec.language.places import Place, Source


@dataclass(frozen=True)
class Axis:
    """Cells that move together. `name` is their path as it was written, with its patterns; `values` are what is listed,
    the factors if there are `factors`; `cells` are those of the plain network.

    `given` has what each path gets at each step: one path with patterns for all cells, or, by factors, each cell its own.
    `switches`: it changes types, which drops the columns that the new type lacks. `late`: the plain network has no such
    cells, which come with values of other axes.
    """

    name: str
    values: tuple[Value, ...]
    cells: tuple[str, ...]
    given: Mapping[str, tuple[Value, ...]]
    kind: Kind
    text: str
    place: Place = field(repr=False)
    factors: bool = False
    switches: bool = False
    late: bool = False

    def __len__(self) -> int:
        return len(self.values)

    def at(self, step: int) -> dict[str, Value]:
        """The value of each path at a step."""
        return {path: values[step] for path, values in self.given.items()}


@dataclass(frozen=True)
class Told:
    """An axis as it is written: an option, or an entry of a file. `each`: an axis for each cell."""

    path: Text
    values: tuple[Text, ...]
    each: bool = False

    @property
    def text(self) -> str:
        """The whole as an option says it."""
        return f"{self.path}={','.join(self.values)}"


def told_option(flag: str, text: str, each: bool = False) -> Told:
    """`--vary path=values`. Raises SpecError."""
    source = Source(flag, text)
    path, equals, values = text.partition("=")
    if not equals or not path.strip() or not values.strip():
        hint = f"for example {flag} inception_3a.n5x5=16:96:16"
        raise fail("bad-change", f"`{text}` is not path=values", Place(source, width=max(1, len(text))), hint=hint)
    lead = len(path) - len(path.lstrip())
    place = Place(source, 1, 1 + lead, len(path.strip()))
    return Told(Text(path.strip(), place), (Text(values, Place(source, 1, len(path) + 2, len(values))),), each)


def told_entry(path: Text, node: Node, each: bool = False) -> Told:
    """An entry of `vary` or `each` of a design space. Raises SpecError."""
    nodes = node if isinstance(node, Seq) else [node]
    texts = tuple(one for one in nodes if isinstance(one, Text) and not is_null(one))
    if not texts or len(texts) < len(nodes):
        wrong = next((one for one in nodes if one not in texts), node)
        message = f"an axis holds a range or a list of values, found {describe(wrong)}"
        raise fail("bad-value", message, wrong.place, hint="for example 16:96:16, or [0.5, 1, 2]; null and a mapping are quoted")
    return Told(path, texts, each)


def axes(told: Told, cells: Cells) -> list[Axis]:
    """The axis that was told of, or one for each of its cells. Raises SpecError, `unknown-path` if it meets nothing."""
    words = split_path(told.path, told.path.place)
    if words[0] in ("rows", "heads") and len(words) > 1:
        words = words[1:]
    if words[0] == "blocks":
        return _types(told, words, cells)
    path = Text(".".join(words), told.path.place)
    found = cells.find(path)
    if not found:
        raise cells.unknown(path)
    values = listed(told.values)
    if not told.each:
        column = found[0].rpartition(".")[2]  # by its id, whatever header was written
        return [_axis(".".join([*words[:-1], words[-1] if "*" in words[-1] else column]), found, values, cells, told)]
    return [_axis(one, [one], values, cells, told) for one in found]


def _axis(name: str, found: Sequence[str], values: Listed, cells: Cells, told: Told) -> Axis:
    own = {path: cells.value(path) for path in found} if values.factors else {}
    given = {path: _multiplied(path, value, values.values, told) for path, value in own.items()} or {name: values.values}
    kind = values.kind
    if own:
        kind = "int" if all(isinstance(one, int) for each in given.values() for one in each) else "float"
    text = told.text if not told.each else f"{name}={','.join(told.values)}"
    switches = normal(name.rpartition(".")[2]) == "type"
    return Axis(name, values.values, tuple(found), given, kind, text, told.path.place, values.factors, switches)


def _multiplied(path: str, value: object, factors: Sequence[Value], told: Told) -> tuple[Value, ...]:
    """A whole number stays one: halves go up, and at least 1 is left."""
    if isinstance(value, tuple) and value and all(side == value[0] for side in value):
        value = value[0]
    if isinstance(value, bool) or not isinstance(value, int | float):
        found = "what it holds cannot be told" if value is UNKNOWN or value is None else f"it holds {describe(value)}"
        place = told.values[0].place
        raise fail("bad-value", f"a factor needs a number in `{path}`: {found}", place, hint="list the values themselves")
    exact = [Fraction(str(factor)) * Fraction(str(value)) for factor in factors]
    if isinstance(value, int):
        return tuple(max(1, math.floor(one + Fraction(1, 2))) for one in exact)
    return tuple(float(one) for one in exact)


def _types(told: Told, words: Sequence[str], cells: Cells) -> list[Axis]:
    """`blocks.NAME`: the rows of the type NAME get another type. `@naive` is the library's block naive, or naive NAME."""
    if len(words) != 2:
        hint = "for example blocks.inception=@naive,@inception"
        raise fail("bad-change", "a choice of blocks has the form blocks.name", told.path.place, hint=hint)
    name = normal(words[1])
    found = cells.of_type(name)
    if not found:
        known = cells.types_of_rows()
        hint = did_you_mean(nearest(name, known)) or f"the types are {', '.join(known)}"
        raise fail("unknown-path", f"no row has the type `{words[1]}`", told.path.place, hint=hint)
    values = listed(told.values)
    if values.factors or values.kind != "word":
        raise fail("bad-value", "a choice of blocks lists types", told.values[0].place, hint="for example @naive,@inception")
    types = tuple(_type(str(value), name, cells, told) for value in values.values)
    if told.each:
        return [_switch(path, [path], types, told, f"{path}.type={','.join(types)}") for path in found]
    return [_switch(".".join(words), found, types, told, told.text)]


def _switch(name: str, rows: Sequence[str], types: tuple[str, ...], told: Told, text: str) -> Axis:
    """Copies are met by a pattern: there may be more of them in a variant."""
    copied = (".".join("*" if word.isdigit() else word for word in row.split(".")) for row in rows)
    given = {f"{path}.type": types for path in dict.fromkeys(copied)}
    cells = tuple(f"{row}.type" for row in rows)
    return Axis(name, types, cells, given, "word", text, told.path.place, switches=True)


def _type(word: str, name: str, cells: Cells, told: Told) -> str:
    library = word.startswith("@")
    word = word.removeprefix("@").strip("'\" ")
    for one in (normal(word), f"{normal(word)} {name}"):
        if library_block(one) is not None and library:
            if cells.types.redefines(one):
                message = f"the spec redefines `{one}`: its rows mean the spec's own block"
                raise fail("unsupported", message, _place(told, word), hint="rename the spec's own block")
            return one
        if not library and cells.types.find(one) is not None:
            return one
    known = [one for one in cells.types.names() if library_block(one) or not library]
    what = "a block of the library" if library else "an op or a block"
    raise fail("unknown-type", f"`{word}` is not {what}", _place(told, word), hint=did_you_mean(nearest(word, known)))


def _place(told: Told, word: str) -> Place:
    for text in told.values:
        if word in text:
            return text.place.within(text, text.index(word), max(1, len(word)))
    return told.values[0].place


def spelled_changes(changes: Mapping[str, Value]) -> list[str]:
    """Changes as `--set` takes them."""
    return [f"{path}={spelled(value)}" for path, value in changes.items()]
