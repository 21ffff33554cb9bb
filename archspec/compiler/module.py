"""Network to nn.Module: one module for each node, under the node's own name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from torch import Tensor, nn

from archspec.compiler.containers import BRANCHES, FLOW, Container, Reads, Sequence
from archspec.compiler.init import initialise
from archspec.compiler.output import output, output_class
from archspec.ir.tree import INPUT, Inner, Leaf, Network, Tree


class Model(Container):
    """A whole network. In eval mode it returns the logits; in train mode, if it has heads, the named tuple (logits, *heads).

    A softmax in the last row only reads the logits: `forward` returns its input, as torch's cross entropy expects,
    and `probabilities` applies it.
    """

    def __init__(self, network: Network, heads: bool) -> None:
        rows, heads_ = network.rows, network.heads if heads else ()
        nodes = [*rows, *(head.node for head in heads_)]
        super().__init__({node.name: module(node) for node in nodes}, {node.name: reads(node) for node in nodes})
        outputs = {one.path for one in network.outputs}
        self._reading = network.reading.name if network.reading else None
        self._rows = tuple(node.name for node in rows if node.name != self._reading)
        self._heads = tuple(head.node.name for head in heads_)
        self._outputs = {one.name: one.path for one in network.outputs}
        output_class(("logits", *self._heads))
        # by whether the model trains: heads run, and read, in training only
        called = {True: (*self._rows, *self._heads), False: self._rows}
        self._keeps = {mode: outputs.union(*(self._reads[name] for name in names)) for mode, names in called.items()}
        self._last = {mode: self._drops(names, outputs) for mode, names in called.items()}
        self._labelled(network.name.replace("-", "_"), f"{network.input} → {network.returns}")

    @property
    def heads(self) -> tuple[str, ...]:
        """The names of the auxiliary heads that were built."""
        return self._heads

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)  # type: ignore[no-untyped-call] # torch does not annotate it
        output_class(("logits", *self._heads))  # this process may have built no such model

    def forward(self, x: Tensor) -> Any:
        """N x C x H x W to logits N x classes, or (logits, *heads) in training; with `outputs` a dict by name, heads included."""
        keeps, last = self._keeps[self.training], self._last[self.training]
        values = {FLOW: x, INPUT: x}
        for name in self._rows:
            values[FLOW] = self._call(name, values, last[name])
            if name in keeps:
                values[name] = values[FLOW]
        x = values[FLOW]
        heads = self._heads if self.training else ()
        results = [self._call(name, values, last[name][1:]) for name in heads]
        if self._outputs:
            return {name: values[path] for name, path in self._outputs.items()} | dict(zip(heads, results, strict=True))
        return output(("logits", *heads), (x, *results)) if heads else x

    def probabilities(self, x: Tensor) -> Tensor:
        """N x C x H x W to what the table's last row gives: the softmax of the logits, if it has one."""
        if self._outputs:
            raise TypeError(f"the model returns {', '.join(self._outputs)}, not logits")
        result = self(x)
        logits = result[0] if isinstance(result, tuple) else result
        return self._call(self._reading, {FLOW: logits}) if self._reading else logits  # type: ignore[no-any-return] # a module's call is Any


def build_model(network: Network, *, heads: bool = True) -> Model:
    """The network as a torch module, initialised by the spec's scheme; `heads=False` builds none of the auxiliary classifiers."""
    model = Model(network, heads)
    initialise(model, network)
    return model


def module(node: Tree) -> nn.Module:
    """The module of one node."""
    if isinstance(node, Leaf):
        return node.op.module(node.input)
    children = {child.name: module(child) for child in node.children}
    wiring = {child.name: reads(child) for child in node.children}
    container: Container
    if node.kind == "sequence":
        read = {path for child in node.children for path in (*child.sources, *externals(child))}
        keeps = {child.name: child.path for child in node.children if child.path in read}
        container = Sequence(children, wiring, externals(node), keeps)
    else:
        container = BRANCHES[node.kind](children, wiring, externals(node))
    cells = ", ".join(f"{header} {value}" for header, value in node.cells.items())
    return container._labelled(node.type.replace(" ", "_"), f"{cells} → {node.output}" if cells else f"→ {node.output}")


def reads(node: Tree) -> Reads:
    """What a node is called with: its input (or inputs), then the rows outside that something inside it reads."""
    return (*(node.sources or (FLOW,)), *externals(node))


def externals(node: Tree) -> Reads:
    """Rows outside of a node that something inside it reads, in order, each once."""
    inside = f"{node.path}." if node.path else ""
    found = (path for child in _below(node) for path in child.sources if not path.startswith(inside) or not inside)
    return tuple(dict.fromkeys(found))


def _below(node: Tree) -> Iterator[Tree]:
    children: Iterable[Tree] = node.children if isinstance(node, Inner) else ()
    for child in children:
        yield child
        yield from _below(child)
