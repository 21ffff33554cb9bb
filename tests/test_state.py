"""The tensors of a state_dict in closed form, against torch's own: names, order, sizes, and how many numbers they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from conftest import nodes, spec

import archspec
from archspec.analysis.state import state_sizes, unstated
from archspec.compiler.module import Model
from archspec.ir.tree import Leaf, Network
from archspec.language.resolve import shipped
from archspec.ops import Cost, Op, Shape, op, op_names


def torch_state(network: Network, heads: bool = True) -> dict[str, torch.Tensor]:
    """What torch has; nothing is allocated."""
    with torch.device("meta"):
        return Model(network, heads).state_dict()


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_spec_has_the_tensors_that_torch_has(name: str) -> None:
    network = archspec.load(name)
    for heads in (True, False):
        theirs = torch_state(network, heads)
        assert [*state_sizes(network, heads=heads).items()] == [(key, tuple(one.shape)) for key, one in theirs.items()]
    assert unstated(network) == ()
    costs = [node.cost for node in nodes(network) if isinstance(node, Leaf)]
    floating = sum(one.numel() for one in torch_state(network).values() if one.is_floating_point())
    assert sum(cost.params + cost.buffers for cost in costs) == floating


#: cells that change which tensors an op has, or their sizes
CELLS = [
    "{type: conv, patch: 3x2/2, filters: 6, groups: 3}",
    "{type: conv, patch: 3x3, filters: 6, bias: no, padding: tf same}",
    "{type: transposed conv, patch: 3x2/2, filters: 9, groups: 3}",
    "{type: transposed conv, patch: 2x2, filters: 4, bias: no}",
    "{type: linear, filters: 5}",
    "{type: linear, filters: 5, bias: no}",
    *(
        f"{{type: {norm}, affine: {affine}}}"
        for norm in ("batch norm", "layer norm", "instance norm")
        for affine in ("yes", "no")
    ),
    *(f"{{type: group norm, groups: 3, affine: {affine}}}" for affine in ("yes", "no")),
    "{type: prelu}",
    "{type: layer scale}",
    "{type: renormalize}",
    "{type: power avg pool, patch: 2x2}",
]


@pytest.mark.parametrize("row", CELLS)
def test_the_tensors_of_an_op_and_what_they_cost(load: Callable[..., Any], row: str) -> None:
    network = load(spec(row))
    theirs = torch_state(network)
    assert [*state_sizes(network).items()] == [(name, tuple(one.shape)) for name, one in theirs.items()]
    (leaf,) = network.rows
    trained = sum(one.numel() for name, one in theirs.items() if name.split(".")[-1] in leaf.op.tensors)
    kept = sum(one.numel() for name, one in theirs.items() if name.split(".")[-1] in leaf.op.statistics)
    assert (leaf.cost.params, leaf.cost.buffers) == (trained, kept)


def test_every_op_that_has_tensors_is_among_these() -> None:
    """`trained tensors` that an initialisation may name, and `state`, are of the same ops."""
    found = {name: op(name) for name in op_names()}
    with_tensors = {name for name, one in found.items() if one is not None and (one.tensors or one.statistics)}
    assert with_tensors == {name for name, one in found.items() if one is not None and one.state is not Op.state}
    assert [name for name in with_tensors if not any(f"type: {name}" in row for row in CELLS)] == []


def test_an_op_that_costs_what_it_does_not_say(load: Callable[..., Any], fresh: None) -> None:
    """A plug-in from before: its cost is as it says, its tensors are not known."""

    @archspec.register
    class Lookup(Op):
        """Has a table."""

        name = "lookup"

        def cost(self, shape: Shape, out: Shape) -> Cost:
            return Cost(7)

    network = load(spec("{id: a, type: lookup}", "{id: b, type: conv, patch: 1x1, filters: 2}"))
    assert unstated(network) == ("a",)
    assert [*state_sizes(network)] == ["b.weight", "b.bias"]
