"""Constraints on the members of a space: `params <= 7M and macs <= 1.6G and n5x5 % 8 == 0`, a formula of the language.

Dotted paths are one name (`inception_3a.n5x5`, `inception_3a.macs`), and 7M is 7,000,000.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal, Protocol

from archspec.ir.tree import Inner, Network, Tree
from archspec.language.arithmetic import CONSTANTS, FUNCTIONS
from archspec.language.diagnostics import SpecError, did_you_mean, fail
from archspec.language.formula import FormulaError, parse
from archspec.language.names import nearest
from archspec.language.nodes import Text
from archspec.language.places import Place

#: the figures of a whole network, and those that a row has too
TOTALS = ("params", "macs", "activations", "depth", "params_with_heads")
ROW_FIGURES = ("params", "macs", "activations", "depth")

_UNITS = {"K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_TOKEN = re.compile(
    r"""(?P<text>'[^']*'|"[^"]*")|(?P<name>[^\W\d]\w*(?:\.\w+)*)|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?P<unit>\w*)"""
)
#: stands for the dot in a name, which a formula does not have; Python takes it for a letter
DOT = "\N{MIDDLE DOT}"


class Named(Protocol):
    """What of an axis is asked here."""

    @property
    def name(self) -> str: ...
    @property
    def cells(self) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class Name:
    """What a name in a constraint means.

    `total`: the figure `key` of the network; `cost`: that of the row at `path`; `cell`: the column `key` of that row;
    `column`: the column `key` of every row that has it; `axis`: what the axis `key` lists.
    """

    kind: Literal["total", "cost", "cell", "column", "axis"]
    key: str
    path: str = ""


@dataclass(frozen=True)
class Constraint:
    """One condition: `text` as it was written, `formula` as `archspec.language.formula` takes it, and what its names mean.

    With names of kind `column` it must hold in every row that has all of these columns.
    """

    text: str
    formula: str
    names: Mapping[str, Name]
    place: Place = field(repr=False)

    @property
    def tree(self) -> ast.expr:
        return parse(self.formula)

    def __str__(self) -> str:
        return self.text


def constraints(text: Text, network: Network, axes: Sequence[Named] = ()) -> list[Constraint]:
    """The conditions of a text, taken apart at each `and` that stands outside of brackets. Raises SpecError at its place."""
    formula, offsets = _translated(text)

    def place(start: int, end: int) -> Place:
        first = offsets[min(start, len(offsets) - 1)]
        return text.place.within(text, first, max(1, offsets[min(end, len(offsets) - 1)] - first))

    try:
        tree = parse(formula)
    except FormulaError as error:
        message = error.message if "is malformed" not in error.message else f"the constraint `{text}` is malformed"
        raise fail(error.code, message, place(error.offset, error.offset + error.width)) from None
    parts = tree.values if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And) else [tree]
    found = []
    for part in parts:
        start, end = part.col_offset, part.end_col_offset or 0
        here = place(start, end)
        if isinstance(part, ast.Constant | ast.BinOp | ast.UnaryOp | ast.Call) and not _negates(part):
            raise _no_condition(text[offsets[start] : offsets[end]], here)
        names: dict[str, Name] = {}
        for node in ast.walk(part):
            if isinstance(node, ast.Name) and node.id not in _CALLED:
                at = place(node.col_offset, node.end_col_offset or 0)
                names[node.id] = _meant(node.id.replace(DOT, "."), network, axes, at)
                if node is part and names[node.id].kind in ("total", "cost"):
                    raise _no_condition(node.id.replace(DOT, "."), at)
        found.append(Constraint(text[offsets[start] : offsets[end]], "=" + formula[start:end], names, here))
    return found


_CALLED = frozenset({*CONSTANTS, *FUNCTIONS})


def _no_condition(text: str, place: Place) -> SpecError:
    return fail("formula-value", f"`{text}` is no condition", place, hint="a condition compares: params <= 7M")


def _negates(node: ast.expr) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)


def _translated(text: Text) -> tuple[str, list[int]]:
    """A formula with `=`, and for each of its characters, and its end, the one of the text that it comes from."""
    parts, offsets, at = ["="], [0], 0

    def take(written: str, start: int, length: int) -> None:
        parts.append(written)
        offsets.extend(min(start + index, start + length - 1) for index in range(len(written)))

    for match in _TOKEN.finditer(text):
        take(text[at : match.start()], at, max(1, match.start() - at))
        take(_token(match, text), match.start(), len(match[0]))
        at = match.end()
    take(text[at:], at, max(1, len(text) - at))
    return "".join(parts), [*offsets, len(text)]


def _token(match: re.Match[str], text: Text) -> str:
    if match["name"]:
        return match["name"].replace(".", DOT)
    if not match["unit"]:
        return match[0]
    if match["unit"] not in _UNITS:
        place = text.place.within(text, match.start(), len(match[0]))
        raise fail("formula-syntax", f"`{match[0]}` is not a number", place, hint="K, M, G and T are 10^3, 10^6, 10^9 and 10^12")
    value = Fraction(match["number"]) * _UNITS[match["unit"]]
    return str(int(value)) if value.denominator == 1 else repr(float(value))


def _meant(name: str, network: Network, axes: Sequence[Named], place: Place) -> Name:
    if name in TOTALS:
        return Name("total", name)
    if name.startswith("vars.") and any(axis.name == name for axis in axes):
        return Name("axis", name)
    path, _, key = name.rpartition(".")
    node = node_at(network, path) if path else None
    if node is not None and key in ROW_FIGURES:
        return Name("cost", key, path)
    if (node is not None and key in node.columns) or any(name in axis.cells for axis in axes):
        return Name("cell", key, path)
    if not path and rows_with(network, {name}):
        return Name("column", name)
    if any(axis.name == name for axis in axes):
        return Name("axis", name)
    known = [*_known(network, axes)]
    var = f"vars.{name}" if f"vars.{name}" in known else None
    near = var or nearest(name, [one for one in known if one.count(".") == name.count(".")]) or nearest(name, known)
    hint = did_you_mean(near) or f"there is {', '.join(TOTALS)}, a column, row.column, and row.params and its like"
    raise fail("unknown-name", f"nothing here is called `{name}`", place, hint=hint)


def node_at(network: Network, path: str) -> Tree | None:
    """The node at a path: a row, or what is inside of one or of a head."""
    todo = [*network.rows, *(head.node for head in network.heads)]
    while todo:
        node = todo.pop()
        if node.path == path:
            return node
        todo += node.children if isinstance(node, Inner) and path.startswith(f"{node.path}.") else ()
    return None


def rows_with(network: Network, columns: Set[str]) -> list[Tree]:
    """The rows that have all these columns; if a row has not, those inside of it that have."""
    found, todo = [], [*reversed(network.rows)]
    while todo:
        node = todo.pop()
        if columns <= node.columns.keys():
            found.append(node)
        elif isinstance(node, Inner):
            todo += reversed(node.children)
    return found


def _known(network: Network, axes: Sequence[Named]) -> Iterator[str]:
    yield from TOTALS
    yield from (axis.name for axis in axes)
    for row in network.rows:
        yield from dict.fromkeys((*row.columns, *(f"{row.path}.{key}" for key in (*row.columns, *ROW_FIGURES))))
