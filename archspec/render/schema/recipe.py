"""A recipe: how a network is trained and tested. Names of torch are text here; `archspec train` looks them up."""

from __future__ import annotations

from archspec.recipe.schema import RecipeModel
from archspec.render.schema.form import NULL, Json, model


def recipe_schema() -> Json:
    """The JSON Schema of one YAML document: a recipe, or the changes of one that extends another."""
    document = model(RecipeModel)
    defs = document.pop("$defs")
    needed = _needed(document, defs)
    loose = {name: _loose(one) for name, one in defs.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "archspec recipe",
        **_loose(document),
        "required": ["name"],
        "if": {"required": ["extends"], "properties": {"extends": {"not": NULL}}},
        "else": needed,
        "$defs": loose,
    }


def _loose(schema: Json) -> Json:
    """A model whose keys may all be left out, or be null, which takes away what another recipe has there."""
    held = {key: _nullable(one) for key, one in schema.get("properties", {}).items()}
    return {key: one for key, one in schema.items() if key != "required"} | ({"properties": held} if held else {})


def _nullable(schema: Json) -> Json:
    if not schema.keys() & {"type", "anyOf", "$ref"} or "null" in schema.get("type", ()):
        return schema
    about: Json = {key: held for key, held in schema.items() if key in ("description", "default")}
    rest = {key: held for key, held in schema.items() if key not in about}
    return {**about, "anyOf": [*rest.get("anyOf", [rest]), NULL]}


def _needed(schema: Json, defs: Json) -> Json:
    """What must be there and not null in a recipe that extends none, level by level."""
    if "$ref" in schema:
        return _needed(defs[schema["$ref"].removeprefix("#/$defs/")], defs)
    if "anyOf" in schema:
        return next((found for one in schema["anyOf"] if (found := _needed(one, defs))), {})
    held = {key: found for key, one in schema.get("properties", {}).items() if (found := _needed(one, defs))}
    for key in schema.get("required", ()):
        held[key] = {**held.get(key, {}), "not": NULL}
    needed: Json = {"required": schema["required"]} if "required" in schema else {}
    return needed | ({"properties": held} if held else {})
