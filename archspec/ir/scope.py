"""What a row can see: the values of the block it is written in, the shape that enters it, the rows before it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from archspec.language.blocks import Block
from archspec.language.formula import FormulaError, UnknownValueError
from archspec.language.nodes import Node, Text, is_formula
from archspec.language.places import Place
from archspec.language.scaling import UNSCALED, Scale
from archspec.ops.base import Shape


@dataclass(frozen=True)
class Ref:
    """An earlier row: its path and what comes out of it (None if that is not known because of an error)."""

    path: str
    output: Shape | None
    #: where the row is there, if only in some variants
    there: Any = True

    def __str__(self) -> str:
        return self.path


@dataclass(frozen=True)
class Removed:
    """A row that is not there: the place where it is written, and what took it away."""

    place: Place
    by: str


class Rows:
    """The rows that a `from` may name: those of this list, then of the enclosing lists of the same body."""

    def __init__(self, outer: Rows | None = None) -> None:
        self.outer = outer
        self.refs: dict[str, Ref] = {}
        self.removed: dict[str, Removed] = {}

    def find(self, name: str) -> Ref | Removed | None:
        """The row, or what removed it, or None."""
        ref = self.refs.get(name)
        # asking where it is raises Differ, if it is there in some variants only
        found = ref if ref is not None and ref.there else self.removed.get(name)
        return found or (self.outer.find(name) if self.outer else None)

    def names(self) -> list[str]:
        return [*self.refs, *(self.outer.names() if self.outer else [])]


@dataclass(frozen=True)
class Scope:
    """Where a row is written: the columns and vars of its block (or of the spec), and what entered the block."""

    values: dict[str, Any]
    rows: Rows
    block: Block | None = None
    entry: Shape | None = None
    index: int | None = None
    origins: Mapping[str, Place | Cell] = field(default_factory=dict)
    #: the spec's vars, where a library block does not see them: only to say so
    unseen: Collection[str] = ()
    #: what of the spec's scale holds here
    scale: Scale = UNSCALED

    def listed(self) -> Scope:
        """The same inside a list, whose rows are seen by what follows in it."""
        return replace(self, rows=Rows(self.rows))

    def names(self, shape: Shape | None, stated: tuple[int, ...] | None = None) -> RowNames:
        """What the formulas of one row see; `stated` is its `output size`."""
        return RowNames(self.values, shape, self.entry, self.index, stated, self.origins, self.unseen, scale=self.scale)


@dataclass(slots=True)  # not frozen, since that costs time and each row has some; nothing changes one
class RowNames:
    """The names of one row's formulas. `origins` are where the values of columns and vars were written."""

    values: dict[str, Any]
    shape: Shape | None
    entry: Shape | None = None
    index: int | None = None
    stated: tuple[int, ...] | None = None
    origins: Mapping[str, Place | Cell] = field(default_factory=dict)
    #: the spec's vars, where a library block does not see them: only to say so
    unseen: Collection[str] = ()
    #: vars that come later, likewise
    later: Collection[str] = ()
    #: what of the spec's scale holds in the row; None while the vars that it may depend on are computed
    scale: Scale | None = UNSCALED

    def __getitem__(self, name: str) -> Any:
        if name in self.values:
            return self.values[name]
        if name == "index" and self.index is not None:
            return self.index
        if name == "out_channels" and self.stated is not None and len(self.stated) == 3:
            return self.scaled(self.stated[2])
        for prefix, shape in (("in_", self.shape), ("block_in_", self.entry)):
            side = name.removeprefix(prefix)
            if name.startswith(prefix) and side in ("channels", "height", "width"):
                if shape is None:
                    raise UnknownValueError
                return getattr(shape, side)
        raise KeyError(name)

    def scaled(self, channels: Any) -> Any:
        """The function `scaled` of formulas: channels under the spec's scale."""
        if self.scale is None:
            raise FormulaError("formula-value", "the vars of a spec come before its scale: call `scaled` where a var is used")
        return self.scale.channels(channels)

    def __iter__(self) -> Iterator[str]:
        yield from self.values
        yield from ("in_channels", "in_height", "in_width", "block_in_channels", "block_in_height", "block_in_width")
        if self.index is not None:
            yield "index"


def origin(value: Node, names: RowNames) -> Place:
    """Where a value was written: for a formula that only passes a name on, where that name got it."""
    name = value[1:].strip() if isinstance(value, Text) and is_formula(value) else ""
    found = names.origins.get(name, value.place)
    return found.origin if isinstance(found, Cell) else found


@dataclass(slots=True)
class Cell:
    """A written value with its key and the names that its formula sees."""

    key: Text
    value: Node
    names: RowNames
    rows: Rows
    wrong: bool = False  # the key was misspelt, and reported

    @property
    def origin(self) -> Place:
        return origin(self.value, self.names)


@dataclass(frozen=True)
class Layer:
    """A layer as a value: a type and its cells, whose formulas see what they saw where they were written."""

    type: Text
    cells: dict[str, Cell] = field(default_factory=dict)

    def __str__(self) -> str:
        return str(self.type)
