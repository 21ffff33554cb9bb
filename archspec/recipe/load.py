"""A name to its recipe: reads it and all that it extends, then the options of the command line, and validates the whole."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from archspec.language.changes import nested, option_value
from archspec.language.diagnostics import Problems, SpecError, fail
from archspec.language.documents import as_text, chain, documents
from archspec.language.nodes import Map, Node, Text, is_null
from archspec.language.places import Place, Source
from archspec.language.reader import decode
from archspec.language.resolve import RECIPES
from archspec.language.validation import validated
from archspec.recipe.schema import AveragingModel, DataModel, EarlyStopModel, HeldOutModel, RecipeModel, TestModel

#: keys whose value is one name with arguments: another name takes the place of the whole
_NAMED = ("optimizer", "schedule", "loss")
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
    _check_keys(node, problems)
    settings = validated(RecipeModel, node, problems)
    problems.check()
    assert settings is not None, "what is not valid was reported"
    return Recipe(settings, node, "---\n".join(text.strip("\n") + "\n" for text in texts))


def _option(source: Source, flag: str) -> Map:
    """`optimizer.SGD.lr=0.1` as a document."""
    words, value, place = option_value(source, f"{flag} epochs=10, or {flag} optimizer.SGD.lr=0.1")
    if words[0] in ("extends", "name"):
        raise fail("bad-change", f"`{words[0]}` cannot be changed by a path", place, hint="write a recipe that extends this one")
    spelled = words if words[0] in _NAMED else tuple(_SPELLED.get(word, word) for word in words)
    return nested(spelled, value, place)


def _laid_over(old: Map, new: Map, top: bool = True) -> Map:
    """A mapping with another laid over it: mappings key by key, all else whole; null takes a key away."""
    merged = {old.key(key): value for key, value in old.items()}
    for key, value in new.items():
        before = old.get(key)
        both = isinstance(before, Map) and isinstance(value, Map)
        if top and key in _NAMED and both:
            both = before.keys() == value.keys()  # type: ignore[union-attr] # both are mappings
        merged = {k: v for k, v in merged.items() if k != key}
        if both:
            merged[new.key(key)] = _laid_over(before, value, top=False)  # type: ignore[arg-type] # both are mappings
        elif not is_null(value):
            merged[new.key(key)] = value
    return Map(old.place, merged)


def _check_keys(node: Map, problems: Problems) -> None:
    """A name that must not be empty."""
    if "name" not in node or is_null(node["name"]):
        problems.add("missing-key", "the key `name` is missing", node.place, hint="a recipe has a name")
