"""Peak activation memory in closed form beside what torch allocates, and bytes beside the state_dict."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torchvision
from allocations import followed, innermost, profiled
from drawn import Drawn, examples
from hypothesis import given, note
from strategies import GOALS, specs

import archspec
from archspec.analysis.costs import network_cost
from archspec.analysis.dtypes import DTYPES, activation_bytes, element_bytes, weight_bytes
from archspec.analysis.memory import in_place
from archspec.compiler.in_place import activations_in_place
from archspec.compiler.module import build_model
from archspec.ir.tree import leaves
from archspec.language.resolve import shipped

FIVE = ("vgg16", "resnet50", "googlenet", "mobilenet-v2", "densenet121")
FLOAT32 = 4


def ops(network: Any) -> tuple[str, ...]:
    return tuple(leaf.path for leaf in running(network))


def running(network: Any) -> list[Any]:
    """The ops that `forward` runs: not a last softmax that only reads the logits."""
    return [leaf for leaf in leaves(network.body) if leaf is not network.reading]


def overwriting(network: Any) -> Any:
    """The built model in eval mode, its activations in place."""
    return activations_in_place(build_model(network), network).eval()


def in_channels_last(network: Any, model: Any) -> Any:
    """Some operators of torch leave channels-last memory (bicubic upsampling from 1x1): a flatten sees it nevertheless."""
    for leaf in leaves(network.body):
        if leaf.op.name == "flatten" and not leaf.input.flat:
            flatten = model.get_submodule(leaf.path)
            flatten.forward = lambda x: x.contiguous(memory_format=torch.channels_last).flatten(1)
    return model


@pytest.mark.parametrize("name", FIVE)
def test_the_profiler_sees_the_peak(name: str) -> None:
    network = archspec.load(name)
    seen = profiled(overwriting(network), network.input.tensor, ops(network))
    peak = FLOAT32 * network_cost(network).memory.peak
    assert peak == pytest.approx(seen.peak, rel=0.02)
    assert seen.peak <= seen.with_workspace


@pytest.mark.parametrize(
    ("name", "peer"), [("vgg16", "vgg16"), ("googlenet-torchvision", "googlenet"), ("mobilenet-v2", "mobilenet_v2")]
)
def test_torchvision_takes_as_much(name: str, peer: str) -> None:
    """Where its modules have the same blocks; docs/memory.md tells of the others."""
    network = archspec.load(name)
    model = torchvision.models.get_model(peer, weights=None, **({"init_weights": False} if peer == "googlenet" else {}))
    seen = profiled(model, network.input.tensor, innermost(model))
    assert FLOAT32 * network_cost(network).memory.peak == pytest.approx(seen.peak, rel=0.02)


def same_at_every_op(network: Any, model: Any) -> None:
    """What is alive at each op and join, in closed form and by the tensors of a forward pass."""
    memory = network_cost(network).memory
    found = followed(model, network.input.tensor, ops(network))
    joins = {path for path in found if any(other.startswith(f"{path}.") for other in found)}
    expected = {path: memory.by_path[path] for path in found if path not in joins}
    assert {path: alive for path, alive in found.items() if path not in joins} == expected
    assert max(found.values()) == memory.peak
    assert all(found[path] <= memory.by_path[path] for path in joins)


@pytest.mark.parametrize("name", shipped())
def test_shipped_specs_at_every_op(name: str) -> None:
    network = archspec.load(name)
    same_at_every_op(network, overwriting(network))


def bounded(network: Any) -> None:
    """No op runs without its input and output; no more is alive than everything that was ever made."""
    memory = network_cost(network).memory
    all_leaves = running(network)
    made = network.input.elements + sum(
        node.output.elements for node in (*all_leaves, *joins(network.body), *joins(network.body))
    )
    overwrites = in_place(network)
    for leaf in all_leaves:
        once = leaf.path in overwrites or not leaf.op.allocates(leaf.input, leaf.output)
        assert memory.by_path[leaf.path] >= leaf.input.elements + (0 if once else leaf.output.elements)
    assert max(memory.by_path.values()) == memory.peak == memory.by_path[memory.at] == sum(memory.alive.values())
    assert memory.least <= memory.peak <= made


def joins(node: Any) -> list[Any]:
    children = getattr(node, "children", ())
    own = [node] if getattr(node, "kind", "sequence") != "sequence" else []
    return own + [join for child in children for join in joins(child)]


@pytest.mark.parametrize("goal", GOALS)
def test_generated_specs(goal: str) -> None:
    @examples(2)
    @given(specs(goal))
    def check(drawn: Drawn) -> None:
        note(repr(drawn))
        network = drawn.load()
        bounded(network)
        held_bytes(network)
        same_at_every_op(network, in_channels_last(network, overwriting(network)))
        same_numbers(network)

    check()


def same_numbers(network: Any) -> None:
    """Activations in place change no bit of what the model returns, and not its input."""
    model = build_model(network).eval()
    example = torch.randn(1, *network.input.tensor, generator=torch.Generator().manual_seed(0))
    given = example.clone()
    with torch.no_grad():
        expected = model(example)
        result = activations_in_place(model, network)(given)
    assert torch.equal(given, example)
    pairs = [(result[name], expected[name]) for name in expected] if isinstance(expected, dict) else [(result, expected)]
    assert all(torch.equal(one, other) for one, other in pairs)


def held_bytes(network: Any) -> None:
    """Weight bytes are those of the state_dict's floating-point tensors, heads apart."""
    costs = network_cost(network)
    state = build_model(network).state_dict()
    expected = sum(tensor.numel() * tensor.element_size() for tensor in state.values() if tensor.is_floating_point())
    assert weight_bytes(costs.total) + weight_bytes(costs.heads_total) == expected


