"""Text to Spec: reads a spec and all that it extends, and lays the changes over each other in order."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from archspec.language.blocks import Block, block_from, init_scheme, library_block
from archspec.language.changes import Change, option_document, row_changes
from archspec.language.diagnostics import Problems, did_you_mean, fail
from archspec.language.figures import Counts, Figure
from archspec.language.names import nearest, normal
from archspec.language.nodes import Map, Node, Seq, Text, is_null, read
from archspec.language.places import Place, Source
from archspec.language.resolve import extended, named
from archspec.language.schema import Document, Scheme, Shape3, SourceInfo, validated

_MAX_CHAIN = 20


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
    about: str
    source: SourceInfo
    input: Shape3 | None
    input_place: Place
    rows: Seq
    place: Place
    texts: list[Source]
    heads: Map
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


def load(name: str, *, set: Iterable[str] = (), input: str | None = None, option: str = "--set") -> Spec:
    """The spec that `name` (a path, or a shipped name) means, with `--set` changes and `--input` laid over it.

    Raises SpecError for what leaves nothing to expand; what else is wrong is kept in `problems`.
    """
    layers = _chain(name)
    options = option_document(option, set)
    if input is not None:
        source = Source("--input", input)
        value = Text(input, Place(source, width=max(1, len(input))))
        options.append(Map(value.place, {Text("input", value.place): value}))
    base_node, *rest = layers
    problems = Problems()
    base = _base(base_node, problems)
    for node in rest:
        _lay(base, node, problems)
    for node in options:
        known_vars = tuple(base.vars)
        for name_ in cast(Map, node.get("vars", Map(node.place))):
            if name_ not in known_vars:
                hint = did_you_mean(nearest(name_, known_vars)) or f"the vars are {', '.join(known_vars) or 'none'}"
                problems.add("unknown-path", f"the spec has no var `{name_}`", node.place, hint=hint)
        _lay(base, node, problems, option=True)
    base.problems = problems
    if options:
        base.inherited = frozenset(base.texts)
    elif rest:
        base.inherited = frozenset(base.texts[:-1])
    base.texts = [*base.texts, *(_option_text(base.name, node) for node in options)]
    return base


def _chain(name: str) -> list[Map]:
    """The documents from the one that extends nothing to the one that was named."""
    source, path, root = named(name)
    layers: list[Map] = []
    seen: list[Path] = []
    while True:
        documents = _documents(source)
        layers = documents + layers
        seen.append(path)
        first = documents[0]
        base = first.get("extends")
        if base is None:
            return layers
        if not isinstance(base, Text) or is_null(base) or not base:
            raise fail("bad-value", "`extends` must be the name of a spec, or a file", base.place)
        source, path, root = extended(base, base.place, path, root)
        if path in seen or len(seen) >= _MAX_CHAIN:
            circle = " extends ".join(p.stem for p in [*seen, path])
            raise fail("cyclic-extends", f"the specs extend each other in a circle: {circle}", base.place)


def _documents(source: Source) -> list[Map]:
    """The documents of a file: one, or a stream in which each extends the one before it by name."""
    documents: list[Map] = []
    skipped = 0
    for part in re.split(r"(?m)^---[ \t]*\n", source.text):
        # blank lines in front keep the line numbers those of the file
        nodes = read(
            Source(source.name, "\n" * skipped + part)
            if skipped
            else source
            if part == source.text
            else Source(source.name, part)
        )
        skipped += part.count("\n") + 1
        if not nodes or is_null(nodes[0]):
            continue
        node = nodes[0]
        if len(nodes) > 1:
            raise fail("yaml-syntax", "a document starts with --- on a line of its own", nodes[1].place)
        if not isinstance(node, Map):
            raise fail("bad-value", "a spec is a mapping with name, input and rows", node.place)
        if documents and node.get("extends") != documents[-1].get("name"):
            raise fail("bad-value", "a second document in a file must extend the one before it by its name", node.place)
        documents.append(node)
    if not documents:
        raise fail("yaml-syntax", "the file is empty", Place(source), hint="a spec has name, input and rows")
    return documents


def _base(node: Map, problems: Problems) -> Spec:
    document = validated(Document, node, problems)
    for key in ("input", "rows"):  # the name is missed by the model
        if key not in node or is_null(node[key]):
            problems.add("missing-key", f"the key `{key}` is missing", node.place, hint="a spec has name, input and rows")
    rows = node.get("rows")
    if rows is not None and not isinstance(rows, Seq):
        problems.add(
            "bad-value", "`rows` must be a list; it is a mapping of changes only in a spec that extends another", rows.place
        )
    elif isinstance(rows, Seq) and not rows:
        problems.add("bad-value", "`rows` has no row", rows.place)
    if not isinstance(rows, Seq):
        problems.check()
    assert isinstance(rows, Seq)
    heads = node.get("heads")
    spec = Spec(
        name=document.name if document else "",
        about="",
        source=SourceInfo(),
        input=document.input if document else None,
        input_place=node.get("input", node).place,
        rows=rows,
        place=node.place,
        texts=[],
        heads=heads if isinstance(heads, Map) else Map(node.place),
    )
    if document is not None:
        _sections(spec, document, node, problems)
    return spec


def _lay(spec: Spec, node: Map, problems: Problems, *, option: bool = False) -> None:
    """Lays the changes of an extending document (or of an option) over the spec."""
    named_node = (
        node if not option else Map(node.place, {Text("name", node.place): Text(spec.name, node.place), **_as_text(node)})
    )
    document = validated(Document, named_node, problems)
    rows = node.get("rows")
    if rows is not None and not isinstance(rows, Map):
        problems.add("bad-value", "`rows` of a spec that extends another is a mapping of changes, from path to cells", rows.place)
        return
    if document is None:
        return
    spec.name = document.name
    if document.input is not None:
        spec.input, spec.input_place = document.input, node["input"].place
    _sections(spec, document, node, problems, option=option)
    for key, head in (("rows", False), ("heads", True)):
        section = node.get(key)
        if isinstance(section, Map):
            spec.changes += row_changes(section, problems, head=head)


def _as_text(node: Map) -> dict[Text, Node]:
    return {node.key(key): value for key, value in node.items()}


def _sections(spec: Spec, document: Document, node: Map, problems: Problems, *, option: bool = False) -> None:
    """The parts that merge the same way in a base and in a change."""
    if not option:
        spec.about = document.about or spec.about
        spec.texts = [*spec.texts, node.place.source]
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


def _option_text(name: str, node: Map) -> Source:
    """An option as one more document of the spec's text: the value as it was written, under its path."""
    lines, inner, indent = [f"extends: {name}", f"name: {name}"], node, ""
    while True:
        key, value = next(iter(inner.items()))
        if not isinstance(value, Map) or value.place is not node.place:
            break
        lines.append(f'{indent}"{key}":')
        inner, indent = value, indent + "  "
    path, equals, text = node.place.source.text.partition("=")
    lines.append(f'{indent}"{key}": {text if equals else path}')
    return Source(node.place.source.name, "\n".join(lines) + "\n")
