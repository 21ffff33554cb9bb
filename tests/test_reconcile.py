"""What other tools print: measured on torchvision's modules, and by the tools themselves on those and on our own."""

from __future__ import annotations

import csv
import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision
from conftest import spec
from drawn import Drawn, examples
from hypothesis import given, note
from strategies import GOALS, specs
from torch import Tensor, nn
from typer.testing import CliRunner

import archspec
from archspec.analysis.counters import CONVENTIONS, facts_of, summed, words
from archspec.analysis.reconcile import reconcile_network
from archspec.cli.main import command_line
from archspec.compiler.live import HOOKED, live_counts
from archspec.ir.tree import leaves
from archspec.ops import op_names

PAGE = Path(__file__).parent.parent / "docs" / "counting.md"
HEAD = "| counter | the number is | what is called as a function |\n|---|---|---|\n"
DATA = Path(__file__).parent / "data"
ROWS, PYCLS = (
    list(csv.DictReader((DATA / name).read_text(encoding="utf-8").splitlines())) for name in ("counters.csv", "pycls.csv")
)
BY_SPEC = {row["spec"]: row for row in ROWS}
#: the column of the measured figure
COLUMNS = {
    "papers": "macs_conv_linear",
    "fvcore": "fvcore",
    "fvcore-activations": "fvcore_activations",
    "flop-counter-mode": "torch_flop_counter",
    "torchinfo": "torchinfo_mult_adds",
    "thop": "thop_macs",
    "ptflops-pytorch": "ptflops_pytorch",
    "ptflops-aten": "ptflops_aten",
}
#: what torchvision's code calls as functions: every relu of the Inceptions, the pools in Inception-v3's modules
CALLED = {
    "googlenet-torchvision": ["relu"],
    "densenet121": ["activation", "avgpool"],
    "mobilenet-v2": ["avgpool"],
    "inception-v3": ["relu", "mixed_*.pool.pool", "mixed_7a.pool"],
}
#: the program of a counter, if it is not torch
PROGRAMS = {"torchinfo": "torchinfo", "thop": "thop", "ptflops-pytorch": "ptflops", "ptflops-aten": "ptflops"}


def installed(counter: str) -> bool:
    return counter not in PROGRAMS or importlib.util.find_spec(PROGRAMS[counter]) is not None


def needs(counter: str) -> None:
    if not installed(counter):
        pytest.skip(f"{PROGRAMS[counter]} is not installed")


def numbers(name: Any, **options: Any) -> dict[str, int]:
    return {count.convention.name: count.value for count in archspec.reconcile(name, **options).counts}


@pytest.mark.parametrize("name", BY_SPEC)
def test_every_measured_figure(name: str) -> None:
    """To the digit, with the calls of torchvision's code named where it calls functions."""
    found = numbers(name, functions=CALLED.get(name, ()))
    assert {counter: found[counter] for counter in COLUMNS} == {
        counter: int(BY_SPEC[name][column]) for counter, column in COLUMNS.items()
    }
    assert found["torchvision"] == found["papers"]


@pytest.mark.parametrize("name", BY_SPEC)
def test_calls_explain_the_difference(name: str) -> None:
    """Without the calls named, only what hooks modules differs, and by calls that are printed."""
    made = archspec.reconcile(name)
    named = archspec.reconcile(name, functions=CALLED.get(name, ()))
    for count, other in zip(made.counts, named.counts, strict=True):
        measured = int(BY_SPEC[name][COLUMNS.get(count.convention.name, "macs_conv_linear")])
        kept = {(call.op, call.fact): call.difference for call in other.calls}
        gone = sum(call.difference - kept.get((call.op, call.fact), 0) for call in count.calls)
        assert other.value == count.value + gone
        if count.convention.name in COLUMNS:
            assert count.value + gone == measured
        if name not in CALLED or count.convention.name not in ("thop", "ptflops-pytorch"):
            assert gone == 0


@pytest.mark.parametrize("counter", HOOKED)
@pytest.mark.parametrize("name", BY_SPEC)
def test_tools_on_torchvision(name: str, counter: str) -> None:
    """What the installed tool prints for torchvision's module is what was measured, and what is computed."""
    needs(counter)
    options = {"init_weights": False} if name in ("googlenet-torchvision", "inception-v3") else {}
    module = getattr(torchvision.models, BY_SPEC[name]["model"])(weights=None, **options).eval()
    example = torch.zeros(1, *archspec.load(name).input.tensor)
    printed = HOOKED[counter](module, example)
    assert printed == int(BY_SPEC[name][COLUMNS[counter]]) == numbers(name, functions=CALLED.get(name, ()))[counter]


