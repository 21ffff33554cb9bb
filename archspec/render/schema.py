"""The JSON Schema of a spec, for editors: generated from the models, the ops and the library.

It says what can be said of a row by itself. What needs the whole network (sizes, formulas, earlier rows, columns that
`defaults` supply) is left to `archspec check`. Keywords are those of draft 7, which editors know; `$defs` is a place.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Mapping
from typing import Any

import yaml
from pydantic import TypeAdapter

from archspec.ir.rows import COMBINATORS
from archspec.ir.types import Type, Types
from archspec.language.arithmetic import CONSTANTS
from archspec.language.blocks import FORMULA_NAMES, scheme_names
from archspec.language.columns import REQUIRED, Column
from archspec.language.figures import OutputSize, Published
from archspec.language.names import CLAIMS, HEAD_KEYS, MODULE_NAMES, PLACES, STRUCTURE, identifier, normal
from archspec.language.nodes import Map, Node, Seq, Text
from archspec.language.schema import Document, Scheme
from archspec.language.values import SIZE, TYPES
from archspec.ops import op, op_names
from archspec.render.reference import about_of, type_name

Json = dict[str, Any]

_FORMULA: Json = {"type": "string", "pattern": "^="}
_NULL: Json = {"type": "null"}
#: keys that stand only in some rows: those of a branch, those of a head, those of a new row of a change
_SOMEWHERE = ("else", *HEAD_KEYS, "after", "before")


def spec_schema() -> Json:
    """The JSON Schema of one YAML document: a spec, or the changes of one that extends another."""
    types = [found for name in Types({}).names() if (found := Types({}).find(name))]
    document = _model(TypeAdapter(Document))
    scheme = _model(TypeAdapter(Scheme))
    defs = {**document.pop("$defs"), **scheme.pop("$defs")}
    variables = {"propertyNames": _ref("name"), "additionalProperties": {"not": {"type": "array"}}}
    defs["BlockModel"]["properties"]["vars"] |= variables
    defs["BlockModel"]["properties"]["columns"]["propertyNames"] = _ref("name")
    defs["Distribution"] |= {"minProperties": 1, "maxProperties": 1}
    sections = document["properties"]
    defs["start"] = scheme["additionalProperties"]["additionalProperties"]
    sections["init"] |= _init()
    sections["vars"] |= variables
    sections["heads"]["type"] = ["object", "null"]
    # a document whose blocks give a known type other columns is not held to those that the type has
    known = "|".join(_spelled(type_.name) for type_ in types)
    as_known: Json = {"properties": {"blocks": {"patternProperties": {f"^({known})$": {"not": {"required": ["columns"]}}}}}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "archspec",
        "description": "An architecture table of a convolutional network",
        **document,
        "allOf": [
            {"if": {"required": ["extends"]}, "then": _extending(), "else": _base()},
            {"if": as_known, "then": _known_types(types)},
        ],
        "$defs": {
            **{f"column.{name}": _cell(_model(TypeAdapter(annotation))) for name, annotation in TYPES.items()},
            **_general(types),
            **_rows(types),
            **{_definition(type_): _type(type_) for type_ in types},
            **defs,
        },
    }


def _ref(name: str, **beside: Any) -> Json:
    return {"$ref": f"#/$defs/{name}", **beside}


# documents


def _base() -> Json:
    """What a document holds that extends nothing."""
    return {
        "required": ["name", "input", "rows"],
        "properties": {
            "name": {"not": _NULL},
            "rows": {"type": "array", "minItems": 1},
            "heads": {"additionalProperties": {"type": "object", "required": ["from"]}},
        },
    }


def _extending() -> Json:
    """What a document holds that extends another: changes by path."""
    changes = {"type": ["object", "null"], "propertyNames": _ref("path")}
    return {
        "required": ["name"],
        "properties": {"name": {"not": _NULL}, "extends": {"not": _NULL, "minLength": 1}, "rows": changes, "heads": changes},
    }


def _known_types(types: Iterable[Type]) -> Json:
    """The sections in which types stand, each row held to the columns of its type."""
    cells = {name: _ref(name, propertyNames={"not": _ref("row_key")}) for name in map(_definition, types)}
    variables = {"additionalProperties": _ref("var")}
    return {
        "properties": {
            "rows": {"items": _ref("list_row"), "additionalProperties": _ref("change")},
            "vars": variables,
            "blocks": {"additionalProperties": {"properties": {"body": _ref("body"), "vars": variables}}},
            "defaults": _keys({type_.name: cells[_definition(type_)] for type_ in types}),
        },
        "if": {"required": ["extends"]},
        "then": {"properties": {"heads": {"additionalProperties": _ref("change")}}},
        "else": {"properties": {"heads": {"additionalProperties": _ref("head")}}},
    }


def _definition(type_: Type) -> str:
    return f"type.{identifier(type_.name)}"


def _init() -> Json:
    """A scheme's name, or op, tensor, distribution."""
    ops = {name: list(found.tensors) for name in op_names() if (found := op(name)) and found.tensors}
    tensors = {
        name: {"type": "object", "properties": dict.fromkeys(found, _ref("start")), "additionalProperties": False}
        for name, found in ops.items()
    }
    others = [identifier(name) for name in scheme_names() if " " in name]
    return {
        "anyOf": [
            {"enum": scheme_names()},
            *({"type": "string", "pattern": f"^{name}$"} for name in others),
            _NULL,
            {"type": "object", **_keys(tensors), "additionalProperties": False},
        ]
    }


