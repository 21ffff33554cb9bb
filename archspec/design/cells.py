"""What stands in an expanded spec under the paths of changes: rows and cells, found by pattern, with their values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from archspec.ir.rows import is_row_key
from archspec.ir.tree import Inner, Network, Tree
from archspec.ir.types import Types
from archspec.language.changes import patterns, unmatched_path
from archspec.language.columns import Column
from archspec.language.diagnostics import SpecError, did_you_mean, fail
from archspec.language.names import nearest, normal
from archspec.language.nodes import Text, is_formula
from archspec.language.scaling import SCALE_KEYS, UNSCALED
from archspec.language.spec import Spec
from archspec.language.values import boolean, number

#: how often patterns may be compared with rows; unmatched paths for which the nearest is looked up
_COMPARED, _SEARCHED = 2_000_000, 20
#: in place of a value that cannot be told
UNKNOWN: Any = object()


class Cells:
    """The cells of a spec by the paths that changes use, and the values that they have in its network."""

    def __init__(self, spec: Spec, network: Network) -> None:
        self._spec, self.network, self.types = spec, network, Types(spec.blocks, spec.broken)
        tops = [*network.rows, *(head.node for head in network.heads)]
        self._looked = self._missed = 0
        self._nodes = {tuple(node.path.split(".")): node for top in tops for node in _nodes(top)}

    def find(self, path: Text) -> list[str]:
        """The rows, or else cells, that a path with patterns means, in order; none if it meets nothing.

        Raises SpecError for a section of the spec that has no such name.
        """
        words = tuple(word.strip() for word in path.split("."))
        self._look(path)
        if _is_scale(words):
            return [".".join(words)]
        if words[0] in _SECTIONS:
            return [_SECTIONS[words[0]](self, path, words)]
        found = [f"{'.'.join(at)}.{name}" for at, node in self._met(words[:-1]) if (name := self._cell(node, words[-1]))]
        return found or [".".join(at) for at, _ in self._met(words)]

    def of_type(self, name: str) -> list[str]:
        """The rows of a type; of copies only the row that is repeated."""
        return [
            ".".join(at)
            for at, node in self._nodes.items()
            if normal(node.type) == normal(name) and not (at[-1].isdigit() and self._nodes[at[:-1]].type == node.type)
        ]

    def types_of_rows(self) -> list[str]:
        """The types that rows have."""
        return sorted({normal(node.type) for node in self._nodes.values()})

    def value(self, path: str) -> Any:
        """What a cell holds; UNKNOWN if that cannot be told (a row, a formula of a var, copies that differ)."""
        words = tuple(path.split("."))
        if words[0] in _SECTIONS or _is_scale(words):
            return self._section_value(words)
        node = self._nodes.get(words[:-1])
        if node is None or (words in self._nodes and not self._column(node, words[-1])):
            return UNKNOWN
        copies = [child for child in node.children if child.name.isdigit()] if isinstance(node, Inner) else []
        if normal(words[-1]) == "repeat":
            return len(copies) or 1
        values = [one.columns.get(words[-1], UNKNOWN) for one in (copies or [node])]
        return values[0] if all(value == values[0] for value in values) else UNKNOWN

    def unknown(self, path: Text) -> SpecError:
        """What is said of a path that met nothing: the nearest."""
        self._missed += 1
        code, message, place, hint = unmatched_path(path, self.known() if self._missed <= _SEARCHED else None)
        return fail(code, message, place, hint=hint)

    def known(self) -> list[str]:
        """All paths, sections first."""
        rows = [".".join(at) for at in self._nodes]
        columns = [f"{'.'.join(at)}.{name}" for at, node in self._nodes.items() for name in self._columns(node)]
        defaults = [f"defaults.{one.type}.{column}" for one in self._spec.defaults.values() for column in one.cells]
        return [*(f"vars.{name}" for name in self._spec.vars), *defaults, *rows, *columns]

    def _look(self, path: Text) -> None:
        """Patterns are compared with every row; so many times that takes too long."""
        self._looked += len(self._nodes) if "*" in path else 1
        if self._looked > _COMPARED:
            message = "the patterns are too many for this many rows"
            raise fail("bad-change", message, path.place, hint="name the rows, or use one pattern for several")

    def _met(self, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Tree]]:
        if words in self._nodes:
            yield words, self._nodes[words]
        elif any("*" in word for word in words):
            wanted = patterns(words)
            for at, node in self._nodes.items():
                if len(at) == len(words) and all(one.match(word) for one, word in zip(wanted, at, strict=True)):
                    yield at, node

    def _columns(self, node: Tree) -> dict[str, Column]:
        type_ = self.types.find(node.type)
        return type_.columns if type_ else {}

    def _column(self, node: Tree, word: str) -> str | None:
        type_ = self.types.find(node.type)
        key = "patch" if normal(word) == "patch size/stride" else normal(word)
        column = type_.column(key) if type_ and key else None
        return column.name if column else None

    def _cell(self, node: Tree, word: str) -> str | None:
        """The name of a column, or of a key that any row may have."""
        return self._column(node, word) or (normal(word) if is_row_key(word) else None)

    def _var(self, path: Text, words: Sequence[str]) -> str:
        if len(words) != 2 or words[1] not in self._spec.vars:
            known = ", ".join(self._spec.vars) or "none"
            hint = did_you_mean(nearest(words[-1], self._spec.vars)) or f"the vars are {known}"
            raise fail("unknown-path", f"the spec has no var `{'.'.join(words[1:])}`", path.place, hint=hint)
        return ".".join(words)

    def _default(self, path: Text, words: Sequence[str]) -> str:
        if len(words) != 3:
            raise fail("bad-change", "a change of `defaults` has the form defaults.name.column", path.place)
        type_ = self.types.find(words[1])
        if type_ is None:
            hint = did_you_mean(nearest(words[1], self.types.names()))
            raise fail("unknown-type", f"`{words[1]}` is neither an op nor a block", path.place, hint=hint)
        column = type_.column(normal(words[2]))
        if column is None:
            hint = did_you_mean(nearest(words[2], type_.columns))
            raise fail("unknown-column", f"`{words[2]}` is not a column of {type_.name}", path.place, hint=hint)
        return ".".join((words[0], words[1], column.name))

    def _input(self, path: Text, words: Sequence[str]) -> str:
        if len(words) != 1:
            raise fail("bad-change", "a change of `input` has the form input", path.place)
        return "input"

    def _section_value(self, words: Sequence[str]) -> Any:
        node: Any = None
        if words[0] == "vars":
            node = self._spec.vars.get(words[1])
        elif words[0] == "scale":
            node = self._spec.scale.get(words[1], Text(str(getattr(UNSCALED, words[1])), self._spec.place))
        elif words[0] == "defaults" and normal(words[1]) in self._spec.defaults:
            cells = self._spec.defaults[normal(words[1])].cells
            node = cells[normal(words[2])][1] if normal(words[2]) in cells else None
        if not isinstance(node, Text) or is_formula(node):
            return UNKNOWN
        for parse in (number, boolean):
            try:
                return parse(node)
            except ValueError:
                continue
        return str(node)


_SECTIONS = {"vars": Cells._var, "defaults": Cells._default, "input": Cells._input}


def _is_scale(words: Sequence[str]) -> bool:
    return len(words) == 2 and words[0] == "scale" and words[1] in SCALE_KEYS


def _nodes(node: Tree) -> Iterator[Tree]:
    yield node
    for child in node.children if isinstance(node, Inner) else ():
        yield from _nodes(child)
