"""Blocks as they are written: the library's, read when first named, and a spec's own."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, cast

from archspec.language.arithmetic import CONSTANTS
from archspec.language.columns import REQUIRED, Column
from archspec.language.diagnostics import Problems, fail
from archspec.language.names import CLAIMS, HEAD_KEYS, STRUCTURE, identifier, normal
from archspec.language.nodes import Map, Node, Text, is_null
from archspec.language.places import Place, Source
from archspec.language.plugins import check_new, plugged_blocks
from archspec.language.reader import MAX_BYTES, decode, read
from archspec.language.schema import BlockModel, InitScheme
from archspec.language.validation import validated
from archspec.language.values import TYPES

LIBRARY = Path(__file__).parent.parent / "library"

#: Names that a formula sees in every block, and that its columns may not take.
FORMULA_NAMES = (
    *("in_channels", "in_height", "in_width", "out_channels", "index"),
    *("block_in_channels", "block_in_height", "block_in_width"),
)
#: column types that have bounds
_COUNTED = ("int", "count", "channels", "number", "fraction")
#: those that may count channels
_WHOLE = ("int", "count", "channels")
_TAKEN = frozenset(map(normal, (*STRUCTURE, *CLAIMS, *HEAD_KEYS, *FORMULA_NAMES, *CONSTANTS)))
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Block:
    """A template: columns, vars (formulas in order), and a body of rows. `body` is None if it is still to be inherited."""

    name: str
    about: str
    columns: dict[str, Column] | None
    vars: Map | None
    body: Node | None
    place: Place

    def over(self, older: Block | None) -> Block:
        """This block with what it does not say taken from the definition that it replaces."""
        if older is None:
            return self
        return replace(
            self,
            about=self.about or older.about,
            columns=self.columns if self.columns is not None else older.columns,
            vars=self.vars if self.vars is not None or self.body is not None else older.vars,  # they serve the old body
            body=self.body if self.body is not None else older.body,
        )


def taken(name: str) -> bool:
    """Whether a column cannot be called so: the language, or every formula, has the name."""
    return normal(name) in _TAKEN


def var_problem(name: str) -> tuple[str, str] | None:
    """Why `name` cannot be a var: (code, message), or None."""
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        return "bad-value", f"`{name}` is not a name that formulas can use"
    if name in FORMULA_NAMES or name in CONSTANTS:
        return "reserved-name", f"`{name}` is a name that every formula has"
    return None


def block_from(name: str, node: Map, model: BlockModel, problems: Problems) -> Block:
    """A block from its YAML, its columns checked."""
    columns: dict[str, Column] | None = None
    if name in STRUCTURE:
        problems.add("reserved-name", f"`{name}` is a word of the language and cannot be a block", node.place)
    if model.columns is not None:
        columns = {}
        headers: dict[str, str] = {}
        for column, told in model.columns.items():
            written = cast(Map, cast(Map, node["columns"])[column])
            place = cast(Map, node["columns"]).key(column).place
            if not _NAME.fullmatch(column) or keyword.iskeyword(column):
                problems.add(
                    "bad-value",
                    f"the column `{column}` needs a name that formulas can use",
                    place,
                    hint="put what the paper prints into `header`",
                )
            elif taken(column) or taken(told.header or column):
                problems.add("reserved-name", f"the column `{column}` has a name of the language", place)
            for header in {normal(column), normal(told.header or column)}:
                if headers.setdefault(header, column) != column:
                    problems.add("duplicate-key", f"the columns `{headers[header]}` and `{column}` go by the same header", place)
            default = written["default"] if "default" in written and not is_null(written["default"]) else REQUIRED
            for bound, value in (("min", told.min), ("max", told.max)):
                if value is not None and told.type not in _COUNTED:
                    problems.add(
                        "bad-value", f"`{bound}` is for numbers, not for a column of type {told.type}", written[bound].place
                    )
            if told.scale == "width" and told.type not in _WHOLE:
                message = f"`scale: width` is for whole numbers, not for a column of type {told.type}"
                problems.add("bad-value", message, written["scale"].place)
            header = told.header or column.replace("_", " ")
            made = Column(column, header, TYPES[told.type], default, told.about, told.min, told.max, scale=told.scale)
            columns[column] = replace(made, choices=_choices(made, written, problems))
    variables = node.get("vars")
    for variable in variables if isinstance(variables, Map) else ():
        problem = var_problem(variable)
        if variable in (columns or {}):
            problem = "duplicate-key", f"`{variable}` is a column of the block already"
        if problem:
            problems.add(*problem, cast(Map, variables).key(variable).place)
    body = node.get("body")
    return Block(name, model.about or "", columns, variables if isinstance(variables, Map) else None, body, node.place)


def _choices(column: Column, written: Map, problems: Problems) -> tuple[Any, ...]:
    """The choices of a column as values of its type."""
    choices = []
    for node in written.get("choices", ()):
        try:
            choices.append(column.parse(node))
        except ValueError as error:
            problems.add("bad-value", f"a choice of {error}", node.place if isinstance(node, Text) else written.place)
    return tuple(choices)


@cache
def _files() -> dict[str, Path]:
    """The files of the library's blocks, plug-ins included, by name; none is opened. Raises SpecError if a name stands twice."""
    own = {path.stem.replace("_", " "): path for path in LIBRARY.glob("*.yaml")}
    plugged = plugged_blocks()
    check_new({name: point for name, (point, _) in plugged.items()}, own, "block")
    return {**own, **{name: path for name, (_, path) in plugged.items()}}


@cache
def library_names() -> tuple[str, ...]:
    """The names of the library's blocks, plug-ins included."""
    return tuple(sorted(_files()))


@cache
def library_block(name: str) -> Block | None:
    """The library's block of this (normalised) name, or None."""
    if name not in library_names():
        return None
    node, problems = _library_file(_files()[name]), Problems()
    model = validated(BlockModel, node, problems)
    problems.check()
    assert model is not None
    block = block_from(name, node, model, problems)
    if block.body is None:
        problems.add("missing-key", f"the block `{name}` has no body", block.place)
    problems.check()
    return block


def scheme_names() -> list[str]:
    """The names of the library's initialisation schemes."""
    return sorted(path.stem.replace("_", " ") for path in (LIBRARY / "init").glob("*.yaml"))


def init_scheme(name: str, place: Place) -> InitScheme:
    """The library's initialisation scheme of this name; SpecError if there is none."""
    if normal(name) not in scheme_names():
        raise fail(
            "bad-value", f"there is no initialisation called `{name}`", place, hint=f"there are: {', '.join(scheme_names())}"
        )
    problems = Problems()
    scheme = validated(InitScheme, _library_file(LIBRARY / "init" / f"{identifier(name)}.yaml"), problems)
    problems.check()
    assert scheme is not None
    return scheme


def _library_file(path: Path) -> Map:
    shown = f"archspec/library/{path.relative_to(LIBRARY)}" if path.is_relative_to(LIBRARY) else str(path)
    with path.open("rb") as file:
        text = decode(file.read(MAX_BYTES + 1), shown).text
    source = Source(shown, text, library=True)
    nodes = read(source)
    if len(nodes) != 1 or not isinstance(nodes[0], Map):
        raise fail("bad-file", "a file of the library holds one mapping", Place(source))
    return nodes[0]
