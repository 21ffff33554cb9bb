"""A name to its Spec: reads a spec and all that it extends, then the options of the command line, in order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, cast

from archspec.language.changes import option_documents
from archspec.language.diagnostics import Problems, did_you_mean
from archspec.language.documents import Found, as_text, chain
from archspec.language.names import nearest
from archspec.language.nodes import Map, Slot, Text
from archspec.language.places import option
from archspec.language.scaling import scale_document
from archspec.language.spec import Spec, base_spec, change, extend
from archspec.language.uses import Budget, with_used_blocks


def load(
    name: str,
    *,
    set: Iterable[str | tuple[str, Slot]] = (),
    scale: str | None = None,
    input: str | None = None,
    flag: str = "--set",
) -> Spec:
    """The spec that `name` (a path, or a shipped name) means, with `--set` changes, `--scale` and `--input`
    laid over it.

    Raises SpecError for what leaves nothing to expand; what else is wrong is kept in `problems`.
    """
    problems = Problems()
    layers = _chain(name, problems)
    base, *variants = (layer.node for layer in layers)
    options = option_documents(flag, set, problems)
    if scale is not None:
        options.append(scale_document("--scale", scale, problems))
    if input is not None:
        place = option("--input", input)
        options.append(Map(place, {Text("input", place): Text(input, place)}))
    spec = base_spec(base, problems)
    for node in variants:
        extend(spec, node, problems)
    spec.inherited = frozenset(spec.sources if options else spec.sources[:-1])
    for node in options:
        _known_vars(spec, node, problems)
        change(spec, node, problems)
    spec.options = [node.place for node in options]
    spec.documents = [*(layer.text for layer in layers), *(_option_text(spec.name, node) for node in options)]
    spec.problems = problems
    return spec


def _known_vars(spec: Spec, node: Map, problems: Problems) -> None:
    """An option may change a var, not make one."""
    for name in cast(Map, node.get("vars", Map(node.place))):
        if name not in spec.vars:
            hint = did_you_mean(nearest(name, spec.vars)) or f"the vars are {', '.join(spec.vars) or 'none'}"
            problems.add("unknown-path", f"the spec has no var `{name}`", node.place, hint=hint)


class _Layer(NamedTuple):
    """A document, and its whole text: with the blocks that it uses, if it uses any."""

    node: Map
    text: str


def _chain(name: str, problems: Problems) -> list[_Layer]:
    """The documents from the one that extends nothing to the one that was named."""
    budget = Budget()
    return [_whole(found, budget, problems) for found in chain(name, problems)]


def _whole(found: Found, budget: Budget, problems: Problems) -> _Layer:
    document = found.node
    whole = with_used_blocks(document, found.path, found.root, budget, problems)
    if whole is document:
        return _Layer(document, document.place.source.text)
    kept = Map(whole.place, {whole.key(key): value for key, value in whole.items() if key != "uses"})
    return _Layer(whole, as_text(kept))


def _option_text(name: str, node: Map) -> str:
    """An option as one more document of the spec's text."""
    place = node.place
    words = {Text(key, place): Text(name, place, plain=False) for key in ("extends", "name")}
    return as_text(Map(place, {**words, **{node.key(key): value for key, value in node.items()}}))
