"""Who uses what: the blocks and the specs whose text names a type, and the specs that extend a spec.

The texts are read; nothing is expanded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from archspec.ir.rows import COMBINATORS, row_from
from archspec.language.blocks import Block
from archspec.language.columns import REQUIRED
from archspec.language.names import normal
from archspec.language.nodes import Map, Node, Seq, Text
from archspec.language.reader import read
from archspec.language.resolve import named
from archspec.render.reference.listing import names, type_of


def users(name: str) -> dict[str, tuple[str, ...]]:
    """The blocks and the specs that use a type, or the spec, of this name."""
    return {kind: tuple(sorted(user for user, used in all_uses.items() if name in used)) for kind, all_uses in _uses().items()}


def extended(document: Node) -> str | None:
    """The spec that a document extends."""
    base = _at(document, "extends")
    return str(base) if isinstance(base, Text) else None


@cache
def _uses() -> dict[str, dict[str, set[str]]]:
    """What each block and each spec uses."""
    types = [type_of(kind, name) for kind in ("ops", "blocks") for name in names()[kind]]
    known = {type_.name for type_ in types}
    layers = {normal(word) for type_ in types for c in type_.columns.values() if c.holds_layer for word in (c.name, c.header)}
    return {
        "blocks": {type_.name: _in_block(type_.block, layers) & known for type_ in types if type_.block},
        "specs": {spec: {*_in_spec(spec, layers, known)} for spec in names()["specs"]},
    }


def _in_block(block: Block, layers: set[str]) -> set[str]:
    """The types in the body of a block, in what its layers are if a row does not say, and in its vars."""
    columns = (block.columns or {}).values()
    defaults = [column.default for column in columns if column.holds_layer and column.default is not REQUIRED]
    mappings = [node for node in (block.vars or {}).values() if isinstance(node, Map)]
    return {name for node in (block.body, *defaults, *mappings) if node is not None for name in _types_in(node, layers)}


def _in_spec(spec: str, layers: set[str], known: set[str]) -> Iterator[str]:
    """The known types in the documents of a shipped spec, and the specs that they extend."""
    for document in read(named(spec)[0]):
        assert isinstance(document, Map)
        yield from _in_document(document, layers, known) & known
        if base := extended(document):
            yield base


def _in_document(spec: Map, layers: set[str], known: set[str]) -> set[str]:
    """The types in the rows, changes, heads, blocks, defaults and vars of a document."""
    own = _section(spec, "blocks")
    layers = layers | {normal(key) for block in own.values() for key in _layer_columns(block)}
    rows = spec.get("rows")
    nodes = [*(rows if isinstance(rows, Seq) else ()), *_section(spec, "defaults").values()]
    for path, node in {**_section(spec, "rows"), **_section(spec, "heads")}.items():
        if isinstance(node, Map) or normal(path.rpartition(".")[2]) in layers:
            nodes.append(node)
    for node in _section(spec, "vars").values():
        if isinstance(node, Map) or (isinstance(node, Text) and normal(node) in known):
            nodes.append(node)
    for block in own.values():
        nodes += [part for part in (_at(block, "body"), *_layer_columns(block).values()) if part is not None]
    # a block of the spec that says all of itself has only its name in common with the library's
    whole = {normal(name) for name, block in own.items() if isinstance(block, Map) and {"columns", "body"} <= block.keys()}
    return {name for node in nodes for name in _types_in(node, layers)} - whole


def _types_in(node: Node, layers: set[str]) -> Iterator[str]:
    """The types that a row, a list of rows, or a layer names; those in branches and in columns of layers too."""
    if isinstance(node, Seq):
        for item in node:
            yield from _types_in(item, layers)
        return
    told = row_from(node).get("type")
    if isinstance(told, Text):
        yield normal(told)
    for key, value in node.items() if isinstance(node, Map) else ():
        if key in COMBINATORS and isinstance(value, Map):
            for branch in value.values():
                yield from _types_in(branch, layers)
        elif normal(key) in layers:
            yield from _types_in(value, layers)


def _at(node: Node, key: str) -> Node | None:
    return node.get(key) if isinstance(node, Map) else None


def _section(node: Node, key: str) -> Mapping[str, Node]:
    section = _at(node, key)
    return section if isinstance(section, Map) else {}


def _layer_columns(block: Node) -> dict[str, Node | None]:
    """The columns of an own block that hold a layer, with their defaults."""
    return {name: _at(column, "default") for name, column in _section(block, "columns").items() if _at(column, "type") == "layer"}
