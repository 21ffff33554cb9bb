"""Nodes of a spec: plain strings, dicts and lists that remember where they stand.

Scalars stay text: a column gives them their type later, never YAML's guesses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from archspec.language.places import Place


class Text(str):
    """A scalar; `plain` if it was written without quotes, `broken` if it is wrong and that was reported."""

    __slots__ = ("broken", "place", "plain")
    place: Place
    plain: bool
    broken: bool

    def __new__(cls, value: str, place: Place, plain: bool = True) -> Text:
        self = super().__new__(cls, value)
        self.place = place
        self.plain = plain
        self.broken = False
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return (Text, (str(self), self.place, self.plain))


@dataclass
class Slot:
    """A number that a program gives a cell, an int or that of many variants: another one for each expansion."""

    value: Any = None


class Given(Text):
    """A cell whose number a program gives; its text says only that."""

    __slots__ = ("slot",)
    slot: Slot

    def __new__(cls, slot: Slot, place: Place) -> Given:
        self = cast(Given, super().__new__(cls, "an array", place))
        self.slot = slot
        return self

    @property
    def value(self) -> Any:
        return self.slot.value


class Map(dict[str, "Node"]):
    """A mapping; its keys are `Text` and so have places of their own."""

    def __init__(self, place: Place, items: Mapping[Text, Node] | None = None) -> None:
        super().__init__()
        self.place = place
        #: what a later stage made of it, so that a block's body is taken apart once and not for each use
        self.memo: Any = None
        self._keys: dict[str, Text] = {}
        for key, node in (items or {}).items():
            self[key] = node

    def __setitem__(self, key: str, node: Node) -> None:
        super().__setitem__(key, node)
        if isinstance(key, Text):
            self._keys.setdefault(key, key)

    def key(self, name: str) -> Text:
        """The key as it was written, with its place."""
        return self._keys[name]


class Seq(list["Node"]):
    """A list with a place."""

    def __init__(self, place: Place, items: list[Node] | None = None) -> None:
        super().__init__(items or [])
        self.place = place


Node: TypeAlias = Text | Map | Seq


def is_null(node: object) -> bool:
    return isinstance(node, Text) and node.plain and node in ("", "~", "null", "Null", "NULL")


def is_formula(node: object) -> bool:
    return isinstance(node, Text) and node.startswith("=")


def shown(value: Any) -> str:
    """A typed value as a table prints it: `3x3`, `0.4`, `true`, `none`."""
    if isinstance(value, tuple):
        if value and all(isinstance(part, tuple) for part in value):
            return "x".join(f"{before}:{after}" for before, after in value)  # a padding that differs from side to side
        return ("x" if all(isinstance(part, int) for part in value) else ", ").join(f"{part:g}" for part in value)
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def describe(node: object) -> str:
    """A node or a value in a message: what was found."""
    if is_null(node):
        return "nothing"
    if isinstance(node, str):
        return f"`{node if len(node) <= 60 else node[:57] + '...'}`"
    if isinstance(node, dict | list):
        kind = "mapping" if isinstance(node, dict) else "list"
        return f"a {kind}" if node else f"an empty {kind}"
    return f"`{shown(node)}`"
