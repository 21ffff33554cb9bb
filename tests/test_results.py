"""The JSON of `report`, `audit`, `reconcile` and `diff` against its schema, for every shipped spec."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import archspec as api
from archspec.analysis.audit import audit as audit_network
from archspec.api.reports import report_network
from archspec.language.resolve import shipped
from archspec.render.data import audit_data
from archspec.render.schema import SCHEMAS

ROOT = Path(__file__).parent.parent


def undescribed(data: Any, schema: Any, defs: Any) -> Iterator[str]:
    """The keys of data that its schema does not name."""
    if "$ref" in schema:
        schema = defs[schema["$ref"].removeprefix("#/$defs/")] | {key: each for key, each in schema.items() if key != "$ref"}
    if isinstance(data, list):
        for each in data:
            yield from undescribed(each, schema.get("items", {}), defs)
    elif isinstance(data, dict):
        parts = [schema, *schema.get("allOf", ())]
        parts = [defs[part["$ref"].removeprefix("#/$defs/")] if "$ref" in part else part for part in parts]
        known = {key: each for part in parts for key, each in part.get("properties", {}).items()}
        for key, value in data.items():
            found = known.get(key, schema.get("additionalProperties"))
            if found is None:
                yield key
            else:
                yield from undescribed(value, found, defs)


@pytest.mark.parametrize("name", shipped())
def test_the_json_of_every_spec_is_what_its_schema_says(name: str) -> None:
    network = api.load(name)
    found = {
        "report": report_network(network, depth=9).data(),
        "audit": audit_data(network, audit_network(network)),
        "reconcile": api.reconcile(name).data(),
        "diff": api.diff("googlenet-naive", name, depth=9).data(),
    }
    for what, data in found.items():
        schema = SCHEMAS[what]()
        plain = json.loads(json.dumps(data))
        assert [error.message for error in Draft202012Validator(schema).iter_errors(plain)] == []
        assert [*undescribed(plain, schema, schema["$defs"])] == []


def test_a_schema_refuses_what_is_not_the_contract() -> None:
    data = json.loads(api.report("lenet5").text("json"))
    validator = Draft202012Validator(SCHEMAS["report"]())
    for spoil in (
        lambda one: one["rows"][0].pop("params"),
        lambda one: one["rows"][0].update(macs="many"),
        lambda one: one["totals"].update(depth=-1),
        lambda one: one.update(schema=2),
        lambda one: one["rows"][0].update(receptive_field=[5]),
    ):
        one = json.loads(json.dumps(data))
        spoil(one)
        assert list(validator.iter_errors(one))


@pytest.mark.parametrize("what", ["report", "audit", "reconcile", "diff", "recipe"])
def test_the_schema_file_is_what_the_code_says(what: str) -> None:
    folder = "recipes" if what == "recipe" else "specs"
    path = ROOT / folder / f"{what}.schema.json"
    Draft202012Validator.check_schema(SCHEMAS[what]())
    text = json.dumps(SCHEMAS[what](), indent=1, ensure_ascii=False) + "\n"
    assert path.read_text("utf-8") == text, f"run archspec schema --of {what} -o {folder}/{what}.schema.json"