def test_activations_are_in_place_where_nothing_else_reads(load: Callable[..., Any]) -> None:
    """A head that reads a row counts as a reader, also where it is not built; the flag is set on the module."""
    rows = "[{id: a, type: batch norm}, {id: b, type: relu}, {id: c, type: batch norm}, {id: d, type: silu}, {id: e, type: gelu}]"
    network = load(f"name: t\ninput: 4x4x4\nrows: {rows}\nheads: {{aux: {{from: a, type: linear, filters: 3}}}}\n")
    assert in_place(network) == {"d"}
    model = overwriting(network)
    assert (model.b.inplace, model.d.inplace) == (False, True)


def test_gradients_survive_activations_in_place(load: Callable[..., Any]) -> None:
    """As in torchvision's models: after convolutions and norms, training goes on as before."""
    rows = "[{id: a, type: convolution, patch: 3x3, filters: 4, norm: batch norm}, {id: b, type: basic block, filters: 4}]"
    network = load(f"name: t\ninput: 8x8x4\nrows: {rows}\n")
    model = build_model(network)
    example = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    gradients = []
    for each in (model, activations_in_place(model, network)):
        each.zero_grad()
        each(example).square().sum().backward()
        gradients.append([parameter.grad.clone() for parameter in each.parameters()])
    assert len(in_place(network)) == 3
    assert all(torch.equal(one, other) for one, other in zip(*gradients, strict=True))


def test_a_value_goes_when_its_last_reader_is_called(load: Callable[..., Any]) -> None:
    """Also one that a head reads, since heads do not run in eval mode; after c only its result and the image are there."""
    rows = "[{id: a, type: batch norm}, {id: b, type: tanh}, {id: c, type: sum, from: [a, b]}, {id: d, type: tanh}]"
    network = load(f"name: t\ninput: 4x4x4\nrows: {rows}\nheads: {{aux: {{from: a, type: linear, filters: 3}}}}\n")
    for model in (build_model(network), build_model(network, heads=False)):
        assert followed(model, network.input.tensor, ops(network))["d"] == 3 * 64
    assert network_cost(network).memory.by_path["d"] == 3 * 64


@pytest.mark.parametrize("name", shipped())
def test_weight_bytes(name: str) -> None:
    held_bytes(archspec.load(name))


@pytest.mark.parametrize("dtype", DTYPES)
def test_bytes_of_a_dtype(dtype: str) -> None:
    assert element_bytes(dtype) == getattr(torch, dtype).itemsize
    cost = network_cost(archspec.load("lenet5")).total
    # 28·28·6 + 10·10·16 + 120 + 84 + 10 outputs
    assert activation_bytes(cost, dtype) == 6518 * getattr(torch, dtype).itemsize
    assert weight_bytes(cost, dtype) == 61_706 * getattr(torch, dtype).itemsize