def agrees(network: Any) -> None:
    """Every installed tool that runs the module prints the number of its convention; thop rounds windows down."""
    found = {count.convention.name: count.value for count in reconcile_network(network)}
    live = live_counts(network, list(HOOKED))
    assert live.keys() == HOOKED.keys()
    missing = {name: found[name] - value for name, value in live.items() if value is not None}
    assert missing.keys() == {name for name in HOOKED if installed(name)}
    assert 0 <= missing.pop("thop", 0) <= sum(map(uneven, leaves(network.body)))
    assert missing == dict.fromkeys(missing, 0)


def uneven(leaf: Any) -> bool:
    """Whether it is an adaptive pool whose windows do not divide the map."""
    height, width = leaf.output.height, leaf.output.width
    return bool(leaf.op.name == "adaptive avg pool" and (leaf.input.height % height or leaf.input.width % width))


OPS = (
    "{type: conv, patch: 3x3/2, filters: 8, groups: 2}",
    "{type: conv, patch: 3x3/2, filters: 8, bias: false, padding: 0:1x2:1}",
    "{type: transposed conv, patch: 3x3/2, filters: 6, groups: 2}",
    "{type: transposed conv, patch: 3x3, filters: 6, padding: 2, bias: false}",
    "{type: linear, filters: 5}",
    "{type: linear, filters: 5, bias: false}",
    *(
        f"{{type: {kind} pool, patch: 3x3/2{cells}}}"
        for kind in ("max", "avg")
        for cells in ("", ", ceil: true", ", padding: tf same")
    ),
    "{type: avg pool, patch: 3x3/2, padding: 1, count padding: false}",
    "{type: power avg pool, patch: 3x3/2, padding: 1x0, power: 3}",
    *(f"{{type: adaptive {kind} pool, pooled to: {size}}}" for kind in ("avg", "max") for size in ("1x1", "2x4", "3x5", "8x8")),
    *(f"{{type: {kind} norm, affine: {affine}}}" for kind in ("batch", "layer", "instance") for affine in ("true", "false")),
    *(f"{{type: group norm, groups: 2, affine: {affine}}}" for affine in ("true", "false")),
    *(f"{{type: upsample, mode: {mode}, scale: 3}}" for mode in ("nearest", "bilinear", "bicubic")),
    *(f"{{type: upsample, mode: {mode}, height: 9, width: 15}}" for mode in ("nearest", "bilinear", "bicubic")),
    "{type: response norm, size: 4}",
    "{type: l2 norm}",
    "{type: layer scale}",
    "{type: scale, factor: 2}",
    "{type: drop path, rate: 10%}",
    "{type: dropout}",
    "{type: pad, padding: 1x2}",
    "{type: pad, padding: 1, mode: reflect}",
    "{type: crop, height: 4, width: 5}",
    "{type: pixel shuffle}",
    "{type: channel shuffle}",
    *("flatten", "identity", "softmax", "relu", "relu6", "leaky relu", "prelu", "elu", "gelu", "silu", "selu", "mish"),
    *("sigmoid", "hard sigmoid", "hard swish", "softplus", "tanh"),
)


@pytest.mark.parametrize("row", OPS)
def test_each_op(row: str, tmp_path: Path) -> None:
    """On a map that is not square, and on a vector where it can be; something flows on, so that a softmax runs."""
    path = tmp_path / "t.yaml"
    path.write_text(spec("{id: first, type: conv, patch: 1x1, filters: 4}", row, "identity"))
    agrees(archspec.load(path, input="7x8x3"))
    path.write_text(spec("flatten", row, "identity"))
    if not archspec.check(path):
        agrees(archspec.load(path))


def test_thop_rounds_windows_down(tmp_path: Path) -> None:
    """13 / 3 squared times 9 is 169, but not in floating point: the one number that its convention does not have to the digit."""
    needs("thop")
    path = tmp_path / "t.yaml"
    path.write_text(spec("{type: adaptive avg pool, pooled to: 3x3}"))
    network = archspec.load(path, input="13x13x3")
    assert live_counts(network, ["thop"]) == {"thop": numbers(path, input="13x13x3")["thop"] - 1}


