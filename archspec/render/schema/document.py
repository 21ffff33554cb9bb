"""One YAML document: its sections, of a spec or of the changes of one that extends another."""

from __future__ import annotations

from collections.abc import Iterable

from archspec.ir.types import Type, Types
from archspec.language.blocks import scheme_names
from archspec.language.names import identifier
from archspec.language.schema import Document, Scheme
from archspec.ops import op, op_names
from archspec.render.schema.form import NULL, Json, keyed, model, ref, spelled
from archspec.render.schema.rows import row_defs
from archspec.render.schema.types import definition, type_def
from archspec.render.schema.values import value_defs


def spec_schema() -> Json:
    """The JSON Schema of one YAML document: a spec, or the changes of one that extends another."""
    known = Types({})
    types = [found for name in known.names() if (found := known.find(name))]
    document, defs = _models()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "archspec",
        "description": "An architecture table of a convolutional network",
        **document,
        "allOf": [
            {"if": {"required": ["extends"]}, "then": _extending(), "else": _base()},
            {"if": _keeps_columns(types), "then": _known_types(types)},
        ],
        "$defs": {
            **value_defs(types),
            **row_defs(types),
            **{definition(type_): type_def(type_) for type_ in types},
            **defs,
        },
    }


def _models() -> tuple[Json, Json]:
    """The document and its `$defs` as the models have them, and what other stages ask of the same places."""
    document, scheme = model(Document), model(Scheme)
    defs = {**document.pop("$defs"), **scheme.pop("$defs")}
    variables = {"propertyNames": ref("name"), "additionalProperties": {"not": {"type": "array"}}}
    defs["BlockModel"]["properties"]["vars"] |= variables
    defs["BlockModel"]["properties"]["columns"]["propertyNames"] = ref("name")
    defs["Distribution"] |= {"minProperties": 1, "maxProperties": 1}
    defs["start"] = scheme["additionalProperties"]["additionalProperties"]
    sections = document["properties"]
    sections["init"] |= _init()
    sections["vars"] |= variables
    sections["elsewhere"]["additionalProperties"] = {"anyOf": [ref("Elsewhere"), NULL]}
    sections["scale"] = {"description": sections["scale"]["description"], "anyOf": [ref("ScaleModel"), NULL]}
    sections["heads"]["type"] = ["object", "null"]
    return document, defs


def _base() -> Json:
    """What a document holds that extends nothing."""
    return {
        "required": ["name", "input", "rows"],
        "not": {"required": ["space"]},
        "properties": {
            "name": {"not": NULL},
            "rows": {"type": "array", "minItems": 1},
            "heads": {"additionalProperties": {"type": "object", "required": ["from"]}},
        },
    }


def _extending() -> Json:
    """What a document holds that extends another: changes by path."""
    changes = {"type": ["object", "null"], "propertyNames": ref("path")}
    return {
        "required": ["name"],
        "properties": {"name": {"not": NULL}, "extends": {"not": NULL, "minLength": 1}, "rows": changes, "heads": changes},
    }


def _keeps_columns(types: Iterable[Type]) -> Json:
    """A document whose own blocks give no known type other columns: only then the type's own hold."""
    known = "|".join(spelled(type_.name) for type_ in types)
    return {"properties": {"blocks": {"patternProperties": {f"^({known})$": {"not": {"required": ["columns"]}}}}}}


def _known_types(types: Iterable[Type]) -> Json:
    """The sections in which types stand, each row held to the columns of its type."""
    cells = {type_.name: ref(definition(type_), propertyNames={"not": ref("row_key")}) for type_ in types}
    variables = {"additionalProperties": ref("var")}
    return {
        "properties": {
            "rows": {"items": ref("list_row"), "additionalProperties": ref("change")},
            "vars": variables,
            "blocks": {"additionalProperties": {"properties": {"body": ref("body"), "vars": variables}}},
            "defaults": keyed(cells),
        },
        "if": {"required": ["extends"]},
        "then": {"properties": {"heads": {"additionalProperties": ref("change")}}},
        "else": {"properties": {"heads": {"additionalProperties": ref("head")}}},
    }


def _init() -> Json:
    """A scheme's name, or op, tensor, distribution."""
    tensors = {
        name: {"type": "object", "properties": dict.fromkeys(found.tensors, ref("start")), "additionalProperties": False}
        for name in op_names()
        if (found := op(name)) and found.tensors
    }
    others = [identifier(name) for name in scheme_names() if " " in name]
    return {
        "anyOf": [
            {"enum": scheme_names()},
            *({"type": "string", "pattern": f"^{name}$"} for name in others),
            NULL,
            {"type": "object", **keyed(tensors), "additionalProperties": False},
        ]
    }