def test_a_dtype_that_does_not_exist() -> None:
    with pytest.raises(archspec.SpecError) as caught:
        element_bytes("float31")
    (one,) = caught.value.diagnostics
    assert one.code == "unsupported"
    assert all(dtype in one.message for dtype in DTYPES)
    assert "float32" in (one.hint or "")


@pytest.mark.parametrize(
    ("rows", "peak", "at", "alive"),
    [
        # in and out of the larger of two
        ("[{id: a, type: conv, patch: 1x1, filters: 4}, {id: b, type: conv, patch: 1x1, filters: 8}]", 256, "b", "input a b"),
        # a relu after a convolution is in place; one of the input, which the caller holds, is not
        ("[{id: a, type: conv, patch: 1x1, filters: 4}, {id: b, type: relu}]", 128, "a", "input a"),
        ("[{id: b, type: relu}]", 128, "b", "input b"),
        # torch has no sigmoid in place; dropout does nothing
        ("[{id: a, type: batch norm}, {id: b, type: dropout}, {id: c, type: sigmoid}]", 192, "c", "input a c"),
        # a is read again, so that it stays, and the relu is not in place; b goes when c is there
        (
            "[{id: a, type: batch norm}, {id: b, type: relu}, {id: c, type: batch norm}, {id: d, type: sum, from: [a, c]}]",
            256,
            "c",
            "input a b c",
        ),
        # the results of the branches wait for the join
        ("[{id: j, concat: {x: [{id: a, type: batch norm}], y: [{id: b, type: batch norm}]}}]", 320, "j", "input j.x.a j.y.b j"),
        # b is held by the call of s until all of s has run
        (
            "[{id: b, type: conv, patch: 1x1, filters: 8}, {id: s, type: convolution, filters: 1, patch: 1x1, norm: batch norm}]",
            224,
            "s.norm",
            "input b s.conv s.norm",
        ),
    ],
)
def test_by_hand(load: Callable[..., Any], rows: str, peak: int, at: str, alive: str) -> None:
    """An input of 4x4x4 (64 elements)."""
    network = load(f"name: t\ninput: 4x4x4\nrows: {rows}\n")
    memory = network_cost(network).memory
    assert (memory.peak, memory.at, " ".join(memory.alive)) == (peak, at, alive)


@pytest.mark.parametrize(("dtype", "size"), [("float32", 4), ("bfloat16", 2)])
def test_bytes_in_a_report(dtype: str, size: int) -> None:
    """In JSON, and as columns: by the dtype; a head has no peak."""
    report = archspec.report("googlenet", dtype=dtype)
    data = report.data()
    assert data["dtype"] == dtype
    assert data["totals"]["weight_bytes"] == size * 6_998_552 == sum(row["weight_bytes"] for row in data["rows"])
    assert data["totals"]["peak_bytes"] == size * report.costs.memory.peak == max(row["peak_bytes"] or 0 for row in data["rows"])
    assert [head["peak_bytes"] for head in data["heads"]] == [None, None]
    text = archspec.report("googlenet", dtype=dtype, columns="row,peak_bytes").text()
    assert f"{size * report.costs.memory.peak:,}" in text
    assert f"bytes in {dtype}; at the peak norm2 runs" in text


_CONV = "{id: %s, type: conv, patch: 3x3, filters: 8}"


@pytest.mark.parametrize(
    "rows",
    [
        [_CONV % "a", "{id: s, sum: {p: [], q: [], r: [], t: []}}"],
        [_CONV % "a", _CONV % "b", "{id: s, type: product, from: [a, b, input]}"],
        ["{id: a, type: conv, patch: 1x1, filters: 64}", "softmax"],
    ],
)
def test_joins_by_twos_and_a_softmax_that_is_left_out(rows: list[str], tmp_path: Any) -> None:
    """The profiler's figure: of sums and products of three values and more, and of a network that ends in a softmax."""
    path = tmp_path / "net.yaml"
    path.write_text("name: t\ninput: 32x32x8\nrows:\n" + "".join(f"  - {row}\n" for row in rows))
    network = archspec.load(path)
    seen = profiled(overwriting(network), network.input.tensor, ops(network))
    assert FLOAT32 * network_cost(network).memory.peak == seen.peak