# names and values


def _general(types: Iterable[Type]) -> Json:
    """What stands in several places and is no row."""
    ids = sorted(MODULE_NAMES | {*PLACES} | {*keyword.kwlist})
    names = sorted({*FORMULA_NAMES, *CONSTANTS, *keyword.kwlist})
    return {
        "column.layer": _layer(),
        "column.row": {"description": "the id of an earlier row", "type": ["string", "null"]},
        "formula": {"description": "a formula", **_FORMULA},
        "patch_and_stride": {"type": "string", "pattern": rf"^\s*{SIZE}\s*/\s*{SIZE}\s*$"},
        "figure": {**_model(TypeAdapter(Published)), "description": "a figure as the source prints it: 159K, 2.7K, 1.5 billion"},
        "id": {"pattern": "^[A-Za-z][A-Za-z0-9_]*$", "not": {"enum": ids}},
        "name": {"pattern": "^[A-Za-z_][A-Za-z0-9_]*$", "not": {"enum": names}},
        "path": {"pattern": r"^\s*[^.\s][^.]*(\.\s*[^.\s][^.]*)*$"},
        "var": {
            "anyOf": [
                {"type": ["number", "boolean", "string", "null"]},
                {"type": "object", **_mapped_layer()},
            ]
        },
        "type_name": {
            "anyOf": [
                *({"const": type_.name, "description": about_of(type_)} for type_ in types),
                {"enum": [kind for kind in COMBINATORS if kind != "split"]},
                {"type": "string", "pattern": "^[^=]"},
            ]
        },
    }


def _cell(schema: Json) -> Json:
    """A column's values in a row: those of its type, a formula, or nothing."""
    kinds = schema.get("type")
    if kinds is None or "enum" in schema:
        return {**_annotations(schema), "anyOf": [*schema.get("anyOf", [schema]), _ref("formula"), _NULL]}
    kinds = [kinds] if isinstance(kinds, str) else kinds
    pattern = schema.get("pattern", "" if "string" in kinds else "^=")
    if "string" in kinds and pattern:
        pattern = f"^=|{pattern}"
    return {**schema, "type": [*dict.fromkeys([*kinds, "string", "null"])], **({"pattern": pattern} if pattern else {})}


def _annotations(schema: Json) -> Json:
    return {key: schema[key] for key in ("description", "default") if key in schema}


def _layer() -> Json:
    return {
        "description": "a layer: a type, a mapping with a type and its columns, or none",
        "anyOf": [
            _NULL,
            {"const": "none", "description": "no layer"},
            _ref("type_name"),
            _ref("formula"),
            {"type": "object", **_mapped_layer()},
        ],
    }


def _mapped_layer() -> Json:
    keys = {"anyOf": [{"const": "type"}, {"not": _ref("row_key")}]}
    return {"required": ["type"], "properties": {"type": _ref("type_name")}, "propertyNames": keys, "allOf": [_ref("typed")]}


# rows


