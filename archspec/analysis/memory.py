"""Peak activation memory in closed form: what is alive while each op of a forward pass in eval mode runs.

For one example, in elements. Ops run in the order of the table, on channels-last memory. Counted are the input, which the
caller holds, and the output of every op and join, from when it is made until nothing needs it: until every module
that was called with it has returned (a call holds its arguments, in Python), and until the end if the network returns it.
An activation writes over its input where nothing else reads that. What an op allocates and frees by itself is not counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple

from archspec.ir.tree import INPUT, Inner, Leaf, Network, Tree, flow


@dataclass(frozen=True)
class Memory:
    """The most elements alive at once, the op or join at which that is (`at`), and what is alive then, by the path of what
    made it. `by_path` has the most while each node runs; a node in which nothing runs is not there. `least` is the most where
    each value goes with its last reader, as a runtime can have it that plans ahead.
    """

    peak: int
    at: str
    alive: Mapping[str, int]
    by_path: Mapping[str, int]
    least: int


class _Value(NamedTuple):
    """What an op or a join gives: its number, the path of what made it, and its elements."""

    number: int
    path: str
    elements: int


class _Step(NamedTuple):
    """An op or a join runs: what it reads, and what it gives (which may be what it reads)."""

    node: Tree
    reads: tuple[_Value, ...]
    gives: _Value


@dataclass
class _Block:
    """Memory that holds a value, or one written over another, from step `born` to step `dies`."""

    path: str
    elements: int
    born: int
    dies: int


#: joins of two values at a time: with three or more, what is joined so far stands beside the result
_BY_TWOS = {"sum", "product"}


@dataclass
class Execution:
    """The steps of a forward pass, in order."""

    network: Network
    steps: list[_Step] = field(default_factory=list)
    #: by path, what every node gives
    values: dict[str, _Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.values[INPUT] = _Value(0, INPUT, self.network.input.elements)
        flow(self.network.body, self.values[INPUT], self._leaf, self._join, self.values)

    def _leaf(self, leaf: Leaf, value: _Value) -> _Value:
        if self.network.reading and leaf.path == self.network.reading.path:
            return value  # `forward` leaves it out
        return self._step(leaf, (value,), leaf.op.allocates(leaf.input, leaf.output))

    def _join(self, node: Inner, values: list[_Value]) -> _Value:
        return self._step(node, tuple(values), node.output.elements if len(values) > 1 else 0)

    def _step(self, node: Tree, reads: tuple[_Value, ...], elements: int) -> _Value:
        gives = _Value(len(self.steps) + 1, node.path, elements) if elements else reads[0]
        self.steps.append(_Step(node, reads, gives))
        return gives

    def in_place(self) -> frozenset[str]:
        """Paths of the activations that may write over their input: nothing else reads it, heads included, and it is
        neither the network's input, nor an output, nor a part of a larger map.
        """
        last = {value.number: index for index, step in enumerate(self.steps) for value in step.reads}
        kept = [INPUT, *(one.path for one in self.network.outputs), *(path for head in self.network.heads for path in head.reads)]
        kept_values = {self.values[path].number for path in kept}
        return frozenset(
            step.node.path
            for index, step in enumerate(self.steps)
            if isinstance(step.node, Leaf) and step.node.op.inplace
            for value in step.reads
            if last[value.number] == index and value.number not in kept_values and value.elements == step.gives.elements
        )

    def blocks(self, *, calls: bool = True) -> list[_Block]:
        """The memory that is taken, and for how long; `calls`: a call holds its arguments."""
        end = len(self.steps) - 1
        ends = {path: index for index, step in enumerate(self.steps) for path in _around(step.node.path)}
        overwriting = self.in_place()
        image = self.values[INPUT]
        blocks = {image.number: _Block(INPUT, image.elements, 0, end)}
        for index, step in enumerate(self.steps):
            for value in step.reads:
                block = blocks[value.number]
                block.dies = max(block.dies, ends[_called(step.node.path, value.path)] if calls else index)
            if step.node.path in overwriting:
                blocks[step.gives.number] = blocks[step.reads[0].number]
            blocks.setdefault(step.gives.number, _Block(step.node.path, step.gives.elements, index, index))
            if isinstance(step.node, Inner) and step.node.kind in _BY_TWOS and len(step.reads) > 2:
                blocks[-index] = _Block(step.node.path, step.gives.elements, index, index)  # what was added up before
        returned = [one.path for one in self.network.outputs] or [self.network.body.path]
        for path in returned:
            blocks[self.values[path].number].dies = end
        return list({id(block): block for block in blocks.values()}.values())


def in_place(network: Network) -> frozenset[str]:
    """Paths of the activations that may write over their input, since nothing else reads it."""
    return Execution(network).in_place()


def memory(network: Network) -> Memory:
    """The memory of a network's activations, in closed form."""
    execution = Execution(network)
    blocks = execution.blocks()
    totals = _alive(blocks, len(execution.steps))
    by_path: dict[str, int] = {}
    for step, total in zip(execution.steps, totals, strict=True):
        for path in _around(step.node.path):
            by_path[path] = max(by_path.get(path, 0), total)
    if not totals:  # nothing runs
        held = network.input.elements
        return Memory(held, INPUT, {INPUT: held}, by_path, held)
    peak = max(totals)
    when = totals.index(peak)
    alive: Counter[str] = Counter()
    for block in blocks:
        alive[block.path] += block.elements * (block.born <= when <= block.dies)
    least = max(_alive(execution.blocks(calls=False), len(execution.steps)))
    return Memory(peak, execution.steps[when].node.path, +alive, by_path, least)


def _alive(blocks: Iterable[_Block], steps: int) -> list[int]:
    """Elements alive in each step."""
    changes = [0] * (steps + 1)
    for block in blocks:
        changes[block.born] += block.elements
        changes[block.dies + 1] -= block.elements
    return list(accumulate(changes))[:-1]


def _called(reader: str, maker: str) -> str:
    """The outermost node around a reader that was called with what `maker` gave."""
    inside = set(_around(maker))
    return next((path for path in _around(reader) if path not in inside), reader)


def _around(path: str) -> Iterator[str]:
    """The nodes that a path is in, from the row inwards, and itself."""
    names = path.split(".")
    return (".".join(names[:count]) for count in range(1, len(names) + 1))
