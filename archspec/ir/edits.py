"""Changes laid over the rows as the tree is expanded: a path meets a row, a cell, or the list that gets a new row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from archspec.ir.at import StopError
from archspec.ir.cases import Cases
from archspec.ir.rows import COMBINATORS, Row, is_row_key, split_patch, with_inline
from archspec.ir.scaling import SCALE
from archspec.ir.types import Type, Types
from archspec.language.blocks import Block
from archspec.language.changes import Change, unmatched
from archspec.language.diagnostics import did_you_mean
from archspec.language.many import deny
from archspec.language.names import nearest, normal
from archspec.language.nodes import Map, Node, Text, describe, is_null
from archspec.language.scaling import ROW_WORDS
from archspec.language.truths import either

Path = tuple[str, ...]

#: keys of which a row has one: what it is
_KINDS = ("type", "layer", *COMBINATORS)
#: how often patterns may be compared with rows
_COMPARED = 2_000_000
#: unmatched changes for which the nearest path is looked up
_SEARCHED = 20


class Edits:
    """The changes of a spec, in order; remembers which were met."""

    def __init__(self, changes: Sequence[Change], types: Types, cases: Cases) -> None:
        self._all, self._types = changes, types
        #: which variants are expanded now, and what is wrong with them
        self.cases = cases
        self._order = {change: number for number, change in enumerate(changes)}
        self._literal: dict[Path, list[Change]] = {}
        self._patterns: dict[int, list[Change]] = {}
        self._children: dict[Path, list[Change]] = {}
        for change in changes:
            if change.literal:
                self._literal.setdefault(change.path, []).append(change)
                self._children.setdefault(change.path[:-1], []).append(change)
            else:
                self._patterns.setdefault(len(change.path), []).append(change)
        #: where each change was met: by all variants, or by some
        self._met: dict[Change, Any] = {}
        self._done: set[tuple[Change, Path]] = set()
        self._known: list[str] = []
        self._hidden: list[Path] = []
        self._compared = 0

    def __bool__(self) -> bool:
        return bool(self._all)

    def _of_row(self, path: Path) -> list[Change]:
        """The changes that address the row at `path`, in order."""
        return self._in_order(self._literal.get(path, ()), len(path), path)

    def _of_cells(self, path: Path) -> list[Change]:
        """The changes that address something in the row at `path`, in order."""
        return self._in_order(self._children.get(path, ()), len(path) + 1, path)

    def _in_order(self, literal: Sequence[Change], length: int, path: Path) -> list[Change]:
        patterns = self._patterns.get(length, [])
        self._compared += len(patterns)
        if self._compared > _COMPARED:
            message = f"{len(patterns):,} patterns are too many for this many rows"
            self.cases.problems.add(
                "bad-change", message, patterns[0].place, hint="name the rows, or use one pattern for several"
            )
            raise StopError
        return sorted([*literal, *(change for change in patterns if change.meets(path))], key=self._order.__getitem__)

    def rows(self, named: Sequence[tuple[str, Node]], path: Path, *, head: bool = False) -> list[tuple[str, Node]]:
        """The rows of a list (or branches) with the new ones in place: a change with a type whose id is not there yet."""
        if not self._all:
            return list(named)
        result, ids = list(named), {name for name, _ in named}
        for change in self._of_cells(path):
            name, value = change.path[-1], change.value
            if "*" in name or not isinstance(value, Map) or name in ids:
                continue
            if (not path and change.head is not head) or not ({"type", "layer", *COMBINATORS} & set(value)):
                continue
            self._mark(change, (*path, name))
            at = self._position(value, [old for old, _ in result])
            if at is None:
                continue
            cells = {value.key(key): node for key, node in value.items() if key not in ("after", "before")}
            result.insert(at, (name, Map(change.place, cells)))
            ids.add(name)
        return result

    def row(self, row: Row, path: Path, inside: Block | None) -> Row | None:
        """The row with its changes made, or None if it is dropped."""
        if not self._all:
            return row
        type_ = self._type(row, inside)
        self._known.append(".".join(path))
        self._known += [".".join((*path, name)) for name in (type_.columns if type_ else ())]
        for change in sorted([*self._of_row(path), *self._of_cells(path)], key=self._order.__getitem__):
            if len(change.path) > len(path):
                row = self._cell(row, change, path, inside)
            elif (change, path) not in self._done:
                self._meet(change)
                if is_null(change.value):
                    return None
                row = self._merge(row, change, inside)
        return row

    def drops(self, path: Path) -> bool:
        """Whether a branch that is a list, not a row, is dropped."""
        if not self._all:
            return False
        for change in self._of_row(path):
            if (change, path) not in self._done:
                if is_null(change.value):
                    self._meet(change)
                    return True
                self.cases.problems.add(
                    "bad-change", f"`{'.'.join(path)}` is a list of rows: change its rows, or drop it with null", change.place
                )
                self._meet(change)
        self._known.append(".".join(path))
        return False

    def hide(self, path: Path) -> None:
        """What is inside of the row at `path` is not known, because of an error: changes to it are neither right nor wrong."""
        if self._all:
            self._hidden.append(path)

    def finish(self, sections: Sequence[str]) -> None:
        """Reports the changes that met nothing, of the variants in which they did not. `sections` are paths outside of the rows
        that may have been meant.
        """
        known, searched = [*sections, *self._known], 0
        for change in self._all:
            missed = deny(self._met.get(change, False))
            if missed is False or any(map(change.inside, self._hidden)):
                continue
            self.cases.wrong(missed, partial(unmatched, change, known, search=searched < _SEARCHED))
            searched += 1

    def _meet(self, change: Change) -> None:
        self._met[change] = either(self._met.get(change, False), self.cases.truth)

    def _mark(self, change: Change, path: Path) -> None:
        self._meet(change)
        self._done.add((change, path))

    def _type(self, row: Row, inside: Block | None) -> Type | None:
        told = row.get("type")
        return self._types.find(told, inside) if isinstance(told, Text) else None

    def _merge(self, row: Row, change: Change, inside: Block | None) -> Row:
        value = change.value
        if not isinstance(value, Map):
            self.cases.problems.add(
                "bad-change",
                f"`{'.'.join(change.path)}` is a row: its change is a mapping of cells, or null, found {describe(value)}",
                value.place,
            )
            return row
        for key in ("after", "before", "id"):
            if key in value:
                self.cases.problems.add(
                    "bad-change", f"`{key}` is for a new row, but `{'.'.join(change.path)}` exists", value.key(key).place
                )
        for key in sorted(value, key=lambda key: key != "type"):  # a new type first: it drops what it lacks
            if key not in ("after", "before", "id"):
                row = self._set(row, value.key(key), value[key], inside)
        return row

    def _cell(self, row: Row, change: Change, path: Path, inside: Block | None) -> Row:
        word = change.path[-1]
        type_ = self._type(row, inside)
        if normal(word) == SCALE:  # a pattern means the key of a row or the column of some types, as its value says
            column = bool(type_ and type_.column(SCALE))
            if not change.literal and (change.value in ROW_WORDS) is column:
                return row
        elif not is_row_key(word) and not (type_ and (type_.column(normal(word)) or normal(word) == "patch size/stride")):
            return row
        self._mark(change, (*path, word))
        return self._set(row, Text(word, change.place), change.value, inside)

    def _set(self, row: Row, key: Text, value: Node, inside: Block | None) -> Row:
        """The row with one key replaced: a column under whatever name it has there; a new type drops what it lacks."""
        type_ = self._type(row, inside)
        if type_ is not None:
            changed = {column.name for part, _ in split_patch(key, value) if (column := type_.column(normal(part)))}
            kept = {name: cell for name, cell in row.cells.items() if getattr(type_.column(name), "name", None) not in changed}
            row = replace(row, cells=kept)
        if normal(key) in _KINDS and not is_null(value):
            row = row.without(*_KINDS)
            if normal(key) != "type":
                row = replace(row, cells={})
        row = row.with_cell(key, value)
        if normal(key) == "type":
            row = with_inline(row)
            type_ = self._type(row, inside)
            if type_ is not None:
                row = replace(row, cells={name: cell for name, cell in row.cells.items() if type_.column(name) or name == SCALE})
        return row

    def _position(self, value: Map, ids: list[str]) -> int | None:
        """Where a new row goes; None if what it says is wrong, and was reported."""
        if "after" in value and "before" in value:
            self.cases.problems.add("bad-change", "a new row goes after a row or before one, not both", value.key("before").place)
            return None
        for key, offset in (("after", 1), ("before", 0)):
            if key not in value:
                continue
            name = value[key]
            if isinstance(name, Text) and name in ids:
                return ids.index(name) + offset
            hint = did_you_mean(nearest(name, ids)) if isinstance(name, Text) else None
            self.cases.problems.add("unknown-row", f"no row of this list is called {describe(name)}", name.place, hint=hint)
            return None
        return len(ids)
