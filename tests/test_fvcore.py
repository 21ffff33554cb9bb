"""Two counts that must agree: the closed form, and fvcore's count of the built module, node by node and to the digit."""

from __future__ import annotations

import csv
import logging
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import archspec as api
from archspec.analysis.costs import NodeCost, network_cost
from archspec.analysis.counters import FVCORE, counted
from archspec.analysis.fvcore import FvcoreCount, fvcore_count
from archspec.compiler.module import build_model
from archspec.ir.tree import Network
from archspec.language.resolve import shipped

DATA = Path(__file__).parent / "data"

#: four pools and one in each of nine modules; fvcore also lacks response norm and the average pools of rows and heads
POOLS = {"aten::max_pool2d": 13}
NORMS = {"aten::avg_pool2d": 2 + 1 + 2, "aten::pow": 2}
#: what else the shipped networks have that fvcore has no rule for: none of it multiplies by weights
OTHERS = {
    f"aten::{name}" for name in ("max_pool2d", "avg_pool2d", "add", "mul", "div", "pow", "square", "pad", "hardtanh", "tanh")
}
#: counted on a smaller input than their own, to save time; all others on their own
INPUTS = {"unet": "188x188x1"}
#: what fvcore prints for torchvision's modules
MEASURED = {
    row["spec"]: int(row["fvcore_total"])
    for row in csv.DictReader((DATA / "torchvision.csv").read_text(encoding="utf-8").splitlines())
}


def every(costs: tuple[NodeCost, ...]) -> Iterator[NodeCost]:
    """All nodes: the rows and all that they hold, down to the ops."""
    for cost in costs:
        yield cost
        yield from every(cost.parts)


@pytest.fixture(scope="module", params=shipped())
def both(request: pytest.FixtureRequest) -> tuple[Network, FvcoreCount, list[Any]]:
    """A shipped network, fvcore's count of its module, and what it logged or warned while counting."""
    network = api.load(request.param, input=INPUTS.get(request.param))
    heard: list[Any] = []
    handler = logging.Handler()
    handler.emit = heard.append  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            count = fvcore_count(build_model(network), network)
    finally:
        logging.getLogger().removeHandler(handler)
    return network, count, heard


def test_every_node_agrees(both: Any) -> None:
    """Each row, branch, convolution and op, heads included, by its path: flops by fvcore's convention, and activations."""
    network, count, _ = both
    costs = network_cost(network)
    nodes = list(every((*costs.rows, *costs.heads)))
    assert {one.node.path for one in nodes} == count.flops.keys() - {""}
    assert count.flops.keys() == count.activations.keys()
    theirs = {one.node.path: (count.flops[one.node.path], count.activations[one.node.path]) for one in nodes}
    ours = {one.node.path: (counted(one.facts, FVCORE), one.cost.activations) for one in nodes}
    assert {path: (theirs[path], ours[path]) for path in ours if theirs[path] != ours[path]} == {}
    counting = {path for path, (flops, _) in ours.items() if flops}
    assert {head.node.path for head in network.heads} < counting
    if network.name.startswith("googlenet"):
        assert {"aux1", "aux2", "aux1.conv.conv", "aux2.fc1", "inception_3a"} <= counting


def test_totals_agree(both: Any) -> None:
    """The whole network in eval mode, without its heads; where torchvision has it, fvcore's total of torchvision's module."""
    network, count, _ = both
    costs = network_cost(network)
    assert (count.flops[""], count.activations[""]) == (counted(costs.facts, FVCORE), costs.total.activations)
    rows = [row.path for row in network.rows]
    assert sum(count.flops[row] for row in rows) == count.flops[""] > 4e5
    assert sum(count.activations[row] for row in rows) == count.activations[""]
    if network.name in MEASURED:
        assert count.flops[""] == MEASURED[network.name]


