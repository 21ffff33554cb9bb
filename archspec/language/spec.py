"""The Spec: a base document with every change laid over it, values still as written."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from archspec.language.blocks import Block, block_from, init_scheme, library_block, var_problem
from archspec.language.changes import Change, row_changes
from archspec.language.diagnostics import Problems
from archspec.language.factors import laid_scale
from archspec.language.figures import Counts
from archspec.language.names import normal
from archspec.language.nodes import Map, Node, Seq, Text, is_null
from archspec.language.places import Place, Source
from archspec.language.schema import Document, InitScheme, Scheme, Shape3, SourceInfo
from archspec.language.stated import Other, Stated
from archspec.language.uses import defined_twice
from archspec.language.validation import validated


@dataclass(frozen=True)
class Defaults:
    """The cells of `defaults` for one type, by normalised key, each with its key as written."""

    type: Text
    cells: dict[str, tuple[Text, Node]]


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
    _merge(spec, document, node, problems)
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
    _merge(spec, document, node, problems)
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


def _merge(spec: Spec, document: Document, node: Map, problems: Problems) -> None:
    """The parts that merge the same way in a base and in a change."""
    spec.about = document.about or spec.about
    if document.source is not None:
        told = document.source.model_fields_set
        spec.source = spec.source.model_copy(update={key: getattr(document.source, key) for key in told})
    _lay_vars(spec, node.get("vars"), problems)
    _lay_defaults(spec, node.get("defaults"), problems)
    _lay_blocks(spec, node.get("blocks"), document, problems)
    spec.claims.lay(document.claims, node.get("claims"), problems)
    _lay_elsewhere(spec, node.get("elsewhere"), document, problems)
    if "outputs" in node:
        spec.outputs = node["outputs"]
    if "scale" in node:
        spec.scale = laid_scale(spec.scale, document.scale, node["scale"])
    _lay_init(spec, node.get("init"), problems)


def _lay_elsewhere(spec: Spec, section: Node | None, document: Document, problems: Problems) -> None:
    """Each source over what older texts have of it; null takes it away."""
    if not isinstance(section, Map):
        return
    for name, model in document.elsewhere.items():
        node = section[name]
        if model is None or not isinstance(node, Map):
            spec.elsewhere.pop(name, None)
        else:
            spec.elsewhere.setdefault(name, Other()).lay(model, node, problems)


def _lay_vars(spec: Spec, section: Node | None, problems: Problems) -> None:
    if isinstance(section, Map):
        for name, node in section.items():
            problem = var_problem(name)
            if problem:
                problems.add(*problem, section.key(name).place)
            spec.vars[name] = node


def _lay_defaults(spec: Spec, section: Node | None, problems: Problems) -> None:
    if not isinstance(section, Map):
        return
    _once(section, "type", problems)
    for name, cells in section.items():
        if isinstance(cells, Map):
            mine = dict(spec.defaults[normal(name)].cells) if normal(name) in spec.defaults else {}
            mine.update({normal(key): (cells.key(key), value) for key, value in cells.items()})
            spec.defaults[normal(name)] = Defaults(section.key(name), mine)


def _lay_blocks(spec: Spec, section: Node | None, document: Document, problems: Problems) -> None:
    """A spec's own block goes over the one it extends, or over the library's. Inside its body the name means the library's."""
    if not isinstance(section, Map):
        return
    _once(section, "block", problems)
    for written in section:
        name, node = normal(written), section[written]
        model = document.blocks.get(written)
        if model is None or not isinstance(node, Map):
            spec.broken.add(name)  # reported; its uses are not reported again
            continue
        before = len(problems.found)
        block = block_from(name, node, model, problems).over(spec.blocks.get(name) or library_block(name))
        if block.body is None:
            problems.add("missing-key", f"the block `{name}` has no body", block.place)
        if len(problems.found) > before:
            spec.broken.add(name)
        if node.place.source not in spec.sources:
            _lay_used(spec, name, section.key(written).place, problems)
        spec.blocks[name] = block


def _lay_used(spec: Spec, name: str, place: Place, problems: Problems) -> None:
    """A block of another file: it may stand in the spec that this one extends only if that uses the same file."""
    other = spec.used.get(name) or (spec.blocks[name].place if name in spec.blocks else place)
    if other.source.name != place.source.name:
        defined_twice(name, place, other, problems)
    spec.used[name] = place


def _lay_init(spec: Spec, node: Node | None, problems: Problems) -> None:
    if node is None or is_null(node):
        return
    if isinstance(node, Text):
        spec.init, spec.init_node = init_scheme(node, node.place).tensors, node
        return
    key = Text("tensors", node.place)
    scheme = validated(InitScheme, Map(node.place, {key: node}), problems)
    spec.init, spec.init_node = (scheme.tensors if scheme else {}), node


def _once(section: Map, what: str, problems: Problems) -> None:
    """Two spellings of one name in one mapping are a duplicate."""
    first: dict[str, Text] = {}
    for name in section:
        key = section.key(name)
        other = first.setdefault(normal(name), key)
        if other is not key:
            message = f"`{name}` and `{other}` are the same {what}"
            problems.add("duplicate-key", message, key.place, related=[("first here", other.place)])
