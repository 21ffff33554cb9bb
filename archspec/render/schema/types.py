"""The columns of each op and each library block, under every name that a key may use."""

from __future__ import annotations

from typing import Any

import yaml

from archspec.ir.scaling import SCALE
from archspec.ir.types import Type
from archspec.language.columns import REQUIRED, Column
from archspec.language.names import identifier, normal
from archspec.language.nodes import Map, Node, Seq, Text
from archspec.render.reference.columns import side_or_size, type_name
from archspec.render.reference.listing import about_of
from archspec.render.schema.form import NULL, Json, escaped, ref


def definition(type_: Type) -> str:
    """The name in `$defs` of the columns of a type."""
    return f"type.{identifier(type_.name)}"


def type_def(type_: Type) -> Json:
    """The columns of an op or a block, closed: row keys pass, and `scale` where it is no column; other keys do not."""
    properties: Json = {}
    #: the other spellings of the names, those with equal values together
    others: dict[str, tuple[Json, list[str]]] = {}
    for column in type_.columns.values():
        values = _column(column)
        told = {"description": column.about} if column.about else {}
        for name in dict.fromkeys((column.header, column.name)):
            properties[name] = {**values, **told, **_default(column)}
        spellings = _spellings(column) - {column.header, column.name}
        if spellings:
            others.setdefault(repr(values), (values, []))[1].extend(sorted(spellings))
    if type_.column(SCALE) is None:
        properties[SCALE] = ref("row_scale")
    names = [*properties, *(name for _, spellings in others.values() for name in spellings)]
    return {
        "description": about_of(type_),
        "properties": properties,
        "patternProperties": {f"^({'|'.join(map(escaped, found))})$": values for values, found in others.values()},
        # the columns first: an editor lists them where a key is wrong
        "propertyNames": {"anyOf": [{"enum": names}, ref("row_key")]},
    }


def _column(column: Column) -> Json:
    values = ref(f"column.{type_name(column)}")
    if column.least is not None:
        values["minimum"] = column.least
    if column.most is not None:
        values["maximum"] = column.most
    if column.choices and all(isinstance(choice, str) for choice in column.choices):
        loaded = [yaml.safe_load(choice) for choice in column.choices]
        unlike = [value for value in loaded if not isinstance(value, str)]
        values["anyOf"] = [{"enum": [*column.choices, *unlike]}, ref("formula"), NULL]
    if "patch" in (normal(column.name), normal(column.header)):
        return {"anyOf": [values, ref("patch_and_stride")]}
    return values


def _default(column: Column) -> Json:
    return {} if column.default is REQUIRED else {"default": _plain(side_or_size(column.default))}


def _spellings(column: Column) -> set[str]:
    """A column's id and header, each with spaces or underscores, with or without a #."""
    names = {normal(column.name), normal(column.header)}
    if column.header.startswith("#"):
        names.add(f"#{normal(column.header)}")
    return names | {name.replace(" ", "_") for name in names}


def _plain(node: Node | Any) -> Any:
    """A node or a value as JSON has it, scalars as YAML reads them."""
    if isinstance(node, Map):
        return {key: _plain(value) for key, value in node.items()}
    if isinstance(node, Seq | tuple):
        return [_plain(item) for item in node]
    return yaml.safe_load(node) if isinstance(node, Text) and node.plain else node
