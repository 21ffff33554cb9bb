"""A name to its Spec: reads a spec and all that it extends, then the options of the command line, in order."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple, cast

import yaml

from archspec.language.changes import option_documents
from archspec.language.diagnostics import Problems, did_you_mean, fail
from archspec.language.names import nearest
from archspec.language.nodes import Map, Node, Seq, Slot, Text, is_null
from archspec.language.places import Place, Source, option
from archspec.language.reader import read
from archspec.language.resolve import named, named_in
from archspec.language.scaling import scale_document
from archspec.language.spec import Spec, base_spec, change, extend
from archspec.language.uses import Budget, with_used_blocks

_MAX_CHAIN = 20
_MAX_DOCUMENTS = 200


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
    source, path, root = named(name)
    layers: list[_Layer] = []
    budget = Budget()
    seen: list[Path] = []
    while True:
        documents = _documents(source, problems)
        layers = [_whole(node, path, root, budget, problems) for node in documents] + layers
        seen.append(path)
        first = documents[0]
        base = first.get("extends")
        if base is None:
            return layers
        if not isinstance(base, Text) or is_null(base) or not base:
            raise fail("bad-value", "`extends` must be the name of a spec, or a file", base.place)
        source, path, root = named_in(base, base.place, path, root)
        if path in seen or len(seen) >= _MAX_CHAIN:
            circle = " extends ".join(p.stem for p in [*seen, path])
            raise fail("cyclic-extends", f"the specs extend each other in a circle: {circle}", base.place)


def _documents(source: Source, problems: Problems) -> list[Map]:
    """The documents of a file: one, or a stream in which each extends the one before it."""
    documents: list[Map] = []
    skipped, whole = 0, source
    parts = re.split(r"(?m)^---[ \t]*\r?\n", source.text)
    if len(parts) > _MAX_DOCUMENTS:
        raise fail("bad-file", f"the file has more than {_MAX_DOCUMENTS} documents", Place(source))
    for part in parts:
        # blank lines in front keep the line numbers those of the file
        whole = Source(source.name, "\n" * skipped + part)
        nodes = read(whole, problems)
        skipped += part.count("\n") + 1
        if not nodes or is_null(nodes[0]):
            continue
        node = nodes[0]
        if len(nodes) > 1:
            raise fail("yaml-syntax", "a document starts with --- on a line of its own", nodes[1].place)
        if not isinstance(node, Map):
            raise fail("bad-value", "a spec is a mapping with name, input and rows", node.place)
        if documents and "extends" not in node:
            raise fail("bad-value", "a second document in a file extends the one before it, and says `extends`", node.place)
        documents.append(node)
    if not documents:
        raise fail("yaml-syntax", "the file is empty", Place(whole), hint="a spec has name, input and rows")
    return documents


def _whole(document: Map, path: Path, root: Path, budget: Budget, problems: Problems) -> _Layer:
    whole = with_used_blocks(document, path, root, budget, problems)
    if whole is document:
        return _Layer(document, document.place.source.text)
    kept = Map(whole.place, {whole.key(key): value for key, value in whole.items() if key != "uses"})
    return _Layer(whole, as_text(kept))


def _option_text(name: str, node: Map) -> str:
    """An option as one more document of the spec's text."""
    place = node.place
    words = {Text(key, place): Text(name, place, plain=False) for key in ("extends", "name")}
    return as_text(Map(place, {**words, **{node.key(key): value for key, value in node.items()}}))


def as_text(node: Map) -> str:
    """A mapping as YAML, a plain scalar still plain."""
    return str(yaml.serialize(_yaml(node), width=10**6, allow_unicode=True))


def _yaml(node: Node) -> yaml.Node:
    """A node as PyYAML writes it: a plain scalar stays plain."""
    if isinstance(node, Map):
        return yaml.MappingNode("tag:yaml.org,2002:map", [(_yaml(node.key(key)), _yaml(value)) for key, value in node.items()])
    if isinstance(node, Seq):
        return yaml.SequenceNode("tag:yaml.org,2002:seq", [_yaml(item) for item in node], flow_style=True)
    resolver: Any = yaml.resolver.Resolver()
    tag = resolver.resolve(yaml.ScalarNode, str(node), (True, False))
    return yaml.ScalarNode(tag if node.plain else "tag:yaml.org,2002:str", str(node), style=None if node.plain else '"')
