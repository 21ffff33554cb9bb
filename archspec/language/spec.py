"""The Spec: a base document with every change laid over it, values still as written."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from archspec.language.blocks import Block
from archspec.language.changes import Change, row_changes
from archspec.language.diagnostics import Problems
from archspec.language.figures import Counts
from archspec.language.layers import Defaults, merge
from archspec.language.nodes import Map, Node, Seq, Text, is_null
from archspec.language.places import Place, Source
from archspec.language.schema import Document, Scheme, Shape3, SourceInfo
from archspec.language.stated import Other, Stated
from archspec.language.validation import validated


@dataclass
class Spec:
    """A validated spec: the base document with every change laid over it, values still as written.

    `input` is height, width, channels (None if it is wrong). `problems` is what was found wrong so far: the
    expansion adds to it, so that one run reports everything. `sources` are the texts of the documents, base first;
    `documents` are the same texts made whole, with the blocks of other files; `inherited` are the sources whose claims
    are only inherited, because a later text changed the network.
    """

    name: str
    input: Shape3 | None
    input_place: Place
    rows: Seq
    heads: Map
    place: Place
    sources: list[Source]
    about: str = ""
    source: SourceInfo = field(default_factory=SourceInfo)
    vars: dict[str, Node] = field(default_factory=dict)
    defaults: dict[str, Defaults] = field(default_factory=dict)
    blocks: dict[str, Block] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    #: what its source says of the whole network, and what further sources say
    claims: Stated = field(default_factory=Stated)
    elsewhere: dict[str, Other] = field(default_factory=dict)
    outputs: Node | None = None
    #: what multiplies channels and copies, by the keys of Scale
    scale: dict[str, Node] = field(default_factory=dict)
    init: Scheme = field(default_factory=dict)
    init_node: Node | None = None
    #: the section `space` of the last document
    space: Map | None = None
    documents: list[str] = field(default_factory=list)
    #: blocks that come from files which `uses` names, with the place of their names
    used: dict[str, Place] = field(default_factory=dict)
    #: names of own blocks that are wrong
    broken: set[str] = field(default_factory=set)
    inherited: frozenset[Source] = frozenset()
    #: places of the command line's changes
    options: list[Place] = field(default_factory=list)
    problems: Problems = field(default_factory=Problems)

    @property
    def counts(self) -> Counts:
        return self.source.counts

    @property
    def text(self) -> str:
        """The whole spec as one YAML stream, base first: each document extends the one before it."""
        return "---\n".join(text.strip("\n") + "\n" for text in self.documents)

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
        sources=[node.place.source],
    )
    merge(spec, document, node, problems)
    if "space" in node:
        message = "a design space extends the spec whose cells it varies"
        problems.add("missing-key", message, node.key("space").place, hint="add `extends: ` and the name of a spec")
    return spec


def extend(spec: Spec, node: Map, problems: Problems) -> None:
    """Lays an extending document over the spec."""
    _need(node, ("name",), problems)
    spec.sources.append(node.place.source)
    change(spec, node, problems)
    space = node.get("space")  # a spec that extends a space is one of its members, and no space
    spec.space = space if isinstance(space, Map) else None


def change(spec: Spec, node: Map, problems: Problems) -> None:
    """Lays the changes of an extending document, or of an option, over the spec."""
    document = validated(Document, node, problems) or Document()
    spec.name = document.name or spec.name
    if document.input is not None:
        spec.input, spec.input_place = document.input, node["input"].place
    merge(spec, document, node, problems)
    if is_null(node.get("heads")):
        spec.heads = Map(node["heads"].place)
    for key, head in (("rows", False), ("heads", True)):
        section = node.get(key)
        if isinstance(section, Map):
            spec.changes += row_changes(section, head=head)
        elif section is not None and not is_null(section) and not head:
            message = "`rows` of a spec that extends another is a mapping of changes, from path to cells"
            problems.add("bad-value", message, section.place)


def _need(node: Map, keys: Iterable[str], problems: Problems) -> None:
    for key in keys:
        hint = "a spec has name, input and rows"
        if key not in node:
            problems.add("missing-key", f"the key `{key}` is missing", node.place, hint=hint)
        elif is_null(node[key]):
            problems.add("missing-key", f"the key `{key}` is empty", node.key(key).place, hint=hint)