def test_every_op_is_in_the_table(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    named = set()
    for row in (*OPS, "{type: renormalize}"):
        path.write_text(spec("{id: first, type: conv, patch: 1x1, filters: 4}" if "renorm" not in row else "identity", row))
        named.add(archspec.load(path).rows[-1].type)
    assert named == set(op_names())


@pytest.mark.parametrize("goal", [goal for goal in GOALS if not goal.startswith("op ")])
def test_generated_specs(goal: str) -> None:
    """Whole networks: branches, sums, products, blocks, heads that do not run."""

    @examples(1)
    @given(specs(goal))
    def check(drawn: Drawn) -> None:
        note(repr(drawn))
        agrees(drawn.load())

    check()


class Functions(nn.Module):
    """A network that calls every function that a tool could see."""

    def forward(self, x: Tensor) -> Tensor:
        f = nn.functional
        x = f.silu(f.leaky_relu(f.gelu(f.elu(f.relu6(f.relu(x))))))
        x = f.avg_pool2d(f.max_pool2d(x, 3, 2), 2, 1)
        x = f.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
        x = f.interpolate(x, scale_factor=2.0, mode="nearest")
        return f.softmax(f.adaptive_avg_pool2d(f.adaptive_max_pool2d(x, (4, 4)), (2, 2)), 1)


@pytest.mark.parametrize("counter", HOOKED)
def test_functions(counter: str, tmp_path: Path) -> None:
    """What a tool makes of functions, where archspec has the same ops and is told that they are functions."""
    needs(counter)
    path = tmp_path / "t.yaml"
    names = ["relu", "relu6", "elu", "gelu", "leaky relu", "silu", "max pool", "avg pool", "upsample"]
    pools = ["{type: max pool, patch: 3x3/2}", "{type: avg pool, patch: 2x2/1}"]
    rest = ["{type: upsample, mode: bilinear}", "{id: again, type: upsample}"]
    ends = ["{type: adaptive max pool, pooled to: 4x4}", "{type: adaptive avg pool, pooled to: 2x2}", "softmax", "identity"]
    path.write_text(spec(*names[:6], *pools, *rest, *ends))
    found = numbers(path, functions=[*names, "adaptive_max_pool", "adaptive avg pool", "softmax"])
    assert HOOKED[counter](Functions(), torch.zeros(1, 3, 8, 8)) == found[counter]
    if counter == "ptflops-pytorch":
        assert 0 < found[counter] < numbers(path)[counter]


def test_pycls_as_its_source_says(tmp_path: Path) -> None:
    """`conv2d_cx`, `pool2d_cx` and `linear_cx` of pycls/models/blocks.py: a bias once for each filter, max pools are active."""
    path = tmp_path / "t.yaml"
    rows = ("{type: conv, patch: 3x3/2, filters: 6, groups: 3}", "{type: max pool, patch: 3x3/2, padding: 1}", "relu")
    path.write_text(spec(*rows, "{type: linear, filters: 7}"))
    found = numbers(path)
    assert found["pycls"] == (3 * 3 * 3 * 6 * 4 * 4 // 3 + 6) + (6 * 2 * 2 * 7 + 7)
    assert found["pycls-activations"] == 6 * 4 * 4 + 6 * 2 * 2 + 7


@pytest.mark.parametrize("row", PYCLS, ids=lambda row: row["spec"])
def test_pycls_on_its_own_configurations(row: dict[str, str]) -> None:
    found = numbers(row["spec"])
    assert (found["pycls"], found["pycls-activations"]) == (int(row["flops"]), int(row["acts"]))
    assert archspec.report(row["spec"]).costs.total.params == int(row["params"])


def test_a_number_is_the_sum_of_its_printed_terms() -> None:
    ran = CliRunner().invoke(
        command_line([]), ["reconcile", "inception-v3", "--format", "json", "--functions", "relu, mixed_*.pool.pool"]
    )
    assert ran.exit_code == 0, ran.output
    data = json.loads(ran.stdout)
    assert [one["name"] for one in data["counters"]] == [one.name for one in CONVENTIONS]
    for one in data["counters"]:
        assert one["value"] == sum(term["weight"] * term["value"] for term in one["terms"])
        assert all(call["difference"] == call["value"] * (call["as_function"] - call["as_module"]) for call in one["calls"])
    assert any(term["functions"] for one in data["counters"] for term in one["terms"])


def test_weights_are_over_facts() -> None:
    """Every weight is of a fact that there is; a softmax that only reads the logits is not counted."""
    for one in CONVENTIONS:
        assert facts_of(()).keys() >= one.weights.keys() | (one.functions or {}).keys()
    assert not any("softmax" in term.fact for count in archspec.reconcile("googlenet").counts for term in count.terms)


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        ({"counters": ["thopp"]}, f"--counter is one of {', '.join(one.name for one in CONVENTIONS)}, found `thopp`", "`thop`"),
        ({"functions": ["relo"]}, "`relo` is neither the type nor the path of an op of googlenet", "`relu`"),
        ({"functions": ["inception_9*.pool"]}, "`inception_9*.pool` is neither the type nor the path of an op of googlenet", ""),
        ({"functions": ["a..b"]}, "`a..b` is not a path such as inception_3a.n5x5", ""),
        ({"functions": [""]}, "`` is not a path such as inception_3a.n5x5", ""),
        ({"functions": ["gelu"]}, "`gelu` is neither the type nor the path of an op of googlenet", ""),
    ],
)
def test_wrong_words(options: dict[str, Any], message: str, hint: str) -> None:
    with pytest.raises(archspec.SpecError) as raised:
        archspec.reconcile("googlenet", **options)
    (one,) = raised.value.diagnostics
    assert one.message == message
    assert hint in (one.hint or "")


