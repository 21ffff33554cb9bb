"""What a row's type means: an op, or a block, with the columns that a key may name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

from archspec.language.blocks import Block, library_block, library_names
from archspec.language.columns import Column, by_header
from archspec.language.names import normal
from archspec.ops import Op, op, op_names


@dataclass(frozen=True)
class Type:
    """An op or a block under the name that rows use."""

    name: str
    columns: dict[str, Column]
    op: type[Op] | None = None
    block: Block | None = None

    @cached_property
    def headers(self) -> dict[str, Column]:
        """Columns by normalised identifier and header."""
        return by_header(self.columns.values())

    def column(self, key: str) -> Column | None:
        """The column that a normalised key names; the empty key, a value in parentheses, names the first."""
        return self.headers.get(key) if key else next(iter(self.columns.values()), None)


class Types:
    """Looks a type up: the spec's own blocks, then the library's, then the ops. `broken` are own blocks that are wrong."""

    def __init__(self, own: Mapping[str, Block], broken: Collection[str] = ()) -> None:
        self._own = {name: block for name, block in own.items() if name not in broken}
        self.broken = broken
        self._found: dict[tuple[str, bool], Type | None] = {}

    def find(self, name: str, inside: Block | None = None) -> Type | None:
        """The type called `name` in the body of the block `inside` (where its own name means the older definition), or None."""
        key = (normal(name), inside is not None and self._own.get(normal(name)) is inside)
        if key not in self._found:
            self._found[key] = self._look_up(*key)
        return self._found[key]

    def _look_up(self, name: str, older: bool) -> Type | None:
        if name in self.broken and not older:
            return None
        own, library, primitive = self._own.get(name), library_block(name), op(name)
        if own is not None and not (older and (library or primitive)):
            return Type(name, own.columns or {}, block=own)
        if library is not None:
            return Type(name, library.columns or {}, block=library)
        return Type(name, primitive.columns(), op=primitive) if primitive else None

    @staticmethod
    def shipped(name: str) -> bool:
        """Whether archspec, or a plug-in, has an op or a block of this (normalised) name."""
        return name in library_names() or name in op_names()

    def redefines(self, name: str) -> bool:
        """Whether the spec has a block of its own of this (normalised) name."""
        return name in self._own

    def own(self, block: Block) -> bool:
        """Whether a block is the spec's own, and so sees the spec's vars."""
        return self._own.get(block.name) is block

    def names(self) -> list[str]:
        return sorted({*self._own, *library_names(), *op_names()})
