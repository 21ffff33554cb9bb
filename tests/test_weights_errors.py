"""Wrong weights files, and networks that are too large: a diagnostic with its code, before anything is changed or allocated."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

import archspec as api
from archspec import SpecError
from archspec.compiler import module
from archspec.compiler.weights import load_weights, save_weights

SPEC = """
name: small
input: 16x16x3
vars: {classes: 5}
rows:
  - {id: conv1, type: convolution, patch: 3x3, stride: 2, filters: 8, norm: batch norm}
  - {id: pool, type: adaptive avg pool}
  - {id: fc, type: linear, filters: =classes}
heads:
  aux: {from: conv1, type: auxiliary classifier, classes: =classes, patch size/stride: 2x2/2}
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(SPEC, encoding="utf-8")
    return path


@pytest.fixture
def good(spec: Path) -> Path:
    """A weights file that fits, heads included."""
    path = spec.with_name("good.safetensors")
    save_weights(api.build(spec), api.load(spec), path)
    return path


def refused(spec: Path, weights: str | os.PathLike[str], **options: Any) -> tuple[set[str], str]:
    """The codes and the text of what is wrong with these weights."""
    with pytest.raises(SpecError) as error:
        api.build(spec, weights=weights, **options)
    return {one.code for one in error.value.diagnostics}, str(error.value)


def test_a_good_file_is_taken(spec: Path, good: Path) -> None:
    """The other tests refuse files that are this one but for one thing."""
    state = api.build(spec, weights=good).state_dict()
    assert all(state[name].equal(tensor) for name, tensor in load_file(good).items())


@pytest.mark.parametrize("name", ["none.safetensors", "no/such/folder.safetensors", ".", "x" * 300, "a\0b"])
def test_no_such_file(spec: Path, tmp_path: Path, name: str) -> None:
    """Missing, a folder, or not a usable name."""
    codes, text = refused(spec, tmp_path / name)
    assert codes == {"bad-file"}
    assert "--weights" in text


WRONG: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "text": lambda data: b"these are no weights\n" * 40,
    "a torch checkpoint": lambda data: b"PK\x03\x04" + bytes(200),
    "cut in the length": lambda data: data[:5],
    "cut in the header": lambda data: data[:60],
    "cut in the tensors": lambda data: data[:-4],
    "longer than it says": lambda data: data + b"more",
    "a length without end": lambda data: b"\xff" * 8 + data[8:],
    "a header that is not JSON": lambda data: struct.pack("<Q", 4) + b"oops" + data[8:],
    "a header that is a list": lambda data: struct.pack("<Q", 8) + b"[1, 2] ]",
}


@pytest.mark.parametrize("name", WRONG)
def test_not_safetensors(spec: Path, good: Path, name: str) -> None:
    """Anything that is not a whole safetensors file is one error of one kind."""
    path = good.with_name("wrong.safetensors")
    path.write_bytes(WRONG[name](good.read_bytes()))
    codes, text = refused(spec, path)
    assert codes == {"bad-weights"}
    assert "not a safetensors file" in text


CHANGES: dict[str, tuple[Callable[[dict[str, Tensor]], Any], list[str]]] = {
    "missing": (lambda tensors: tensors.pop("fc.bias"), ["lacks", "`fc.bias`"]),
    "unexpected": (lambda tensors: tensors.update({"fd.bias": torch.zeros(5)}), ["no place", "`fd.bias`"]),
    "mis-sized": (
        lambda tensors: tensors.update({"fc.weight": torch.zeros(5, 9)}),
        ["`fc.weight`", "5 x 9", "5 x 8"],
    ),
    "flattened": (
        lambda tensors: tensors.update({"conv1.conv.weight": tensors["conv1.conv.weight"].flatten().contiguous()}),
        ["`conv1.conv.weight`", "216", "8 x 3 x 3 x 3"],
    ),
    "renamed": (
        lambda tensors: tensors.update({"conv2.conv.weight": tensors.pop("conv1.conv.weight")}),
        ["lacks", "`conv1.conv.weight`", "no place", "`conv2.conv.weight`"],
    ),
    "a head's": (lambda tensors: tensors.pop("aux.fc1.weight"), ["lacks", "`aux.fc1.weight`"]),
    "unexpected in a head": (lambda tensors: tensors.update({"aux.fc3.bias": torch.zeros(5)}), ["no place", "`aux.fc3.bias`"]),
    "a scalar": (lambda tensors: tensors.pop("conv1.norm.num_batches_tracked"), ["`conv1.norm.num_batches_tracked`"]),
}


@pytest.mark.parametrize("name", CHANGES)
def test_tensors_that_do_not_fit(spec: Path, good: Path, name: str) -> None:
    """Each tensor that is missing, unknown or of another size is named, and the model is left as it was."""
    change, shown = CHANGES[name]
    tensors = load_file(good)
    change(tensors)
    save_file(tensors, good)
    codes, text = refused(spec, good)
    assert codes == {"bad-weights"}
    assert [part for part in shown if part not in text] == []
    network, model = api.load(spec), api.build(spec)
    before = {key: tensor.clone() for key, tensor in model.state_dict().items()}
    with pytest.raises(SpecError):
        load_weights(model, network, good)
    assert all(tensor.equal(before[key]) for key, tensor in model.state_dict().items())