def _rows(types: Iterable[Type]) -> Json:
    """A row in each of the places where one stands."""
    keys = _row_keys()
    claims = [spelling for key in CLAIMS if key != "erratum" for spelling in _both(key)]
    no_columns: Json = {"propertyNames": _ref("row_key")}
    whole: Json = {"oneOf": [{"required": [kind]} for kind in ("type", "layer", *COMBINATORS)]}
    told = {"if": {"properties": {"when": {"not": _NULL}}, "required": ["when"]}, "then": {"required": ["else"]}}
    return {
        "row_key": {"enum": [spelling for key in keys for spelling in _both(key)]},
        # what a row, a layer or a change with this type may hold
        "typed": {
            "allOf": [
                *(_if_type(rf"{_spelled(type_.name)}(\s*\(.*\))?", _ref(_definition(type_))) for type_ in types),
                _if_type("|".join(COMBINATORS), {"required": ["from"], **no_columns}),
            ]
        },
        "row": {
            "type": "object",
            **_keys({key: schema for key, schema in keys.items() if key not in _SOMEWHERE}),
            "allOf": [
                _ref("typed"),
                *({"if": {"required": [kind]}, "then": no_columns} for kind in COMBINATORS),
                {"if": {"required": ["erratum"]}, "then": {"anyOf": [{"required": [claim]} for claim in claims]}},
            ],
        },
        "list_row": {"anyOf": [_ref("type_name"), _ref("rows"), {**_row_with(), **whole}]},
        "branch": {"anyOf": [_ref("type_name"), _ref("rows"), {**_row_with("else"), **whole, **told}]},
        "rows": {"type": "array", "items": _ref("list_row")},
        "body": {"anyOf": [_ref("list_row"), _NULL]},
        "head": _row_with(*HEAD_KEYS),
        "change": {"anyOf": [{"not": {"type": "object"}}, _row_with(*_SOMEWHERE)]},
    }


def _row_with(*keys: str) -> Json:
    """A row in a place that has these of the keys that stand only in some."""
    held = _row_keys()
    return {"allOf": [_ref("row")], **_keys({key: held[key] if key in keys else False for key in _SOMEWHERE})}


def _keys(held: Mapping[str, Any]) -> Json:
    """Keys with what they hold; one with underscores for spaces means the same, and is not proposed."""
    others = {f"^{identifier(key)}$": schema for key, schema in held.items() if identifier(key) != key}
    return {"properties": dict(held), **({"patternProperties": others} if others else {})}


def _both(key: str) -> tuple[str, ...]:
    """A key with spaces, and with underscores if that is another word."""
    return tuple(dict.fromkeys((key, identifier(key))))


def _if_type(pattern: str, then: Json) -> Json:
    return {"if": {"properties": {"type": {"type": "string", "pattern": f"^({pattern})$"}}, "required": ["type"]}, "then": then}


def _row_keys() -> Json:
    """The keys of a row that are not columns, with what they hold."""
    branches = {"type": "object", "minProperties": 1, "propertyNames": _ref("id"), "additionalProperties": _ref("branch")}
    earlier = {"type": ["string", "array", "null"], "items": {"type": "string"}, "minItems": 1}
    text = {"type": ["string", "number", "boolean", "null"]}
    held: Json = {
        "id": {"description": "the row's name", "anyOf": [{"type": "string", **_ref("id")}, {"type": ["boolean", "null"]}]},
        "type": _ref("type_name", description="an op, a library block, or a block of the spec"),
        "layer": {"description": "places a layer that the block was given", "type": ["string", "null"], "pattern": "^="},
        "from": {"description": "reads earlier rows in place of the one above", **earlier},
        "when": _ref("column.bool", description="whether the row is there at all"),
        "else": {"description": "what is left in a branch whose row is not there", "enum": ["identity", "none"]},
        "repeat": _ref("column.count", description="chains copies"),
        "concat": {"description": "branches whose channels are put side by side", **branches},
        "sum": {"description": "branches that are added", **branches},
        "product": {"description": "branches that are multiplied; a 1x1 map scales whole channels", **branches},
        "split": {"description": "branches that read an equal share of the channels each", **branches},
        "after": {"description": "puts a new row after this one", **text},
        "before": {"description": "puts a new row before this one", **text},
        "output size": _cell({**_model(TypeAdapter(OutputSize)), "description": "stated: height x width x channels, checked"}),
        "depth": {"description": "stated: convolutions and linears on the longest path", "anyOf": [_ref("figure"), _NULL]},
        "params": {"description": "stated: parameters, for the audit", "anyOf": [_ref("figure"), _NULL]},
        "ops": {"description": "stated: operations, for the audit", "anyOf": [_ref("figure"), _NULL]},
        "erratum": {"description": "why a stated figure is not what comes out", **text},
        "loss weight": _ref("column.number", description="what the loss of a head is multiplied with", minimum=0),
    }
    return {key: held[key] for key in (*STRUCTURE, *CLAIMS, *HEAD_KEYS)}


