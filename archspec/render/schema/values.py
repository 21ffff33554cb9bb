"""What cells and names are, wherever they stand: the `$defs` that are neither rows nor types."""

from __future__ import annotations

import keyword
from collections.abc import Iterable

from archspec.ir.rows import COMBINATORS
from archspec.ir.types import Type
from archspec.language.arithmetic import CONSTANTS
from archspec.language.blocks import FORMULA_NAMES
from archspec.language.figures import Published
from archspec.language.names import MODULE_NAMES, PLACES
from archspec.language.values import SIZE, TYPES
from archspec.render.reference.listing import about_of
from archspec.render.schema.form import NULL, Json, model, ref


def value_defs(types: Iterable[Type]) -> Json:
    """What stands in several places and is no row."""
    ids = sorted(MODULE_NAMES | {*PLACES} | {*keyword.kwlist})
    names = sorted({*FORMULA_NAMES, *CONSTANTS, *keyword.kwlist})
    return {
        **{f"column.{name}": cell(model(annotation)) for name, annotation in TYPES.items()},
        "column.layer": _layer(),
        "column.row": {"description": "the id of an earlier row", "type": ["string", "null"]},
        "formula": {"description": "a formula", "type": "string", "pattern": "^="},
        "patch_and_stride": {"type": "string", "pattern": rf"^\s*{SIZE}\s*/\s*{SIZE}\s*$"},
        "figure": {**model(Published), "description": "a figure as the source prints it: 159K, 2.7K, 1.5 billion"},
        "id": {"pattern": "^[A-Za-z][A-Za-z0-9_]*$", "not": {"enum": ids}},
        "name": {"pattern": "^[A-Za-z_][A-Za-z0-9_]*$", "not": {"enum": names}},
        "path": {"pattern": r"^\s*[^.\s][^.]*(\.\s*[^.\s][^.]*)*$"},
        "var": {"anyOf": [{"type": ["number", "boolean", "string", "null"]}, _mapped_layer()]},
        "type_name": {
            "anyOf": [
                *({"const": type_.name, "description": about_of(type_)} for type_ in types),
                {"enum": [kind for kind in COMBINATORS if kind != "split"]},
                {"type": "string", "pattern": "^[^=]"},
            ]
        },
    }


def cell(schema: Json) -> Json:
    """A column's values in a row: those of its type, a formula, or nothing."""
    if "type" not in schema or "enum" in schema:
        told: Json = {key: schema[key] for key in ("description", "default") if key in schema}
        return {**told, "anyOf": [*schema.get("anyOf", [schema]), ref("formula"), NULL]}
    kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    text: Json = {}
    if "pattern" in schema:
        text = {"pattern": f"^=|{schema['pattern']}"}
    elif "string" not in kinds:
        text = {"pattern": "^="}
    return {**schema, "type": [*dict.fromkeys([*kinds, "string", "null"])], **text}


def _layer() -> Json:
    return {
        "description": "a layer: a type, a mapping with a type and its columns, or none",
        "anyOf": [
            NULL,
            {"const": "none", "description": "no layer"},
            ref("type_name"),
            ref("formula"),
            _mapped_layer(),
        ],
    }


def _mapped_layer() -> Json:
    return {
        "type": "object",
        "required": ["type"],
        "properties": {"type": ref("type_name")},
        "propertyNames": {"anyOf": [{"const": "type"}, {"not": ref("row_key")}]},
        "allOf": [ref("typed")],
    }
