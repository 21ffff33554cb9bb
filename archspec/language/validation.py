"""Nodes against a pydantic model: every pydantic error becomes a diagnostic with a place, and the sound rest goes on."""

from __future__ import annotations

import re
import typing
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ValidationError

from archspec.language.diagnostics import Problems, did_you_mean
from archspec.language.names import nearest
from archspec.language.nodes import Map, Node, describe

Model = TypeVar("Model", bound=BaseModel)

_EXPECTED = {
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "list_type": "a list",
    "tuple_type": "a list",
    "string_type": "text",
}


def validated(model: type[Model], node: Node, problems: Problems) -> Model | None:
    """The node as an instance of `model`; every pydantic error becomes a diagnostic at its own place.

    The parts of a mapping that are wrong are left out, so that the rest can still be looked at; None if nothing is left.
    """
    try:
        return model.model_validate(node)
    except ValidationError as error:
        wrong = error.errors(include_url=False)
    for found in wrong:
        _report(model, node, found, problems)
    rest = _without(node, {tuple(step for step in found["loc"] if isinstance(step, str))[:2] for found in wrong})
    return validated(model, rest, Problems()) if rest is not node and rest else None


def _without(node: Node, wrong: set[tuple[str, ...]]) -> Node:
    """The mapping without the parts that these locations, of one or two keys, lead to."""
    if not isinstance(node, Map):
        return node
    inner: dict[str, set[tuple[str, ...]]] = {}
    for first, *rest in wrong:
        inner.setdefault(first, set()).add(tuple(rest))
    kept = Map(node.place)
    for key, value in node.items():
        part = value if key not in inner else _without(value, inner[key] - {()}) if () not in inner[key] else None
        if part is value and key in inner:
            part = None  # the wrong part is not a key of it
        if part is not None:
            kept[node.key(key)] = part
    return kept if len(kept) < len(node) or any(kept[key] is not node[key] for key in kept) else node


def _report(model: type[BaseModel], root: Node, error: Any, problems: Problems) -> None:
    where = list(error["loc"])
    if error["type"] == "extra_forbidden":
        parent = typing.cast(Map, _walk(root, where[:-1])[0])
        known = _keys(model, where[:-1])
        hint = did_you_mean(nearest(where[-1], known)) or (f"the keys here are {', '.join(known)}" if known else None)
        problems.add("unknown-key", f"`{where[-1]}` is not a key here", parent.key(where[-1]).place, hint=hint)
        return
    node, reached = _walk(root, where)
    if error["type"] == "missing":
        problems.add("missing-key", f"the key `{where[-1]}` is missing", node.place)
        return
    wanted = error.get("ctx", {}).get("error") or _EXPECTED.get(error["type"])
    if error["type"] == "literal_error":
        wanted = "one of " + error["ctx"]["expected"].replace("'", "")
    hint = None
    if error["type"] == "literal_error" and isinstance(node, str):
        hint = did_you_mean(nearest(node, re.findall(r"'([^']*)'", error["ctx"]["expected"])))
    name = f"`{reached}` " if reached else "this "
    stated = where[2:] if where[0] == "elsewhere" else where
    code = "bad-claim" if stated[:1] in (["claims"], ["rows"]) and len(stated) > 1 else "bad-value"
    problems.add(code, f"{name}must be {wanted or error['msg']}, found {describe(node)}", node.place, hint=hint)


def _walk(node: Node, steps: list[Any]) -> tuple[Node, str]:
    """The node that an error's location leads to, and the last key on the way; union tags are passed over."""
    name = ""
    for step in steps:
        if isinstance(node, Map) and step in node:
            node, name = node[step], str(step)
        elif isinstance(node, list) and isinstance(step, int) and step < len(node):
            node = node[step]
    return node, name


def _keys(model: Any, steps: list[Any]) -> list[str]:
    """The keys that the model at this location knows."""
    for step in steps:
        model = _model_in(model)
        if isinstance(model, type) and issubclass(model, BaseModel):
            fields = {field.alias or name: field for name, field in model.model_fields.items()}
            model = fields[step].annotation if step in fields else None
        elif typing.get_origin(model) is dict:
            model = typing.get_args(model)[1]
    model = _model_in(model)
    if isinstance(model, type) and issubclass(model, BaseModel):
        return [field.alias or name for name, field in model.model_fields.items()]
    return []


def _model_in(annotation: Any) -> Any:
    """The model or dict inside Optional and Annotated."""
    while typing.get_origin(annotation) is Annotated or _is_union(annotation):
        arguments = [a for a in typing.get_args(annotation) if a is not type(None)]
        inner = [a for a in arguments if typing.get_origin(a) is dict or (isinstance(a, type) and issubclass(a, BaseModel))]
        annotation = (inner or arguments)[0]
    return annotation


def _is_union(annotation: Any) -> bool:
    return typing.get_origin(annotation) is typing.Union or type(annotation).__name__ == "UnionType"