def test_several_kinds_in_one_run(spec: Path, good: Path) -> None:
    """A file for other classes that also lacks a tensor: all of it is said at once."""
    tensors = load_file(good)
    del tensors["conv1.conv.weight"]
    save_file(tensors, good)
    codes, text = refused(spec, good, classes=7)
    assert codes == {"bad-weights"}
    assert [name for name in ("conv1.conv.weight", "fc.weight", "fc.bias", "aux.fc2.weight") if f"`{name}`" not in text] == []


def test_many_missing_tensors_are_not_all_listed(spec: Path, good: Path) -> None:
    """A file of another network does not flood the screen."""
    save_file({"other": torch.zeros(1)}, good)
    _, text = refused("googlenet", good)
    assert len(text) < 4000


def test_without_heads(spec: Path, good: Path) -> None:
    """The heads' tensors are left out for a model without them, whatever they hold; nothing else is."""
    tensors = load_file(good)
    tensors["aux.fc1.weight"] = torch.zeros(1)
    tensors["aux.made_up"] = torch.zeros(1)
    save_file(tensors, good)
    network, model = api.load(spec), api.build(spec, heads=False)
    loaded = load_weights(model, network, good)
    heads = {name for name in tensors if name.startswith("aux.")}
    assert set(loaded.left_out) == heads
    assert loaded.tensors == len(tensors) - len(heads) == len(model.state_dict())
    assert all(tensor.equal(tensors[name]) for name, tensor in model.state_dict().items())
    tensors["auxiliary"] = torch.zeros(1)
    save_file(tensors, good)
    codes, text = refused(spec, good, heads=False)
    assert (codes, "`auxiliary`" in text) == ({"bad-weights"}, True)


def test_a_file_without_heads_for_a_model_with_them(spec: Path, good: Path) -> None:
    save_weights(api.build(spec, heads=False), api.load(spec), good)
    assert api.build(spec, heads=False, weights=good) is not None
    codes, text = refused(spec, good)
    assert codes == {"bad-weights"}
    assert "`aux.conv.conv.weight`" in text


def archspec_command(*words: str, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "archspec", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **options)


def test_the_command(spec: Path, good: Path) -> None:
    """`build --weights --no-heads` says what was left out; a wrong file is status 2, diagnostics on stderr and no traceback."""
    fine = archspec_command("build", str(spec), "--no-heads", "--weights", str(good))
    assert (fine.returncode, fine.stderr) == (0, "")
    assert "6 tensors of heads left out" in fine.stdout
    wrong = archspec_command("build", str(spec), "--weights", str(spec))
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "error[bad-weights]" in wrong.stderr
    assert "Traceback" not in wrong.stderr


LARGE = {
    "a linear": ("1000x1000x3", "{type: linear, filters: 2000000000}", 3_000_001 * 2_000_000_000),
    "a convolution": ("1x1x2000000000", "{type: conv, patch: 1x1, filters: 2000000000}", 2_000_000_001 * 2_000_000_000),
    "the input": ("100000x100000x3", "{type: max pool, patch: 2x2, stride: 2}", 0),
    "a map in between": ("1000x1000x3", "{type: convolution, patch: 1x1, filters: 500000}", 4 * 500_000),
}


@pytest.mark.parametrize("name", LARGE)
def test_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """More than this machine's memory is said before one module is made; counting it without building still works."""
    size, row, params = LARGE[name]
    path = tmp_path / "large.yaml"
    path.write_text(f"name: large\ninput: {size}\nrows: [{row}]\n", encoding="utf-8")
    monkeypatch.setattr(module, "build_model", lambda *_, **__: pytest.fail("a module was built"))
    with pytest.raises(SpecError) as error:
        api.build(path)
    assert [one.code for one in error.value.diagnostics] == ["too-large"]
    assert "GiB" in str(error.value)
    assert api.report(path).data()["totals"]["params"] == params


def test_heads_that_are_too_large_can_be_left_out(spec: Path) -> None:
    """Only what is built is counted."""
    change = ["aux.fc1.filters=2000000000"]
    with pytest.raises(SpecError) as error:
        api.build(spec, set=change)
    assert [one.code for one in error.value.diagnostics] == ["too-large"]
    assert api.build(spec, set=change, heads=False) is not None


def test_the_command_refuses_what_is_too_large(tmp_path: Path) -> None:
    """Status 2 and a diagnostic, not a traceback of torch."""
    path = tmp_path / "large.yaml"
    path.write_text("name: large\ninput: 1000x1000x3\nrows: [{type: linear, filters: 2000000000}]\n", encoding="utf-8")
    ran = archspec_command("build", str(path))
    assert ran.returncode == 2
    assert "error[too-large]" in ran.stderr
    assert "Traceback" not in ran.stderr
