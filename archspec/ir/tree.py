"""The network as one immutable tree, and the fold that carries a value along the data."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

from archspec.language.figures import Counts, Figure
from archspec.language.nodes import shown
from archspec.language.places import Place
from archspec.language.schema import Scheme, SourceInfo
from archspec.ops.base import Cost, Op, Shape

T = TypeVar("T")

#: the path of the network's input, as a source
INPUT = "input"


@dataclass(frozen=True)
class Claim:
    """A figure that the source states in a row. `inherited`: a later text changed the network, so it is only compared.

    `erratum` is what the source has wrong, `why` any other reason for which the figure is not what comes out.
    """

    key: str
    text: str
    value: Figure | tuple[int, ...]
    place: Place
    inherited: bool = False
    erratum: str | None = None
    why: str | None = None


def cell_texts(columns: Mapping[str, Any], written: Collection[tuple[str, str]]) -> dict[str, str]:
    """The columns that `written` names with their headers, as text by header; patch and stride are one cell."""
    texts = {name: shown(columns[name]) for name, _ in written}
    stride = columns.get("stride")
    if "patch" in texts and "stride" in texts and isinstance(stride, tuple):  # a block's own `stride` may be a number
        texts["patch"] += "/" + (str(stride[0]) if stride[0] == stride[1] else shown(stride))
        del texts["stride"]
    return {header: texts[name] for name, header in written if name in texts}


@dataclass(frozen=True)
class Node:
    """What leaves and inner nodes share. `path` is the name in torch's state_dict; `sources` are the
    paths that it reads (none: what flows in from before). `columns` are its typed values, defaults included;
    `written` are those that were not left to a default, with their headers; `type` is the word of its row.
    """

    path: str
    type: str
    input: Shape
    output: Shape
    place: Place
    columns: Mapping[str, Any] = field(default_factory=dict)
    written: tuple[tuple[str, str], ...] = ()
    sources: tuple[str, ...] = ()
    claims: Mapping[str, Claim] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.path.rpartition(".")[2]

    @property
    def cells(self) -> dict[str, str]:
        """The written columns as text by header; patch and stride are one cell again, as papers print them."""
        return cell_texts(self.columns, self.written)

    def but(self, **changes: Any) -> Self:
        """This node with some fields changed: dataclasses.replace, but fast, since every row of a network is made so."""
        new = object.__new__(type(self))
        new.__dict__.update(self.__dict__, **changes)
        return new


@dataclass(frozen=True)
class Leaf(Node):
    """A primitive op, and what it costs."""

    op: Op = field(kw_only=True)
    cost: Cost = field(kw_only=True)


@dataclass(frozen=True)
class Inner(Node):
    """A `sequence`, `concat`, `sum`, `product` or `split` of children."""

    kind: str = field(kw_only=True)
    children: tuple[Tree, ...] = field(kw_only=True)


@dataclass(frozen=True)
class Choice(Inner):
    """What a node is in some variants, and what in others: its children are alternatives, each where its truth holds.

    Only networks of many variants have any (archspec.ir.cases).
    """

    truths: tuple[Any, ...] = field(kw_only=True)


Tree = Leaf | Inner


@dataclass(frozen=True)
class Head:
    """An auxiliary classifier that exists in training only; its loss is added with `weight`."""

    node: Tree
    weight: float
    #: the paths of the rows that it reads, mostly one
    reads: tuple[str, ...]


@dataclass(frozen=True)
class Output:
    """A row's value that the model returns under a name."""

    name: str
    path: str
    shape: Shape


@dataclass(frozen=True)
class Elsewhere:
    """What a further source says of the network, and of its rows by their paths."""

    name: str
    source: SourceInfo
    claims: Mapping[str, Claim]
    rows: Mapping[str, Mapping[str, Claim]]


@dataclass(frozen=True, repr=False)
class Network:
    """The expanded spec: its rows are the children of `body`, a sequence. Without `outputs` it returns the last row."""

    name: str
    about: str
    input: Shape
    body: Inner
    heads: tuple[Head, ...]
    outputs: tuple[Output, ...]
    counts: Counts
    claims: Mapping[str, Claim]
    init: Scheme
    text: str
    digest: str
    elsewhere: tuple[Elsewhere, ...] = ()

    def __repr__(self) -> str:
        return f"<Network {self.name}: {len(self.rows)} rows, {self.input} to {self.returns}>"

    @property
    def rows(self) -> tuple[Tree, ...]:
        return self.body.children

    @property
    def output(self) -> Shape:
        """What the last row gives."""
        return self.body.output

    @property
    def reading(self) -> Leaf | None:
        """The last row, if it only reads the logits (a softmax) and nothing reads it: the model returns them without it."""
        last = self.rows[-1]
        if not isinstance(last, Leaf) or not last.op.reading or last.sources:
            return None
        read = {path for head in self.heads for path in head.reads} | {one.path for one in self.outputs}
        return None if last.path in read else last

    @property
    def returns(self) -> str:
        """What the model returns, in words."""
        return ", ".join(f"{one.name} {one.shape}" for one in self.outputs) or str(self.output)


def leaves(node: Tree) -> Iterator[Leaf]:
    """All leaves of a tree, in order."""
    if isinstance(node, Leaf):
        yield node
    else:
        for child in node.children:
            yield from leaves(child)


def flow(
    node: Tree,
    value: T,
    leaf: Callable[[Leaf, T], T],
    join: Callable[[Inner, list[T]], T],
    seen: dict[str, T],
    outside: T | None = None,
) -> T:
    """Carries a value along the data. `seen` keeps the value at every path, since a `from` looks only backwards;
    `outside` stands for rows that are not part of this tree.
    """
    sources = [seen.get(path, value if outside is None else outside) for path in node.sources]
    value = sources[0] if sources else value
    if isinstance(node, Leaf):
        result = leaf(node, value)
    elif node.kind == "sequence":
        result = value
        for child in node.children:
            result = flow(child, result, leaf, join, seen, outside)
    elif node.children:
        result = join(node, [flow(child, value, leaf, join, seen, outside) for child in node.children])
    else:
        result = join(node, sources)
    seen[node.path] = result
    return result
