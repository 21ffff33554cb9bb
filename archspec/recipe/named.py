"""A class of torch or torchvision as a recipe writes it: a name, and its arguments by name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import PlainValidator, WithJsonSchema

from archspec.language.nodes import Map, Node, Seq, Text, is_null
from archspec.language.places import Place
from archspec.language.values import number

_FRACTION = re.compile(r"[+-]?\d{1,9}/\d{1,9}")
_BOOLS = {"true": True, "false": False}
_WANTED = "a name of torch, such as SGD, or one name with its arguments, such as {SGD: {lr: 0.01, momentum: 0.9}}"


@dataclass(frozen=True)
class Named:
    """A class by its name, and its arguments as they were written, which may hold further names; `place` is the name's."""

    name: str
    arguments: Map
    place: Place

    def __str__(self) -> str:
        return self.name


def named(node: Any) -> Named:
    """`SGD`, or `{SGD: {lr: 0.1}}`. Raises ValueError."""
    if isinstance(node, Text) and not is_null(node) and node:
        return Named(str(node), Map(node.place), node.place)
    if isinstance(node, Map) and len(node) == 1:
        ((name, arguments),) = node.items()
        place = node.key(name).place
        if isinstance(arguments, Map):
            return Named(str(name), arguments, place)
        if is_null(arguments):
            return Named(str(name), Map(place), place)
    raise ValueError(_WANTED)


def value(node: Node) -> Any:
    """What an argument's text means: numbers (also `3/4` and `8%`), true, false and null where they are not quoted;
    lists and mappings of them; all else is text. Raises ValueError for a fraction over 0.
    """
    if isinstance(node, Map):
        return {str(key): value(item) for key, item in node.items()}
    if isinstance(node, Seq):
        return [value(item) for item in node]
    if not node.plain:
        return str(node)
    if is_null(node):
        return None
    if node.lower() in _BOOLS:
        return _BOOLS[node.lower()]
    if _FRACTION.fullmatch(node):
        over, under = node.split("/")
        if not int(under):
            raise ValueError("a fraction over another number than 0")
        return int(over) / int(under)
    try:
        return number(str(node))
    except ValueError:
        return str(node)


_SCHEMA: Any = Annotated[
    Any,
    WithJsonSchema(
        {
            "description": "a class by its name, or one name with its arguments",
            "anyOf": [
                {"type": "string", "minLength": 1},
                {
                    "type": "object",
                    "minProperties": 1,
                    "maxProperties": 1,
                    "additionalProperties": {"type": ["object", "null"]},
                },
            ],
        }
    ),
]
#: as the type of a key
Name = Annotated[Named, PlainValidator(named, json_schema_input_type=_SCHEMA)]