def test_printed_table() -> None:
    """The numbers of the table and those of the data; it fits 100 columns."""
    made = archspec.reconcile("inception-v3", counters=["thop", "torchinfo"])
    lines = str(made).splitlines()
    assert max(map(len, lines)) <= 100
    for count in made.counts:
        assert any(line.split()[:1] == [count.convention.name] and f"{count.value:,}" in line for line in lines)
        assert all(any(f"{term.value:,}" in line for line in lines) for term in count.terms)


def test_live_beside_the_closed_form(capsys: pytest.CaptureFixture[str]) -> None:
    """Every tool of the table that is a program runs, prints nothing of its own, and is equal or not installed."""
    made = archspec.reconcile("squeezenet-1-0", input="96x96x3", live=True)
    programs = {*HOOKED, "fvcore", "fvcore-activations"}
    assert made.live is not None
    assert made.live.keys() == programs
    for count in made.counts:
        name = count.convention.name
        assert made.live.get(name) in ((count.value,) if name in programs and installed(name) else (None,))
    assert str(made).count(" equal ") == sum(map(installed, programs))
    assert made.data()["live"] == made.live
    assert capsys.readouterr() == ("", "")


def test_live_takes_no_functions() -> None:
    with pytest.raises(archspec.SpecError, match="every op is a module"):
        archspec.reconcile("squeezenet-1-0", functions=["relu"], live=True)


def conventions_table() -> str:
    """The table of the page, as the conventions are."""
    rows = []
    for one in CONVENTIONS:
        sums = [summed((weight, words(fact)) for fact, weight in each.items()) for each in (one.weights, one.functions or {})]
        rows.append((one.name, sums[0], "the same" if one.functions is None else sums[1]))
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def test_the_page_says_what_the_conventions_are() -> None:
    """`python tests/test_reconcile.py` writes the table."""
    text = PAGE.read_text(encoding="utf-8")
    assert f"{HEAD}{conventions_table()}\n" in text
    (terms,) = re.findall(r"\| term \| what it is \|\n\|---\|---\|\n((?:\|.*\n)+)", text)
    told = [term for row in terms.splitlines() for term in row.split(" | ")[0].removeprefix("| ").split(", ")]
    used = {words(fact) for one in CONVENTIONS for fact in one.weights}
    assert len(told) == len(set(told))
    assert set(told) == used


def test_the_page_names_every_field() -> None:
    text = PAGE.read_text(encoding="utf-8")
    data = archspec.reconcile("squeezenet-1-0", input="96x96x3", live=True).data()
    data["live"] = None
    counters = data["counters"]
    nested = [one for counter in counters for key in ("terms", "calls") for one in counter[key]]
    assert {key for part in (data, *counters, *nested) for key in part} <= set(re.findall(r"`(\w+)`", text))


def test_the_page_names_the_calls_of_torchvision() -> None:
    rows = dict(re.findall(r"(?m)^\| `([\w-]+)` \| `(.*)` \|$", PAGE.read_text(encoding="utf-8")))
    assert {name: calls.split(", ") for name, calls in rows.items()} == CALLED


if __name__ == "__main__":
    before, after = PAGE.read_text(encoding="utf-8").split(HEAD)
    PAGE.write_text(before + HEAD + conventions_table() + re.sub(r"^(\|.*\n)*", "", after), encoding="utf-8")
