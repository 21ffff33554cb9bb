"""What `report`, `audit`, `reconcile` and `diff` print as JSON: the contract of docs/json.md as JSON Schema.

New fields may come without another `schema` number, so unknown ones are let through.
"""

from __future__ import annotations

from collections.abc import Iterable

from archspec.analysis.dtypes import DTYPES
from archspec.design.diff import CHANGES, COUNTS
from archspec.render.columns import COLUMNS
from archspec.render.data import SCHEMA
from archspec.render.schema.form import Json, ref

_TEXT: Json = {"type": "string"}
_FLAG: Json = {"type": "boolean"}
#: what a figure has only sometimes
_MAYBE = ["erratum", "why", "source"]


def report_schema() -> Json:
    """The JSON Schema of `archspec report SPEC --format json`."""
    row = _object({"id": _TEXT, "path": _TEXT, "type": _TEXT, "output": ref("size"), **_figures(), "claims": ref("claims")})
    row["properties"] |= {
        "fvcore": ref("fvcore"),
        "measured": ref("measured"),
        "rows": _list(ref("row"), "its parts, with --depth 2 and more"),
    }
    head = _object({"from": _TEXT, "loss_weight": {"type": "number"}})
    totals = _object({**_figures(), "params_with_heads": ref("count")})
    totals["properties"] |= {"fvcore": ref("fvcore"), "measured": ref("measured")}
    document = _object(
        {
            "schema": {"const": SCHEMA},
            "name": _TEXT,
            "digest": {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"},
            "dtype": {"enum": [*DTYPES], "description": "of the figures in bytes"},
            "input": ref("size"),
            "output": ref("size"),
            "outputs": {"type": "object", "additionalProperties": ref("size")},
            "totals": totals,
            "rows": _list(ref("row")),
            "heads": _list({"allOf": [ref("row"), head]}),
            "claims": ref("claims"),
            "uncounted": _list(_object({"op": _TEXT, "calls": ref("count")})),
        }
    )
    document["properties"]["measurement"] = _measurement()
    claims: Json = {"type": "object", "additionalProperties": _claim()}
    fvcore = _object({"flops": ref("count"), "closed": ref("count")})
    return _schema("report", document, {"row": row, "claims": claims, "fvcore": fvcore, "measured": _measured(), **_shapes()})


def audit_schema() -> Json:
    """The JSON Schema of `archspec audit SPEC --format json`."""
    claim = _claim()
    finding = _object({"row": {"type": ["string", "null"]}, "figure": _TEXT, **claim["properties"]}, optional=_MAYBE)
    document = _object({"schema": {"const": SCHEMA}, "name": _TEXT, "findings": _list(finding), "differs": ref("count")})
    return _schema("audit", document, {"count": _shapes()["count"]})


def reconcile_schema() -> Json:
    """The JSON Schema of `archspec reconcile SPEC --format json`."""
    number: Json = {"type": "integer"}
    term = _object({"weight": number, "fact": _TEXT, "value": ref("count"), "functions": _FLAG})
    weights = dict.fromkeys(("as_module", "as_function", "difference"), number)
    call = _object({"op": _TEXT, "calls": ref("count"), "fact": _TEXT, "value": ref("count"), **weights})
    words = dict.fromkeys(("name", "tool", "version", "where", "prints", "note"), _TEXT)
    counter = _object({**words, "value": ref("count"), "terms": _list(term), "calls": _list(call)})
    document = _object(
        {
            "schema": {"const": SCHEMA},
            "name": _TEXT,
            "digest": _TEXT,
            "input": ref("size"),
            "counters": _list(counter),
            "live": {
                "type": "object",
                "additionalProperties": {"type": ["integer", "null"]},
                "description": "what the installed tools print, with --live",
            },
        },
        optional=["live"],
    )
    return _schema("reconcile", document, {key: _shapes()[key] for key in ("count", "size")})


def diff_schema() -> Json:
    """The JSON Schema of `archspec diff SPEC SPEC --format json`."""
    number: Json = {"type": "integer"}
    absent: Json = {"type": "null"}
    network = _object({"name": _TEXT, "digest": _TEXT, "input": ref("size")})
    edit = _object({"header": _TEXT, **_both({"type": ["string", "null"]})})
    percent: Json = {"type": ["number", "null"], "description": "of what it was; null from 0, and where one has no such row"}
    count = _object({**_both({"type": ["integer", "null"], "minimum": 0}), "delta": number, "percent": percent})
    sizes: Json = {"type": "object", "additionalProperties": ref("shape")}
    field = _object(_both({"anyOf": [ref("sides"), absent]}))
    size = _object(_both({"anyOf": [ref("size"), absent]}))
    row = _object(
        {
            "id": _TEXT,
            "path": _TEXT,
            "change": {"enum": [*CHANGES]},
            "own": {**_FLAG, "description": "whether it is itself another, and not only fed by others that are"},
            "type": _object(_both({"type": ["string", "null"]})),
            "edits": _list(ref("edit"), "its cells that differ"),
            "input": ref("sizes"),
            "output": ref("sizes"),
            **{name: ref("change") for name in COUNTS},
            "receptive_field": ref("fields"),
        }
    )
    row["properties"]["rows"] = _list(ref("row"), "its parts, with --depth 2 and more")
    totals = {name: ref("change") for name in (*COUNTS, "depth", "params_with_heads")}
    resized: Json = {"type": "object", "additionalProperties": _object(_both(ref("shape")))}
    document = _object(
        {
            "schema": {"const": SCHEMA},
            **_both(network),
            "set": _list(_TEXT, "the changes that made the second network"),
            "equal": _FLAG,
            "edits": _list(ref("edit"), "what differs beside rows and heads"),
            "totals": _object({**totals, "receptive_field": ref("fields")}),
            "rows": _list(ref("row")),
            "heads": _list(ref("row")),
            "tensors": _object({"carried": sizes, "resized": resized, "new": sizes, "dropped": sizes}),
            "unstated": _list(_TEXT, "paths of ops that do not say their tensors"),
        }
    )
    shape = _list({"type": "integer", "minimum": 1}, "of a tensor of the state_dict, as torch has it; empty for one number")
    defs = {key: _shapes()[key] for key in ("size", "sides")}
    own = {"row": row, "edit": edit, "change": count, "sizes": size, "fields": field, "shape": shape}
    return _schema("diff", document, {**own, **defs})


def _both(one: Json) -> Json:
    return {"before": one, "after": one}


def _figures() -> Json:
    """The figures that rows and totals have: the columns of the report that are in the JSON."""
    return {column.key: {**ref(column.json), "description": column.about} for column in COLUMNS if column.json}


def _measured() -> Json:
    """What --measure adds to rows and totals."""
    number: Json = {"type": "number", "minimum": 0}
    quartiles = {**_list(number, "the first and the third"), "minItems": 2, "maxItems": 2}
    rate: Json = {"type": ["integer", "null"], "description": "by the closed form; null where there are none"}
    ms = {**_object({"median": number, "quartiles": quartiles}), "description": "milliseconds of a batch"}
    return _object({"ms": ms, "macs_per_second": rate})


def _measurement() -> Json:
    """How --measure measured."""
    return _object(
        {name: ref("count") for name in ("batch", "warmup", "repeats", "threads")}
        | dict.fromkeys(("dtype", "device", "machine", "torch"), _TEXT)
    )


def _claim() -> Json:
    return _object(
        {
            "published": {**_TEXT, "description": "as the source prints it"},
            "computed": {**_TEXT, "description": "the computed figure in its unit"},
            "deviation": {"type": ["number", "null"], "description": "(computed - published) / published"},
            "agrees": _FLAG,
            "inherited": _FLAG,
            "erratum": {**_TEXT, "description": "what the source has wrong"},
            "why": {**_TEXT, "description": "why the computed figure differs otherwise"},
            "source": {**_TEXT, "description": "a further source that states it"},
        },
        optional=_MAYBE,
    )


def _shapes() -> Json:
    """`$defs` of counts and sizes."""
    side: Json = {"type": ["number", "null"], "exclusiveMinimum": 0, "description": "null: all of the input's side"}
    return {
        "count": {"type": "integer", "minimum": 0},
        "perhaps": {"type": ["integer", "null"], "minimum": 0, "description": "null where nothing runs: a head"},
        "size": {
            **_list({"type": "integer", "minimum": 1}, "channels, height, width, or features"),
            "minItems": 1,
            "maxItems": 3,
        },
        "sides": {**_list(side, "height, width"), "minItems": 2, "maxItems": 2},
    }


def _object(properties: Json, optional: Iterable[str] = ()) -> Json:
    required = [key for key in properties if key not in optional]
    return {"type": "object", "required": required, "properties": properties}


def _list(items: Json, about: str = "") -> Json:
    return {"type": "array", "items": items} | ({"description": about} if about else {})


def _schema(what: str, document: Json, defs: Json) -> Json:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"archspec {what}",
        "description": f"What `archspec {what} SPEC --format json` prints",
        **document,
        "$defs": defs,
    }
