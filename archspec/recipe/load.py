"""A name to its recipe: reads it and all that it extends, then the options of the command line, and validates the whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from archspec.language.changes import nested, option_value
from archspec.language.diagnostics import Problems, SpecError, fail
from archspec.language.documents import as_text, chain, documents
from archspec.language.nodes import Map, Node, Text, is_null
from archspec.language.places import Place, Source
from archspec.language.reader import decode
from archspec.language.resolve import RECIPES
from archspec.language.validation import validated
from archspec.recipe.named import value
from archspec.recipe.schema import AveragingModel, DataModel, EarlyStopModel, HeldOutModel, RecipeModel, TestModel

#: keys whose value is one name with arguments: another name takes the place of the whole
_NAMED = ("optimizer", "schedule", "loss")
#: what a run that goes on may have other than before
MAY_CHANGE = ("epochs", "early stop", "data.workers")
#: keys that change nothing
_WORDS = ("name", "about", "source", "extends")
_MODELS = (RecipeModel, DataModel, HeldOutModel, AveragingModel, EarlyStopModel, TestModel)
#: keys of two words, by how they may be written on the command line
_SPELLED = {
    field.alias.replace(" ", "_"): field.alias for model in _MODELS for field in model.model_fields.values() if field.alias
}


@dataclass(frozen=True)
class Recipe:
    """A validated recipe. `node` is all that is written in it, later documents laid over earlier ones; `text` are the
    documents as one YAML stream, which reads as the same recipe; `digest` is the stream's SHA-256.
    """

    settings: RecipeModel
    node: Map
    text: str

    @property
    def digest(self) -> str:
        return "sha256:" + hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def lasting(self) -> dict[str, Any]:
        """What is written, as plain data, without what a run that goes on may have other than before."""
        written = {key: value(node) for key, node in self.node.items() if key not in (*_WORDS, *MAY_CHANGE)}
        data = {key: part for key, part in written.pop("data", {}).items() if f"data.{key}" not in MAY_CHANGE}
        return {**written, "data": data}

    @property
    def lasting_digest(self) -> str:
        """The SHA-256 of that."""
        return "sha256:" + hashlib.sha256(json.dumps(self.lasting, sort_keys=True).encode()).hexdigest()

    def place(self, *keys: str) -> Place:
        """Where a value is written; where it would be, if it is not."""
        node: Node = self.node
        for key in keys:
            if not isinstance(node, Map) or key not in node:
                break
            node = node[key]
        return node.place


def load(name: str, *, set: Iterable[str] = (), flag: str = "--recipe-set") -> Recipe:
    """The recipe that `name` (a path, or a shipped name) means, with `path=value` changes laid over it. Names of torch are
    not looked up. Raises SpecError with all that is wrong.
    """
    problems = Problems()
    return _loaded([found.node for found in chain(name, problems, RECIPES)], set, flag, problems)


def loaded_text(text: str, name: str, *, set: Iterable[str] = (), flag: str = "--recipe-set") -> Recipe:
    """The recipe that a whole text holds: a stream of documents, as in `Recipe.text`. `name` says in errors where it was found.

    It is not resolved against files: a text that extends something outside of itself is refused. Raises SpecError.
    """
    problems = Problems()
    found = documents(decode(text.encode(), name), problems, RECIPES.word)
    if "extends" in found[0]:
        raise fail("bad-value", "the first document of a whole recipe extends nothing", found[0]["extends"].place)
    return _loaded(found, set, flag, problems)


def _loaded(found: list[Map], set: Iterable[str], flag: str, problems: Problems) -> Recipe:
    """The recipe of documents, of which each is laid over those before it, and of the changes on the command line."""
    texts = [node.place.source.text for node in found]
    for node in found:
        if "name" not in node or is_null(node["name"]):
            problems.add("missing-key", "the key `name` is missing", node.place, hint="a recipe has a name")
    layers = [*found]
    name = next((node["name"] for node in reversed(found) if "name" in node), Text("recipe", found[0].place))
    for item in set:
        try:
            option = _option(Source(flag, item), flag)
        except SpecError as error:
            for diagnostic in error.diagnostics:
                problems.include(diagnostic)
        else:
            layers.append(option)
            place = option.place
            words = dict.fromkeys((Text("extends", place), Text("name", place)), name)
            texts.append(as_text(Map(place, {**words, **{option.key(key): value for key, value in option.items()}})))
    node, *changes = layers
    for change in changes:
        node = _laid_over(node, change)
    settings = validated(RecipeModel, node, problems)
    problems.check()
    assert settings is not None, "what is not valid was reported"
    return Recipe(settings, node, "---\n".join(text.strip("\n") + "\n" for text in texts))


def _option(source: Source, flag: str) -> Map:
    """`optimizer.SGD.lr=0.1` as a document."""
    words, cell, place = option_value(source, f"{flag} epochs=10, or {flag} optimizer.SGD.lr=0.1")
    if words[0] in ("extends", "name"):
        raise fail("bad-change", f"`{words[0]}` cannot be changed by a path", place, hint="write a recipe that extends this one")
    spelled = words if words[0] in _NAMED else tuple(_SPELLED.get(word, word) for word in words)
    return nested(spelled, cell, place)


def _laid_over(old: Map, new: Map, named: Collection[str] = _NAMED) -> Map:
    """A mapping with another laid over it: mappings key by key, all else whole; null takes a key away."""
    merged = {old.key(key): cell for key, cell in old.items()}
    for key, cell in new.items():
        before = old.get(key)
        merged = {k: v for k, v in merged.items() if k != key}
        if isinstance(before, Map) and isinstance(cell, Map) and (key not in named or before.keys() == cell.keys()):
            merged[new.key(key)] = _laid_over(before, cell, ())
        elif not is_null(cell):
            merged[new.key(key)] = cell
    return Map(old.place, merged)
