"""What ops, blocks and shipped specs are, as data; and the data for a terminal, as JSON, and as pages of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from rich.table import Table
from rich.text import Text as Styled

from archspec.ir.rows import COMBINATORS, row_from
from archspec.ir.types import Type
from archspec.language.blocks import Block, library_block, library_names
from archspec.language.columns import REQUIRED, Column
from archspec.language.load import load
from archspec.language.names import identifier, normal
from archspec.language.nodes import Map, Node, Seq, Text, shown
from archspec.language.reader import read
from archspec.language.resolve import named, shipped, specs_folder
from archspec.language.values import TYPES
from archspec.ops import op, op_names

SCHEMA = 1


@dataclass(frozen=True)
class DescribedColumn:
    """A column: `default` is None where the column is needed, `takes` are its bounds or choices."""

    header: str
    id: str
    type: str
    default: str | None
    takes: str
    about: str


@dataclass(frozen=True)
class Described:
    """An op, a library block or a shipped spec. `text` is the body of a block, or the whole spec, as its file has it."""

    kind: str
    name: str
    about: str
    #: blocks and specs whose text names it, and specs that extend it
    used_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    columns: tuple[DescribedColumn, ...] = ()
    vars: Mapping[str, str] = field(default_factory=dict)
    #: of an op: its trained tensors with their number of dimensions, and whether `depth` counts it
    tensors: Mapping[str, int] = field(default_factory=dict)
    counted: bool = False
    #: of a spec
    file: str | None = None
    extends: str | None = None
    source: Mapping[str, str] = field(default_factory=dict)
    input: str | None = None
    text: str = ""

    @property
    def line(self) -> str:
        """What it is, in one line."""
        return " ".join(self.about.split("\n\n")[0].split())


def names() -> dict[str, tuple[str, ...]]:
    """All that can be described, by kind."""
    return {"ops": op_names(), "blocks": library_names(), "specs": tuple(sorted(shipped()))}


def lines(kind: str) -> dict[str, str]:
    """What each name of a kind is, in one line."""
    if kind == "specs":
        return {name: load(name).about for name in names()[kind]}
    return {name: Described(kind, name, about_of(_type(kind, name))).line for name in names()[kind]}


def describe(kind: str, name: str) -> Described:
    """The op, block or spec of this name, which is one of `names()[kind]`."""
    used_by = {users: tuple(sorted(found.get(name, ()))) for users, found in _uses().items()}
    if kind == "specs":
        spec = load(name)
        text, path, _ = named(name)
        return Described(
            kind="spec",
            name=name,
            about=spec.about,
            used_by={"specs": used_by["specs"]},
            vars={each: _written(node) for each, node in spec.vars.items()},
            file=path.relative_to(specs_folder().parent).as_posix(),
            extends=_base(read(text)[-1]),
            source={key: value for key, value in spec.source if isinstance(value, str)},
            input="x".join(map(str, spec.input or ())),
            text=text.text,
        )
    type_ = _type(kind, name)
    block, primitive = type_.block, type_.op
    return Described(
        kind=kind.removesuffix("s"),
        name=name,
        about=about_of(type_),
        used_by=used_by,
        columns=tuple(map(_column, type_.columns.values())),
        vars={each: _written(node) for each, node in (block.vars if block and block.vars else {}).items()},
        tensors=primitive.tensors if primitive else {},
        counted=bool(primitive and primitive.layer),
        text=_body(block) if block else "",
    )


def _type(kind: str, name: str) -> Type:
    if kind == "ops":
        primitive = op(name)
        assert primitive is not None
        return Type(name, primitive.columns(), op=primitive)
    block = library_block(name)
    assert block is not None
    return Type(name, block.columns or {}, block=block)


def about_of(type_: Type) -> str:
    """What an op says in its docstring, a block in its `about`."""
    return type_.op.about() if type_.op else type_.block.about if type_.block else ""


def type_name(column: Column) -> str | None:
    """The type of a column as blocks write it; None for one that only an op has."""
    return next((name for name, annotation in TYPES.items() if annotation == column.annotation), None)


def _column(column: Column) -> DescribedColumn:
    takes = [f"at least {column.least:g}"] if column.least is not None else []
    takes += [f"at most {column.most:g}"] if column.most is not None else []
    choices = column.choices
    if type_name(column) is None:
        choices = tuple(TypeAdapter(column.annotation).json_schema().get("enum", ()))
    takes += [", ".join(map(shown, choices))] if choices else []
    default = None if column.default is REQUIRED else _written(column.default)
    return DescribedColumn(column.header, column.name, type_name(column) or "text", default, "; ".join(takes), column.about)


def _written(value: Any) -> str:
    """A value or a node as a spec writes it."""
    if isinstance(value, Map):
        return "{" + ", ".join(f"{key}: {_written(node)}" for key, node in value.items()) + "}"
    if isinstance(value, tuple) and all(isinstance(part, int) for part in value) and len(set(value)) == 1:
        return str(value[0])
    if isinstance(value, Seq):
        return "[" + ", ".join(map(_written, value)) + "]"
    return shown(value)


def _body(block: Block) -> str:
    """The body of a library block, as its file has it."""
    source = block.place.source
    (node,) = read(source)
    assert isinstance(node, Map)
    starts = sorted([*(node.key(key).place.line for key in node), len(source.lines) + 1])
    start = node.key("body").place.line
    return "\n".join(source.lines[start - 1 : starts[starts.index(start) + 1] - 1]) + "\n"


# who uses what


@cache
def _uses() -> dict[str, dict[str, set[str]]]:
    """For blocks and for specs: name -> those whose text names it. The texts are read; nothing is expanded."""
    types = [_type(kind, name) for kind in ("ops", "blocks") for name in names()[kind]]
    layers = {normal(word) for type_ in types for c in type_.columns.values() if c.holds_layer for word in (c.name, c.header)}
    known = {type_.name for type_ in types}
    found: dict[str, dict[str, set[str]]] = {"blocks": {}, "specs": {}}
    for type_ in types:
        if type_.block is not None:
            for name in _named_by_block(type_.block, layers) & known:
                found["blocks"].setdefault(name, set()).add(type_.name)
    for spec in shipped():
        for node in read(named(spec)[0]):
            assert isinstance(node, Map)
            base = _base(node)
            for name in (_named_by_spec(node, layers, known) & known) | ({base} if base else set()):
                found["specs"].setdefault(name, set()).add(spec)
    return found


def _named_by_block(block: Block, layers: set[str]) -> set[str]:
    columns = (block.columns or {}).values()
    defaults = [c.default for c in columns if c.holds_layer and c.default is not REQUIRED]
    mappings = [node for node in (block.vars or {}).values() if isinstance(node, Map)]
    return {name for node in (block.body, *defaults, *mappings) if node is not None for name in _types_in(node, layers)}


def _named_by_spec(spec: Map, layers: set[str], known: set[str]) -> set[str]:
    """Types in the rows, changes, heads, blocks, defaults and vars of a document."""
    found: set[str] = set()
    own = _section(spec, "blocks")
    layers = layers | {normal(key) for block in own.values() for key in _layer_columns(block)}
    for key, node in {**_section(spec, "rows"), **_section(spec, "heads")}.items():
        if isinstance(node, Map) or normal(key.rpartition(".")[2]) in layers:
            found.update(_types_in(node, layers))
    rows = spec.get("rows")
    for node in [*(rows if isinstance(rows, Seq) else []), *_section(spec, "defaults").values()]:
        found.update(_types_in(node, layers))
    for node in _section(spec, "vars").values():
        if isinstance(node, Map) or (isinstance(node, Text) and normal(node) in known):
            found.update(_types_in(node, layers))
    for node in own.values():
        for part in (_at(node, "body"), *_layer_columns(node).values()):
            found.update(_types_in(part, layers) if part is not None else ())
    # a block of the spec that says all of itself has only its name in common with the library's
    return found - {normal(name) for name, node in own.items() if isinstance(node, Map) and {"columns", "body"} <= node.keys()}


def _base(node: Node) -> str | None:
    """The spec that a document extends."""
    base = _at(node, "extends")
    return str(base) if isinstance(base, Text) else None


def _at(node: Node, key: str) -> Node | None:
    return node.get(key) if isinstance(node, Map) else None


def _section(node: Node, key: str) -> Mapping[str, Node]:
    section = _at(node, key)
    return section if isinstance(section, Map) else {}


def _layer_columns(block: Node) -> dict[str, Node | None]:
    """The columns of an own block that hold a layer, with their defaults."""
    return {name: _at(column, "default") for name, column in _section(block, "columns").items() if _at(column, "type") == "layer"}


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


# for programs


def description_data(one: Described) -> dict[str, Any]:
    """A description as plain data."""
    return {"schema": SCHEMA, **asdict(one)}


def list_data(kinds: Iterable[str]) -> dict[str, Any]:
    """Names and their lines, by kind."""
    return {"schema": SCHEMA, **{kind: [{"name": name, "about": about} for name, about in lines(kind).items()] for kind in kinds}}


# for a terminal


def list_text(kinds: Iterable[str]) -> str:
    """Names and their lines, by kind."""
    found = {kind: lines(kind) for kind in kinds}
    width = max(len(name) for each in found.values() for name in each)
    parts = [
        "\n".join([kind, *(f"  {name:{width}}  {about}".rstrip() for name, about in each.items())])
        for kind, each in found.items()
    ]
    return "\n\n".join(parts)


def description_parts(one: Described) -> Iterator[Table | str]:
    """A description as lines of text and, where it has columns, a table."""
    yield f"{one.name}   {one.kind}   {one.line}"
    yield from one.about.split("\n\n")[1:]
    for key, value in {
        "input": one.input,
        "extends": one.extends,
        "source": ", ".join(one.source.values()),
        "file": one.file,
    }.items():
        if value:
            yield f"{key:8}{value}"
    if one.columns:
        yield ""
        yield _columns_table(one)
    if one.vars:
        yield "\nvars\n" + "\n".join(f"  {name}: {value}" for name, value in one.vars.items())
    if one.kind == "op":
        yield f"\n{_trained(one)}"
    if one.text:
        yield f"\n{one.text}".rstrip()
    if any(one.used_by.values()):
        yield ""
    for users, found in one.used_by.items():
        if found:
            yield f"used by {users}: {', '.join(found)}"


def _columns_table(one: Described) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    heads, rows = _grid(one)
    for head in heads:
        table.add_column(head, no_wrap=head != "meaning", overflow="fold")
    for row in rows:
        table.add_row(*map(Styled, row))
    return table


def _grid(one: Described) -> tuple[list[str], list[list[str]]]:
    """The heads and the cells of the table of columns; bounds only where there are some."""
    heads = ["column", "id", "type", "default", "takes", "meaning"]
    rows = [[c.header, c.id, c.type, "needed" if c.default is None else c.default, c.takes, c.about] for c in one.columns]
    empty = [at for at, head in enumerate(heads) if head == "takes" and not any(row[at] for row in rows)]
    return [head for at, head in enumerate(heads) if at not in empty], [
        [cell for at, cell in enumerate(row) if at not in empty] for row in rows
    ]


def _trained(one: Described, mark: str = "") -> str:
    tensors = ", ".join(f"{mark}{name}{mark}" for name in one.tensors)
    counted = "; a layer that depth counts" if one.counted else ""
    return (f"trained tensors: {tensors}" if tensors else "no trained tensors") + counted


# for the pages


PAGES = {
    "ops": "An op is the smallest layer: one class in a file of `archspec/ops`.",
    "blocks": "A block of the library is written in [the language](language.md#blocks), in a file of `archspec/library`.",
}
_WRITTEN = "<!-- written by `python tests/test_docs.py` from the code -->"


def reference_page(kind: str) -> str:
    """The page of all ops, or of all blocks."""
    all_names = names()[kind]
    parts = [
        f"# All {kind if kind == 'ops' else 'library blocks'}",
        _WRITTEN,
        f"{PAGES[kind]} `archspec show NAME` prints the same. *Needed* marks a column without a default.",
        "\n".join(f"- [{name}](#{_anchor(name)}): {line}" for name, line in lines(kind).items()),
    ]
    for name in all_names:
        parts += _markdown(describe(kind, name))
    return "\n\n".join(parts) + "\n"


def _markdown(one: Described) -> Iterator[str]:
    yield f"## {one.name}"
    yield one.about
    if one.columns:
        heads, rows = _grid(one)
        code = [at for at, head in enumerate(heads) if head in ("column", "id", "type", "default")]
        cells = [
            [f"`{cell}`" if at in code and cell != "needed" else cell.replace("|", "\\|") for at, cell in enumerate(row)]
            for row in rows
        ]
        yield "\n".join("| " + " | ".join(row) + " |" for row in [heads, ["---"] * len(heads), *cells])
    if one.vars:
        yield "Its vars: " + ", ".join(f"`{name}: {value}`" for name, value in one.vars.items()) + "."
    if one.kind == "op":
        trained = _trained(one, "`")
        yield trained[0].upper() + trained[1:] + "."
    if one.text:
        yield f"<!-- fragment -->\n```yaml\n{one.text.rstrip()}\n```"
    uses = [f"[{name}](blocks.md#{_anchor(name)})" for name in one.used_by["blocks"]]
    uses += [f"[{name}](../{_file(name)})" for name in one.used_by["specs"]]
    if uses:
        yield f"Used by {', '.join(uses)}."


def _file(spec: str) -> str:
    return shipped()[spec].relative_to(specs_folder().parent).as_posix()


def _anchor(name: str) -> str:
    return identifier(name).replace("_", "-")