# types


def _type(type_: Type) -> Json:
    """The columns of an op or a block, closed: row keys pass, other keys do not."""
    properties: Json = {}
    others: dict[str, tuple[Json, list[str]]] = {}
    for column in type_.columns.values():
        values = _column(column)
        told = {"description": column.about} if column.about else {}
        for name in dict.fromkeys((column.header, column.name)):
            properties[name] = {**values, **told, **_default(column)}
        spellings = _spellings(column) - {column.header, column.name}
        if spellings:
            others.setdefault(repr(values), (values, []))[1].extend(sorted(spellings))
    names = [*properties, *(name for _, spellings in others.values() for name in spellings)]
    return {
        "description": about_of(type_),
        "properties": properties,
        "patternProperties": {f"^({'|'.join(map(_escaped, found))})$": values for values, found in others.values()},
        # the columns first: an editor lists them where a key is wrong
        "propertyNames": {"anyOf": [{"enum": names}, _ref("row_key")]} if names else _ref("row_key"),
    }


def _column(column: Column) -> Json:
    name = type_name(column)
    values = _ref(f"column.{name}") if name else _cell(_model(TypeAdapter(column.annotation)))
    if column.least is not None:
        values["minimum"] = column.least
    if column.most is not None:
        values["maximum"] = column.most
    if column.choices and all(isinstance(choice, str) for choice in column.choices):
        loaded = [yaml.safe_load(choice) for choice in column.choices]
        unlike = [value for value in loaded if not isinstance(value, str)]
        values["anyOf"] = [{"enum": [*column.choices, *unlike]}, _ref("formula"), _NULL]
    if normal("patch") in (normal(column.name), normal(column.header)):
        return {"anyOf": [values, _ref("patch_and_stride")]}
    return values


def _default(column: Column) -> Json:
    default = column.default
    if default is REQUIRED:
        return {}
    if isinstance(default, tuple) and all(isinstance(part, int) for part in default):
        default = default[0] if len(set(default)) == 1 else "x".join(map(str, default))
    return {"default": plain(default)}


def _spellings(column: Column) -> set[str]:
    """A column's id and header, each with spaces or underscores, with or without a #."""
    names = {spelling for name in (column.name, column.header) for spelling in (normal(name), normal(name).replace(" ", "_"))}
    marked = {f"#{normal(column.header)}"} if column.header.startswith("#") else set()
    return names | marked | {name.replace(" ", "_") for name in marked}


def _spelled(name: str) -> str:
    """A pattern for a type's name with spaces or underscores."""
    return _escaped(name).replace(" ", "[ _]")


def _escaped(text: str) -> str:
    """A text as a pattern; unlike `re.escape`, as JavaScript takes it too."""
    return re.sub(r"([.^$*+?{}()|\[\]\\/])", r"\\\1", text)


def plain(node: Node | Any) -> Any:
    """A node or a value as JSON has it, scalars as YAML reads them."""
    if isinstance(node, Map):
        return {key: plain(value) for key, value in node.items()}
    if isinstance(node, Seq | tuple):
        return [plain(item) for item in node]
    return yaml.safe_load(node) if isinstance(node, Text) and node.plain else node


# form


def _model(adapter: TypeAdapter[Any]) -> Json:
    """What pydantic says, without titles that repeat a key, and without the null that stands for a key left out."""
    tidy: Json = _tidy(adapter.json_schema(by_alias=True))
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
    options = [option for option in kept.get("anyOf", ()) if option != _NULL]
    if len(options) == 1:
        del kept["anyOf"]
        kept = {**options[0], **kept}
    return kept
