"""Weights that fit in part: what is loaded is what the plan says, the rest stays initialised and is told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import SMALL, STILL, difference
from safetensors.torch import load_file, save_file

import archspec
from archspec.compiler.module import build_model
from archspec.compiler.weights import load_weights, save_weights
from archspec.design.diff import diff

CHANGES = [
    *("vars.classes=7", "mixed.n5x5_reduce=6", "conv1.dilation=2"),
    "new={type: convolution, patch: 1x1, filters: 32, after: both}",
]


@pytest.fixture
def weights(small: Path) -> Path:
    """Weights of the small network."""
    path = small.with_name("small.safetensors")
    torch.manual_seed(1)
    network = archspec.load(small)
    save_weights(build_model(network), network, path)
    return path


def test_it_loads_what_the_plan_says(small: Path, weights: Path) -> None:
    """Every tensor that carries over is the file's; every other is as the same seed initialised it."""
    before, after = archspec.load(small), archspec.load(small, set=CHANGES)
    plan = diff(before, after).tensors
    torch.manual_seed(2)
    fresh = build_model(after)
    torch.manual_seed(2)
    model = build_model(after)
    loaded = load_weights(model, after, weights, partial=True)
    assert (loaded.plan.carried, loaded.plan.resized, loaded.plan.new) == (plan.carried, plan.resized, plan.new)
    assert {*loaded.plan.dropped} == {*plan.dropped} == set()
    assert {name.partition(".")[0] for name in plan.resized} == {"mixed", "fc", "aux"}
    file = load_file(weights)
    for name, tensor in model.state_dict().items():
        expected = file[name] if name in plan.carried else fresh.state_dict()[name]
        assert torch.equal(tensor, expected), name
    assert loaded.tensors == len(plan.carried)


def test_the_part_that_carries_over_gives_the_same(small: Path, weights: Path) -> None:
    one = archspec.build(small, weights=weights, set=STILL).eval()
    other = archspec.build(small, weights=weights, partial=True, set=[*STILL, "vars.classes=7"]).eval()
    x = torch.randn(2, 3, 24, 24)
    inner = [torch.nn.Sequential(*(model.get_submodule(name) for name in ("conv1", "norm1", "mixed"))) for model in (one, other)]
    assert difference(inner[0](x), inner[1](x)) == 0
    assert other(x).shape == (2, 7)


def test_a_file_that_fits_is_loaded_whole(small: Path, weights: Path) -> None:
    network = archspec.load(small)
    model = build_model(network)
    loaded = load_weights(model, network, weights, partial=True)
    assert loaded.plan.complete
    assert loaded.tensors == len(model.state_dict())


def test_heads_that_are_not_built_are_left_out(small: Path, weights: Path) -> None:
    network = archspec.load(small)
    model = build_model(network, heads=False)
    loaded = load_weights(model, network, weights, partial=True)
    assert loaded.plan.complete
    assert {name.partition(".")[0] for name in loaded.left_out} == {"aux"}


def refused(*words: Any, **options: Any) -> list[tuple[str, str, str | None]]:
    with pytest.raises(archspec.SpecError) as error:
        archspec.build(*words, **options)
    return [(one.code, one.message, one.hint) for one in error.value.diagnostics]


def test_without_it_the_error_hints_at_it(small: Path, weights: Path) -> None:
    found = refused(small, weights=weights, set="vars.classes=7")
    assert [one[2] for one in found] == [None, None, None, "--partial loads the 24 tensors that fit"]
    assert found[-1][1] == "the tensor `fc.weight` is 10 x 32 in the file, but the network needs 7 x 32"
    (missing,) = refused(small, weights=weights, set="new={type: prelu, after: both}")
    assert missing[1:] == ("the file lacks 1 tensor: `new.weight`", "--partial loads the 28 tensors that fit")


def test_nothing_that_fits_is_an_error(small: Path, weights: Path) -> None:
    found = refused("lenet5", weights=weights, partial=True)
    assert found == [("bad-weights", "no tensor of the file fits one of the network's 10", "the file was written for `small`")]
    assert refused("lenet5", weights=weights)[-1][2] is None


def test_numbers_of_another_kind(small: Path, weights: Path) -> None:
    tensors = load_file(weights)
    tensors["fc.bias"] = tensors["fc.bias"].to(torch.int64)
    save_file(tensors, weights)
    found = refused(small, weights=weights, partial=True)
    assert found == [("bad-weights", "the file holds numbers of another kind for 1 tensor: `fc.bias`", None)]


def test_it_says_how_to_load_weights(small: Path) -> None:
    assert refused(small, partial=True) == [("unsupported", "--partial says how to load weights", "add --weights FILE")]


def test_the_command_prints_what_it_did_not_load(small: Path, weights: Path) -> None:
    small.write_text(SMALL + "init: {linear: {weight: {normal: 0.02}}}\n")
    changes = ("vars.classes=7", "again=null", "both=null")
    words = ["build", str(small), "--weights", weights.name, "--partial", *(w for one in changes for w in ("--set", one))]
    command = [sys.executable, "-m", "archspec", *words]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=small.parent)
    assert (ran.returncode, ran.stderr) == (0, "")
    told = ran.stdout[ran.stdout.index("loaded") :]
    assert told.startswith("loaded 18 of 22 tensors from small.safetensors; not loaded:\n")
    lines = {" ".join(line.split()) for line in told.splitlines()}
    assert lines >= {
        "fc of another size normal 0.02 weight 10x32 → 7x32",
        "fc of another size as torch does bias 10 → 7",
        "aux of another size normal 0.02 fc2.weight 10x1024 → 7x1024",
    }
    assert [line.split()[:2] for line in told.splitlines() if "dropped" in line] == [["again", "dropped"]]
