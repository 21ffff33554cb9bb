"""A row in each of the places where one stands, and its keys that are not columns."""

from __future__ import annotations

from collections.abc import Iterable

from archspec.ir.rows import COMBINATORS
from archspec.ir.scaling import SCALE
from archspec.ir.types import Type
from archspec.language.figures import Extent, OutputSize
from archspec.language.names import CLAIMS, FIGURES, HEAD_KEYS, REASONS, STRUCTURE, identifier
from archspec.language.reasons import Reason
from archspec.language.scaling import ROW_WORDS
from archspec.render.schema.form import NULL, Json, keyed, model, ref, spelled
from archspec.render.schema.types import definition
from archspec.render.schema.values import cell

#: keys that stand only in some rows: those of a branch, those of a head, those of a new row of a change
_SOMEWHERE = ("else", *HEAD_KEYS, "after", "before")


def row_defs(types: Iterable[Type]) -> Json:
    """A row in each of the places where one stands."""
    keys = _row_keys()
    stated = [{"required": [spelling]} for key in FIGURES for spelling in _both(key)]
    no_columns: Json = {"properties": {SCALE: ref("row_scale")}, "propertyNames": {"anyOf": [ref("row_key"), {"const": SCALE}]}}
    explained = [{"if": {"required": [one]}, "then": {"anyOf": stated}} for one in REASONS]
    whole: Json = {"oneOf": [{"required": [kind]} for kind in ("type", "layer", *COMBINATORS)]}
    told = {"if": {"properties": {"when": {"not": NULL}}, "required": ["when"]}, "then": {"required": ["else"]}}
    return {
        "row_key": {"enum": [spelling for key in keys for spelling in _both(key)]},
        "row_scale": {"description": "what of the spec's scale holds in the row", "enum": [*ROW_WORDS]},
        # what a row, a layer or a change with this type may hold
        "typed": {
            "allOf": [
                *(_if_type(rf"{spelled(type_.name)}(\s*\(.*\))?", ref(definition(type_))) for type_ in types),
                _if_type("|".join(COMBINATORS), {"required": ["from"], **no_columns}),
            ]
        },
        "row": {
            "type": "object",
            **keyed({key: schema for key, schema in keys.items() if key not in _SOMEWHERE}),
            "allOf": [
                ref("typed"),
                *({"if": {"required": [kind]}, "then": no_columns} for kind in COMBINATORS),
            ],
        },
        "list_row": {"anyOf": [ref("type_name"), ref("rows"), {**_row_with(also=explained), **whole}]},
        "branch": {"anyOf": [ref("type_name"), ref("rows"), {**_row_with("else", also=explained), **whole, **told}]},
        "rows": {"type": "array", "items": ref("list_row")},
        "body": {"anyOf": [ref("list_row"), NULL]},
        "head": _row_with(*HEAD_KEYS, also=explained),
        "change": {"anyOf": [{"not": {"type": "object"}}, _row_with(*_SOMEWHERE)]},
    }


def _row_with(*keys: str, also: Iterable[Json] = ()) -> Json:
    """A row in a place that has these of the keys that stand only in some, and asks for more."""
    held = _row_keys()
    return {"allOf": [ref("row"), *also], **keyed({key: held[key] if key in keys else False for key in _SOMEWHERE})}


def _both(key: str) -> tuple[str, ...]:
    """A key with spaces, and with underscores if that is another word."""
    return tuple(dict.fromkeys((key, identifier(key))))


def _if_type(pattern: str, then: Json) -> Json:
    return {"if": {"properties": {"type": {"type": "string", "pattern": f"^({pattern})$"}}, "required": ["type"]}, "then": then}


def _row_keys() -> Json:
    """The keys of a row that are not columns, with what they hold."""
    branches = {"type": "object", "minProperties": 1, "propertyNames": ref("id"), "additionalProperties": ref("branch")}
    earlier = {"type": ["string", "array", "null"], "items": {"type": "string"}, "minItems": 1}
    text = {"type": ["string", "number", "boolean", "null"]}
    figure = {"anyOf": [ref("figure"), NULL]}
    reason = {"anyOf": [model(Reason), NULL]}
    held: Json = {
        "id": {"description": "the row's name", "anyOf": [{"type": "string", **ref("id")}, {"type": ["boolean", "null"]}]},
        "type": ref("type_name", description="an op, a library block, or a block of the spec"),
        "layer": {"description": "places a layer that the block was given", "type": ["string", "null"], "pattern": "^="},
        "from": {"description": "reads earlier rows in place of the one above", **earlier},
        "when": ref("column.bool", description="whether the row is there at all"),
        "else": {"description": "what is left in a branch whose row is not there", "enum": ["identity", "none"]},
        "repeat": ref("column.count", description="chains copies"),
        "concat": {"description": "branches whose channels are put side by side", **branches},
        "sum": {"description": "branches that are added", **branches},
        "product": {"description": "branches that are multiplied; a 1x1 map scales whole channels", **branches},
        "split": {"description": "branches that read an equal share of the channels each", **branches},
        "after": {"description": "puts a new row after this one", **text},
        "before": {"description": "puts a new row before this one", **text},
        "output size": cell({**model(OutputSize), "description": "stated: height x width x channels, checked"}),
        "depth": {"description": "stated: convolutions and linears on the longest path", **figure},
        "params": {"description": "stated: parameters, for the audit", **figure},
        "ops": {"description": "stated: operations, for the audit", **figure},
        "activations": {"description": "stated: output elements of convolutions and linears, for the audit", **figure},
        "receptive field": {"description": "stated: how much of the input one place reads", **model(Extent)},
        "erratum": {"description": "what the source has wrong, for all of the row's figures or for each", **reason},
        "why": {"description": "why a figure is not what comes out, for all of the row's figures or for each", **reason},
        "loss weight": ref("column.number", description="what the loss of a head is multiplied with", minimum=0),
    }
    return {key: held[key] for key in (*STRUCTURE, *CLAIMS, *HEAD_KEYS)}