def test_what_is_not_counted_is_in_the_result(both: Any) -> None:
    """The operators that fvcore has no rule for, with their calls: for GoogLeNet max pools, and response norms."""
    network, count, _ = both
    assert count.uncounted.keys() <= OTHERS
    if not network.name.startswith("googlenet"):
        return
    if network.name == "googlenet-32":
        assert count.uncounted == {"aten::max_pool2d": 13 - 2, "aten::avg_pool2d": 2}
        return
    assert POOLS.items() <= count.uncounted.items()
    if network.name == "googlenet-torchvision":
        assert count.uncounted == POOLS
    elif network.name == "googlenet-bn":
        assert count.uncounted == POOLS | {"aten::avg_pool2d": 1 + 2}
    else:
        average = {"aten::avg_pool2d": 2 + 2 + (network.name != "googlenet-fc")}
        assert (POOLS | NORMS | average).items() <= count.uncounted.items()


def test_every_measured_network_is_shipped() -> None:
    assert len(MEASURED) == 18
    assert MEASURED.keys() <= shipped().keys()


def test_nothing_is_logged_or_warned(both: Any) -> None:
    """Warnings were errors during the count, and no logger said anything."""
    assert [record.getMessage() for record in both[2]] == []


def test_nothing_is_logged_by_the_verb(caplog: pytest.LogCaptureFixture) -> None:
    """report(counter="fvcore") prints and logs nothing, with every logger listened to."""
    with caplog.at_level(logging.DEBUG), warnings.catch_warnings():
        warnings.simplefilter("error")
        made = api.report("googlenet", counter="fvcore")
    assert [one.getMessage() for one in caplog.records if one.name.startswith("fvcore")] == []
    assert [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING] == []
    assert {one["op"]: one["calls"] for one in made.data()["uncounted"]}.items() >= (POOLS | NORMS).items()


def test_a_counted_model_is_as_it_was() -> None:
    """Each module keeps its own mode (a frozen batch norm stays frozen), and no statistics move."""
    network = api.load("googlenet-torchvision", input="64x64x3")
    model = build_model(network)
    model.conv1.eval()
    modes = {name: part.training for name, part in model.named_modules()}
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    fvcore_count(model, network)
    assert {name: part.training for name, part in model.named_modules()} == modes
    assert all(tensor.equal(state[name]) for name, tensor in model.state_dict().items())


def test_totals_are_the_measured_ones() -> None:
    """What fvcore prints for torchvision's own module; for the paper's network it is the multiply-adds alone."""
    rows = csv.DictReader((DATA / "counters.csv").read_text(encoding="utf-8").splitlines())
    (measured,) = (row for row in rows if row["spec"] == "googlenet-torchvision")
    data = api.report("googlenet-torchvision", counter="fvcore").data()
    assert data["totals"]["fvcore"] == {"flops": int(measured["fvcore"]), "closed": int(measured["fvcore"])}
    assert int(measured["fvcore"]) == MEASURED["googlenet-torchvision"] == 1_504_878_688
    assert data["totals"]["activations"] == int(measured["fvcore_activations"]) == 3_227_160
    assert data["totals"]["macs"] == int(measured["macs_conv_linear"])
    assert 2 * data["totals"]["macs"] == int(measured["torch_flop_counter"])
    paper = api.report("googlenet", counter="fvcore").data()["totals"]
    assert paper["fvcore"]["flops"] == paper["fvcore"]["closed"] == 1_582_671_872
    assert paper["activations"] == 3_227_160


def test_report_shows_both_at_every_depth() -> None:
    """Each row of the JSON has fvcore's count beside the closed form, and each row of the table says that they are equal."""
    made = api.report("googlenet-bn", counter="fvcore", depth=9)

    def rows(data: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for row in data:
            yield row
            yield from rows(row.get("rows", []))

    data = made.data()
    found = list(rows([*data["rows"], *data["heads"]]))
    assert all(row["fvcore"]["flops"] == row["fvcore"]["closed"] for row in found)
    assert len(found) == 302
    text = str(made)
    lines = text.splitlines()
    equal = [line for line in lines if line.rstrip().endswith(" equal")]
    assert len(equal) == len(found) + 1  # and the total
    assert "max_pool2d (13)" in text


def test_the_command_is_silent_on_stderr() -> None:
    """In a fresh process with every warning shown, `report --counter fvcore` prints its result and nothing else."""
    command = [sys.executable, "-W", "default", "-m", "archspec", "report", "googlenet-torchvision", "--counter", "fvcore"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "1,504,878,688" in ran.stdout
