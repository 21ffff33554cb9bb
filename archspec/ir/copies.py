"""Blocks that were expanded before: with the same values at the same size, a block gives the same tree under another path."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from archspec.ir.scope import Layer, Ref
from archspec.ir.tree import Inner, Tree
from archspec.language.nodes import Text, is_formula

AnyNode = TypeVar("AnyNode", bound=Tree)


@dataclass(frozen=True)
class Copy:
    """An expanded block, and what it added to the counts of its expansion."""

    node: Tree
    counts: tuple[int, ...]


def copy_key(values: Mapping[str, Any]) -> Hashable | None:
    """The values of a block's columns as a key; None if the block reads rows, or holds a layer whose formulas see more."""
    parts: list[Hashable] = []
    for value in values.values():
        if isinstance(value, Ref):
            return None
        if isinstance(value, Layer):
            cells = value.cells.items()
            if not all(isinstance(cell.value, Text) and not is_formula(cell.value) for _, cell in cells):
                return None
            parts.append((str(value.type), tuple((key, str(cell.value)) for key, cell in cells)))
        else:
            parts.append((type(value), value))
    return tuple(parts)


def closed(node: Tree, path: str) -> bool:
    """Whether nothing in the tree of a block reads a row outside of `path`: a layer's cell may name one."""
    if not all(source.startswith(f"{path}.") for source in node.sources):
        return False
    return all(closed(child, path) for child in node.children) if isinstance(node, Inner) else True


def moved(node: AnyNode, path: str) -> AnyNode:
    """The tree of a block under another path; what it reads lies inside of it."""
    if node.path == path:
        return node
    return _moved(node, len(node.path), path)


def _moved(node: AnyNode, length: int, path: str) -> AnyNode:
    sources = tuple([path + source[length:] for source in node.sources]) if node.sources else ()
    if isinstance(node, Inner):
        children = tuple([_moved(child, length, path) for child in node.children])
        return node.but(path=path + node.path[length:], sources=sources, children=children)
    return node.but(path=path + node.path[length:], sources=sources)
