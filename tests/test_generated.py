"""Generated specs: at every node the size is torch's, the closed form fvcore's count; a spec's text is the same network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import nodes
from drawn import Drawn, examples
from hypothesis import given, note
from strategies import GOALS, specs

import archspec
from archspec.analysis.audit import audit
from archspec.analysis.counters import FVCORE, counted, facts_of
from archspec.analysis.fvcore import fvcore_count
from archspec.analysis.state import state_sizes
from archspec.api.reports import report_network
from archspec.compiler.module import build_model
from archspec.ir.scope import Layer
from archspec.ir.tree import Leaf, leaves
from archspec.language.resolve import shipped


def skipped(network: Any) -> set[str]:
    """A softmax at the end that the model does not run: it only reads the logits, and nobody reads it."""
    last = network.rows[-1]
    read = {path for head in network.heads for path in head.reads} | {one.path for one in network.outputs}
    return {last.path} if isinstance(last, Leaf) and last.op.reading and not last.sources and last.path not in read else set()


def sizes(network: Any, model: Any) -> dict[str, tuple[int, ...]]:
    """The size that every module gives, by path: two examples in train mode, so that heads run."""
    found: dict[str, tuple[int, ...]] = {}
    for name, module in model.named_modules():
        module.register_forward_hook(lambda _, __, output, name=name: found.__setitem__(name, output))
    x = torch.randn(2, *network.input.tensor, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    results = model(x)
    total = sum(part.sum() for part in (results.values() if isinstance(results, dict) else results if model.heads else [results]))
    if total.requires_grad:
        total.backward()
    assert torch.isfinite(total)
    for name, parameter in model.named_parameters():
        assert parameter.grad is None or torch.isfinite(parameter.grad).all(), name
    inside = tuple(f"{node.path}." for node in nodes(network) if isinstance(node, Leaf))
    return {name: tuple(output.shape) for name, output in found.items() if name and not name.startswith(inside)}


def live(node: Any, read: set[str], flows: bool = True) -> bool:
    """Adds what something reads to `read`, from a node that is read itself; whether it reads what flows in. `flows`: its last
    row is what it gives.

    fvcore traces a model, and a trace leaves out what no result depends on.
    """
    read.add(node.path)
    if isinstance(node, Leaf):
        pass
    elif node.kind == "sequence":
        for child in reversed(node.children):
            if flows or child.path in read:
                flows = live(child, read)
    elif node.children:
        flows = max([live(child, read) for child in node.children])  # each adds what it reads
    read.update(node.sources)
    return flows and not node.sources


def holds(network: Any) -> None:
    """Sizes, parameters and counts of a network, at every node."""
    report = report_network(network)
    model = build_model(network).double()
    expected = {node.path: (2, *node.output.tensor) for node in nodes(network) if node.path not in skipped(network)}
    assert sizes(network, model.train()) == expected
    state = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    assert [*state.items()] == [*state_sizes(network).items()]
    parameters = sum(parameter.numel() for parameter in model.parameters())
    assert parameters == report.costs.total.params + report.costs.heads_total.params
    read = {one.path for one in network.outputs}
    live(network.body, read, not network.outputs)
    for head in network.heads:
        inside: set[str] = set()
        live(head.node, inside)
        read |= inside - set(head.reads)
    counts = fvcore_count(build_model(network), network)
    for cost in (*report.costs.rows, *report.costs.heads):
        for _, part in cost.to_depth(50):
            path = part.node.path
            counting = facts_of(leaf for leaf in leaves(part.node) if leaf.path in read)
            assert counting == part.facts or not {leaf.path for leaf in leaves(part.node)} <= read
            assert counts.flops.get(path, 0) == counted(counting, FVCORE), path
            assert counts.activations.get(path, 0) == counting["activations"], path
            own = sum(p.numel() for p in model.get_submodule(path).parameters())
            assert own == part.cost.params, path


def told(node: Any) -> Any:
    """A node without its places: everything that a spec can say of it, and what follows."""
    claims = {key: (claim.text, claim.value, claim.inherited, claim.erratum) for key, claim in node.claims.items()}
    columns = {name: told_value(value) for name, value in node.columns.items()}
    kind = node.op if isinstance(node, Leaf) else (node.kind, [told(child) for child in node.children])
    return node.path, node.type, kind, node.input, node.output, columns, dict(node.cells), node.sources, claims


def told_value(value: Any) -> Any:
    if isinstance(value, Layer):
        return str(value.type), {name: str(cell.value) for name, cell in value.cells.items()}
    return value if isinstance(value, str | int | float | tuple | None) else str(value)


def whole(network: Any) -> dict[str, Any]:
    """Everything of a network but places."""
    return {
        "name": (network.name, network.about, network.input, network.output, network.outputs, network.counts),
        "rows": told(network.body),
        "heads": [(told(head.node), head.weight, head.reads) for head in network.heads],
        "claims": {key: (claim.text, claim.value, claim.inherited) for key, claim in network.claims.items()},
        "init": {op: {tensor: one.model_dump() for tensor, one in tensors.items()} for op, tensors in network.init.items()},
        "audit": audit(network),
        "text": (network.text, network.digest),
    }


def same_from_its_text(network: Any, folder: Path) -> None:
    """The text of a network, in a file by itself, gives the network again."""
    path = folder / "dumped.yaml"
    path.write_text(network.text)
    again = archspec.load(path)
    for key, value in whole(network).items():
        assert whole(again)[key] == value, key


@pytest.mark.parametrize("goal", GOALS)
def test_generated_specs(goal: str, tmp_path: Path) -> None:
    """Each op, library block and construct is in at least one valid spec; of every spec all of the above holds."""
    reached: set[str] = set()

    @examples(3)
    @given(specs(goal))
    def check(drawn: Drawn) -> None:
        note(repr(drawn))
        network = drawn.load()
        same_from_its_text(network, tmp_path)
        holds(network)
        reached.update(drawn.tags)

    check()
    assert goal in reached


@pytest.mark.parametrize("name", shipped())
@pytest.mark.parametrize(
    "options", [{}, {"set": ["init=torch", "defaults.dropout.rate=10%"], "input": "299x299"}], ids=["as is", "changed"]
)
def test_the_text_of_a_shipped_spec_is_the_same_network(name: str, options: dict[str, Any], tmp_path: Path) -> None:
    network = archspec.load(name)
    if options:
        more = 1 if name == "googlenet-32" else 32  # its heads say what they pool, 4x4
        height, width, channels = network.input.height + more, network.input.width + more, network.input.channels
        network = archspec.load(name, set=options["set"], input=(height, width, channels))
    same_from_its_text(network, tmp_path)


@pytest.mark.parametrize("change", ["pool=none", "pool={type: max pool, patch: 2x2}"])
def test_a_cell_changes_whose_column_has_a_mapping_for_a_default(change: str, tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text("name: t\ninput: 8x8x4\nrows: [{id: t, type: transition}]\n")
    assert not archspec.check(path, set=f"t.{change}")


def test_renormalize_on_a_vector(tmp_path: Path) -> None:
    """Is refused, or gives a vector."""
    path = tmp_path / "net.yaml"
    cells = ", ".join(f"{key}: [0.5, 0.5]" for key in ("mean", "std", "to mean", "to std"))
    path.write_text(f"name: t\ninput: 1x1x2\nrows: [flatten, {{id: r, type: renormalize, {cells}}}]\n")
    if not archspec.check(path):
        assert archspec.build(path)(torch.ones(3, 2, 1, 1)).shape == (3, 2)


def test_a_group_norm_whose_groups_have_one_value(tmp_path: Path) -> None:
    """Is refused, or runs on one example."""
    path = tmp_path / "net.yaml"
    path.write_text("name: t\ninput: 1x1x4\nrows: [{id: n, type: group norm, groups: 4}]\n")
    if not archspec.check(path):
        archspec.build(path).eval()(torch.ones(1, 4, 1, 1))
