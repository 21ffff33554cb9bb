"""A name to its documents: a text, and all that it extends; and a document back to text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from archspec.language.diagnostics import Problems, fail
from archspec.language.nodes import Map, Node, Seq, Text, is_null
from archspec.language.places import Place, Source
from archspec.language.reader import read
from archspec.language.resolve import SPECS, Shelf, named, named_in

_MAX_CHAIN = 20
_MAX_DOCUMENTS = 200
#: the keys that a document has that extends nothing, by the kind of document
_KEYS = {"spec": "name, input and rows", "recipe": "name, epochs, batch, optimizer and transforms"}


class Found(NamedTuple):
    """A document, the file that it stands in, and the folder that it may read."""

    node: Map
    path: Path
    root: Path


def chain(name: str, problems: Problems, shelf: Shelf = SPECS) -> list[Found]:
    """The documents from the one that extends nothing to the one that was named. Raises SpecError."""
    source, path, root = named(name, shelf)
    layers: list[Found] = []
    seen: list[Path] = []
    while True:
        nodes = documents(source, problems, shelf.word)
        layers = [Found(node, path, root) for node in nodes] + layers
        seen.append(path)
        base = nodes[0].get("extends")
        if base is None:
            return layers
        if not isinstance(base, Text) or is_null(base) or not base:
            raise fail("bad-value", f"`extends` must be the name of a {shelf.word}, or a file", base.place)
        source, path, root = named_in(base, base.place, path, root, shelf)
        if path in seen or len(seen) >= _MAX_CHAIN:
            circle = " extends ".join(p.stem for p in [*seen, path])
            raise fail("cyclic-extends", f"the {shelf.word}s extend each other in a circle: {circle}", base.place)


def documents(source: Source, problems: Problems, word: str = SPECS.word) -> list[Map]:
    """The documents of a file: one, or a stream in which each extends the one before it."""
    found: list[Map] = []
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
            raise fail("bad-value", f"a {word} is a mapping with {_KEYS[word]}", node.place)
        if found and "extends" not in node:
            raise fail("bad-value", "a second document in a file extends the one before it, and says `extends`", node.place)
        found.append(node)
    if not found:
        raise fail("yaml-syntax", "the file is empty", Place(whole), hint=f"a {word} has {_KEYS[word]}")
    return found


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
