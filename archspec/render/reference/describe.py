"""One op, library block or shipped spec, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from archspec.language.blocks import Block
from archspec.language.load import load
from archspec.language.nodes import Map
from archspec.language.reader import read
from archspec.language.resolve import named
from archspec.render.reference.columns import DescribedColumn, described_column, written
from archspec.render.reference.listing import about_of, first_line, spec_file, type_of
from archspec.render.reference.users import extended, users


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
        return first_line(self.about)

    def trained(self, mark: str = "") -> str:
        """What of an op is trained, in words, with a mark around each name."""
        tensors = ", ".join(f"{mark}{name}{mark}" for name in self.tensors)
        counted = "; a layer that depth counts" if self.counted else ""
        return (f"trained tensors: {tensors}" if tensors else "no trained tensors") + counted


def describe(kind: str, name: str) -> Described:
    """The op, block or spec of this name, which is one of `names()[kind]`."""
    return _spec(name) if kind == "specs" else _type(kind, name)


def _spec(name: str) -> Described:
    spec = load(name)
    text, _, _ = named(name)
    return Described(
        kind="spec",
        name=name,
        about=spec.about,
        used_by={"specs": users(name)["specs"]},
        vars={each: written(node) for each, node in spec.vars.items()},
        file=spec_file(name),
        extends=extended(read(text)[-1]),
        source={key: value for key, value in spec.source if isinstance(value, str)},
        input="x".join(map(str, spec.input or ())),
        text=text.text,
    )


def _type(kind: str, name: str) -> Described:
    type_ = type_of(kind, name)
    block, primitive = type_.block, type_.op
    return Described(
        kind=kind.removesuffix("s"),
        name=name,
        about=about_of(type_),
        used_by=users(name),
        columns=tuple(map(described_column, type_.columns.values())),
        vars={each: written(node) for each, node in block.vars.items()} if block and block.vars else {},
        tensors=primitive.tensors if primitive else {},
        counted=bool(primitive and primitive.layer),
        text=_body(block) if block else "",
    )


def _body(block: Block) -> str:
    """The body of a library block, as its file has it: from its key to the next one, or to the end."""
    source = block.place.source
    (node,) = read(source)
    assert isinstance(node, Map)
    start = node.key("body").place.line
    later = [line for key in node if (line := node.key(key).place.line) > start]
    return "\n".join(source.lines[start - 1 : min(later) - 1 if later else None]) + "\n"
