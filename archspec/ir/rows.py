"""A row as it is written: its structure, what it claims, and its cells, told apart by their keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import cast

from archspec.language.names import CLAIMS, HEAD_KEYS, STRUCTURE, normal
from archspec.language.nodes import Given, Map, Node, Seq, Text, is_null
from archspec.language.places import Place

#: Keys that bring rows together; as a `type` with several sources in `from` they need no branches.
COMBINATORS = ("concat", "sum", "product", "split")
_ROW_KEYS = {normal(key): key for key in (*STRUCTURE, *CLAIMS, *HEAD_KEYS)}
_INLINE = re.compile(r"(.+?)\s*\((.*)\)")


@dataclass(frozen=True)
class Row:
    """`keys` are row keys by name (structure and claims), `cells` the columns by normalised key.

    `unset` is where a change took a cell away; `repeated` are keys that stand twice under two spellings.
    """

    place: Place
    keys: dict[str, tuple[Text, Node]] = field(default_factory=dict)
    cells: dict[str, tuple[Text, Node]] = field(default_factory=dict)
    unset: dict[str, Place] = field(default_factory=dict)
    repeated: tuple[tuple[Text, Text], ...] = ()

    def get(self, key: str) -> Node | None:
        return self.keys[key][1] if key in self.keys else None

    def place_of(self, key: str) -> Place:
        return self.keys[key][1].place if key in self.keys else self.place

    def with_cell(self, key: Text, value: Node) -> Row:
        """This row with one key or cell replaced; null takes it away."""
        keys, cells, unset = dict(self.keys), dict(self.cells), dict(self.unset)
        for part, node in split_patch(key, value):
            name = normal(part)
            home, name = (keys, _ROW_KEYS[name]) if name in _ROW_KEYS else (cells, name)
            if is_null(node):
                home.pop(name, None)
                unset[name] = key.place
            else:
                home[name] = (part, node)
        return replace(self, keys=keys, cells=cells, unset=unset)

    def without(self, *names: str) -> Row:
        return replace(self, keys={key: value for key, value in self.keys.items() if key not in names})

    def only(self, *names: str) -> Row:
        """This row with no other keys than these; its cells stay."""
        return replace(self, keys={key: value for key, value in self.keys.items() if key in names})


def is_row_key(name: str) -> bool:
    return normal(name) in _ROW_KEYS


def row_from(node: Text | Map) -> Row:
    """A bare type name, or a mapping. `dropout (40%)` gives the first column (key ``""``) its value."""
    if isinstance(node, Text):
        return with_inline(Row(node.place, {"type": (node, node)}))
    if node.memo is None:
        node.memo = _row_from(node)
    return cast(Row, node.memo)


def _row_from(node: Map) -> Row:
    keys: dict[str, tuple[Text, Node]] = {}
    cells: dict[str, tuple[Text, Node]] = {}
    repeated: list[tuple[Text, Text]] = []
    for key, value in node.items():
        for part, part_value in split_patch(cast(Text, key), value):
            if not is_null(part_value):
                name = normal(part)
                home, name = (keys, _ROW_KEYS[name]) if name in _ROW_KEYS else (cells, name)
                if name in home:
                    repeated.append((part, home[name][0]))
                home[name] = (part, part_value)
    return with_inline(Row(node.place, keys, cells, repeated=tuple(repeated)))


def with_inline(row: Row) -> Row:
    """Takes the value in parentheses out of the type."""
    told = row.get("type")
    match = _INLINE.fullmatch(told) if isinstance(told, Text) else None
    if not match or not isinstance(told, Text):
        return row
    keys = {**row.keys, "type": (row.keys["type"][0], Text(match[1], told.place))}
    value = Text(match[2], told.place.shifted(match.start(2), max(1, len(match[2]))))
    return replace(row, keys=keys, cells={"": (told, value), **row.cells})


def split_patch(key: Text, value: Node) -> Iterator[tuple[Text, Node]]:
    """`patch size/stride: 3x3/2` is two columns; so is `patch: 3x3/2`."""
    whole = normal(key) not in ("patch size/stride", "patch") or isinstance(value, Given)
    if whole or not isinstance(value, Text) or value.startswith("="):
        yield key, value
        return
    patch, slash, stride = value.partition("/")
    quote = 0 if value.plain else 1
    yield Text("patch", key.place), Text(patch.strip(), value.place.shifted(quote, max(1, len(patch))), value.plain)
    if slash:
        yield Text("stride", key.place), Text(stride.strip(), value.place.shifted(quote + len(patch) + 1, max(1, len(stride))))


def named_rows(rows: Seq) -> list[tuple[str, Node]]:
    """Each row of a list with its name: its id, or its type, then `type_2`; fixed before anything is removed."""
    named: list[tuple[str, Node]] = []
    used: dict[str, int] = {}
    for node in rows:
        name = node.get("id") if isinstance(node, Map) else None
        if isinstance(name, Text) and not is_null(name):
            named.append((str(name), node))
            continue
        base = _type_name(node)
        used[base] = used.get(base, 0) + 1
        named.append((base if used[base] == 1 else f"{base}_{used[base]}", node))
    return named


def _type_name(node: Node) -> str:
    if isinstance(node, Map):
        told = node.get("type", node.get("layer"))
        kinds = [key for key in node if key in COMBINATORS]
        if not isinstance(told, Text):
            return kinds[0] if kinds else "row"
        node = told
    if not isinstance(node, Text):
        return "sequence"
    if is_null(node):
        return "row"
    match = _INLINE.fullmatch(node)
    return re.sub(r"\W+", "_", normal(match[1] if match else node.removeprefix("=")))
