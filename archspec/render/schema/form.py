"""What all parts of the schema are written with: references, keys, patterns of names, and pydantic's schemas made tidy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from archspec.language.names import identifier

Json = dict[str, Any]

NULL: Json = {"type": "null"}


def ref(name: str, **beside: Any) -> Json:
    """What stands under this name in `$defs`, with more beside it."""
    return {"$ref": f"#/$defs/{name}", **beside}


def keyed(held: Mapping[str, Any]) -> Json:
    """Keys with what they hold; one with underscores for spaces means the same, and is not proposed."""
    others = {f"^{identifier(key)}$": schema for key, schema in held.items() if identifier(key) != key}
    return {"properties": dict(held), **({"patternProperties": others} if others else {})}


def spelled(name: str) -> str:
    """A pattern for a type's name with spaces or underscores."""
    return escaped(name).replace(" ", "[ _]")


def escaped(text: str) -> str:
    """A text as a pattern; unlike `re.escape`, as JavaScript takes it too."""
    return re.sub(r"([.^$*+?{}()|\[\]\\/])", r"\\\1", text)


def model(annotation: Any) -> Json:
    """What pydantic says of a type, without titles that repeat a key, and without the null that stands for a key left out."""
    tidy: Json = _tidy(TypeAdapter(annotation).json_schema(by_alias=True))
    return tidy


def _tidy(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_tidy(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept: Json = {}
    for key, value in schema.items():
        if key in ("properties", "$defs"):
            kept[key] = {name: _tidy(part) for name, part in value.items()}
        elif key == "default":
            kept |= {} if value in (None, "", [], {}) or isinstance(value, dict) else {key: value}
        elif key != "title" and (key, value) != ("additionalProperties", True):
            kept[key] = _tidy(value)
    options = [option for option in kept.get("anyOf", ()) if option != NULL]
    if len(options) == 1:
        del kept["anyOf"]
        kept = {**options[0], **kept}
    return kept
