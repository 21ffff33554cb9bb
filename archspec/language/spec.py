"""The Spec: a base document with every change laid over it, values still as written."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import cast

from archspec.language.blocks import Block, block_from, init_scheme, library_block
from archspec.language.changes import Change, row_changes
from archspec.language.diagnostics import Problems
from archspec.language.figures import Counts, Figure
from archspec.language.names import normal
from archspec.language.nodes import Map, Node, Seq, Text, is_null
from archspec.language.places import Place, Source
from archspec.language.schema import Document, Scheme, Shape3, SourceInfo, validated


@dataclass(frozen=True)
class Default:
    """A cell of `defaults`, with the key as it was written."""

    key: Text
    value: Node


@dataclass
class Spec:
    """A validated spec: the base document with every change laid over it, values still as written.

    `input` is height, width, channels (None if it is wrong). `problems` is what was found wrong so far: the
    expansion adds to it, so that one run reports everything. `texts` are the documents, base first; `inherited` are the
    sources whose claims are only inherited, because a later text changed the network.
    """

    name: str
    input: Shape3 | None
    input_place: Place
    rows: Seq
    heads: Map
    place: Place
    texts: list[Source]
    about: str = ""
    source: SourceInfo = field(default_factory=SourceInfo)
    vars: dict[str, Node] = field(default_factory=dict)
    defaults: dict[str, dict[str, Default]] = field(default_factory=dict)
    blocks: dict[str, Block] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    claims: dict[str, tuple[Figure, Place]] = field(default_factory=dict)
    init: Scheme = field(default_factory=dict)
    init_place: Place = field(default_factory=lambda: Place(Source("", "")))
    inherited: frozenset[Source] = frozenset()
    problems: Problems = field(default_factory=Problems)

    @property
    def counts(self) -> Counts:
        return self.source.counts

    @property
    def text(self) -> str:
        """The whole spec as one YAML stream, base first: each document extends the one before it."""
        return "---\n".join(source.text.strip("\n") + "\n" for source in self.texts)

    @property
    def digest(self) -> str:
        """`sha256:` and the hash of `text`."""
        return "sha256:" + hashlib.sha256(self.text.encode()).hexdigest()


def base_spec(node: Map, problems: Problems) -> Spec:
    """The spec of a document that extends nothing. Raises SpecError if it has no rows to look at."""
    document = validated(Document, node, problems) or Document()
    _need(node, ("name", "input", "rows"), problems)
    rows, heads = node.get("rows"), node.get("heads")
    if isinstance(rows, Map | Text) and not is_null(rows):
        message = "`rows` must be a list; it is a mapping of changes only in a spec that extends another"
        problems.add("bad-value", message, rows.place)
    if not isinstance(rows, Seq):
        problems.check()
    assert isinstance(rows, Seq)
    if not rows:
        problems.add("bad-value", "`rows` has no row", rows.place)
    spec = Spec(
        name=document.name,
        input=document.input,
        input_place=node.get("input", node).place,
        rows=rows,
        heads=heads if isinstance(heads, Map) else Map(node.place),
        place=node.place,
        texts=[node.place.source],
    )
    _merge(spec, document, node, problems)
    return spec


def extend(spec: Spec, node: Map, problems: Problems) -> None:
    """Lays an extending document over the spec."""
    _need(node, ("name",), problems)
    spec.texts.append(node.place.source)
    change(spec, node, problems)


def change(spec: Spec, node: Map, problems: Problems) -> None:
    """Lays the changes of an extending document, or of an option, over the spec."""
    document = validated(Document, node, problems) or Document()
    spec.name = document.name or spec.name
    if document.input is not None:
        spec.input, spec.input_place = document.input, node["input"].place
    _merge(spec, document, node, problems)
    for key, head in (("rows", False), ("heads", True)):
        section = node.get(key)
        if isinstance(section, Map):
            spec.changes += row_changes(section, head=head)
        elif section is not None and not is_null(section) and not head:
            message = "`rows` of a spec that extends another is a mapping of changes, from path to cells"
            problems.add("bad-value", message, section.place)


def _need(node: Map, keys: Iterable[str], problems: Problems) -> None:
    for key in keys:
        if key not in node or is_null(node[key]):
            problems.add("missing-key", f"the key `{key}` is missing", node.place, hint="a spec has name, input and rows")


def _merge(spec: Spec, document: Document, node: Map, problems: Problems) -> None:
    """The parts that merge the same way in a base and in a change."""
    spec.about = document.about or spec.about
    if document.source is not None:
        told = document.source.model_fields_set
        spec.source = spec.source.model_copy(update={key: getattr(document.source, key) for key in told})
    variables = node.get("vars")
    if isinstance(variables, Map):
        spec.vars = {**spec.vars, **variables}
    defaults = node.get("defaults")
    if isinstance(defaults, Map):
        for type_name, cells in defaults.items():
            mine = dict(spec.defaults.get(normal(type_name), {}))
            for key, value in cast(Map, cells).items():
                mine[normal(key)] = Default(cast(Map, cells).key(key), value)
            spec.defaults[normal(type_name)] = mine
    blocks = node.get("blocks")
    if isinstance(blocks, Map):
        for name, model in document.blocks.items():
            _block(spec, normal(name), block_from(normal(name), cast(Map, blocks[name]), model, problems), problems)
    for key in document.claims.model_fields_set:
        if (figure := getattr(document.claims, key)) is not None:
            spec.claims[key] = (figure, cast(Map, node["claims"])[key].place)
    if document.init is not None:
        spec.init_place = node["init"].place
    if isinstance(document.init, str):
        spec.init = init_scheme(document.init, node["init"].place).tensors
    elif document.init is not None:
        spec.init = document.init


def _block(spec: Spec, name: str, block: Block, problems: Problems) -> None:
    """A spec's own block: over the one it extends, or over the library's. Inside its body the name means the older one."""
    block = block.over(spec.blocks.get(name) or library_block(name))
    if block.body is None:
        problems.add("missing-key", f"the block `{name}` has no body", block.place)
    spec.blocks[name] = block
