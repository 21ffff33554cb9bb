"""Reasons: why a published figure is not what comes out, in one text for all the figures beside it or in one for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated

from pydantic import PlainValidator

from archspec.language.diagnostics import did_you_mean
from archspec.language.names import nearest, normal
from archspec.language.nodes import Map, Node, Text, is_null
from archspec.language.places import Place
from archspec.language.values import Word, text


def reason(value: object) -> str | dict[str, str]:
    """Reads a text, or a mapping from figure to text; raises ValueError."""
    if isinstance(value, str):
        return text(value)
    if not isinstance(value, Mapping) or not all(isinstance(told, str) for told in value.values()):
        raise ValueError("a text, or a mapping from figure to text")
    return {key: text(told) for key, told in value.items()}


Reason = Annotated[
    str | dict[str, str] | None,
    PlainValidator(lambda value: None if is_null(value) else reason(value), json_schema_input_type=Word | dict[str, Word]),
]


def told(node: Node, figures: Iterable[str]) -> Iterator[tuple[str, Text]]:
    """Each of the figures that a reason explains, with its text; the node is one that `reason` takes."""
    if isinstance(node, Text):
        yield from () if is_null(node) else ((key, node) for key in figures)
    elif isinstance(node, Map):
        known = {normal(key): key for key in figures}
        yield from ((known[normal(key)], one) for key, one in node.items() if normal(key) in known and isinstance(one, Text))


def unstated(name: str, node: Node, figures: Iterable[str]) -> Iterator[tuple[str, Place, str | None]]:
    """What is wrong with a reason that explains figures which are not there: message, place and hint."""
    if isinstance(node, Map):
        for key in node:
            if normal(key) not in map(normal, figures):
                hint = did_you_mean(nearest(key, figures))
                yield f"`{name}` explains `{key}`, which is not stated here", node.key(key).place, hint
