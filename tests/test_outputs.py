"""Models that return features by name, and what is wrong with a spec's `outputs`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import archspec
from archspec.analysis.fvcore import fvcore_count
from archspec.compiler.module import build_model

ROWS = """
name: t
input: 16x16x3
rows:
  - {id: a, type: conv, patch: 3x3/2, filters: 4}
  - {id: b, type: conv, patch: 3x3/2, filters: 6}
  - {id: c, type: conv, patch: 1x1, filters: 5, from: a}
"""
HEAD = "heads:\n  aux: {from: b, type: linear, filters: 2}\n"


def written(folder: Path, *parts: str) -> Path:
    path = folder / "net.yaml"
    path.write_text("".join(parts).lstrip())
    return path


@pytest.mark.parametrize("outputs", ["[b, c]", "{b: b, c: c}", "{c: c, b: b}"])
def test_a_model_returns_its_outputs_by_name(tmp_path: Path, outputs: str) -> None:
    path = written(tmp_path, ROWS, HEAD, f"outputs: {outputs}\n")
    network = archspec.load(path)
    assert {one.name: str(one.shape) for one in network.outputs} == {"b": "4x4x6", "c": "8x8x5"}
    model = archspec.build(path)
    x = torch.randn(2, 3, 16, 16)
    trained = model(x)
    assert set(trained) == {"b", "c", "aux"}
    result = model.eval()(x)
    assert list(result) == [one.name for one in network.outputs]
    first = model.a(x)
    assert torch.equal(result["b"], model.b(first))
    assert torch.equal(result["c"], model.c(first))
    assert torch.equal(trained["aux"], model.aux(result["b"]))
    with pytest.raises(TypeError, match="returns"):
        model.probabilities(x)
    compiled = torch.compile(model, backend="aot_eager")(x)
    assert all(torch.equal(compiled[name], result[name]) for name in result)
    exported = torch.export.export(model, (x,)).module()(x)
    assert all(torch.allclose(exported[name], result[name]) for name in result)


def test_every_row_that_is_returned_counts(tmp_path: Path) -> None:
    """Depth is the longest path to an output, and fvcore counts the rows of all of them."""
    path = written(tmp_path, ROWS, "outputs: {x: input, deep: b, last: c}\n")
    report = archspec.report(path)
    assert report.costs.depth == 2
    count = fvcore_count(build_model(report.network), report.network)
    assert count.flops[""] == report.costs.total.macs
    assert report.data()["outputs"] == {"x": [3, 16, 16], "deep": [6, 4, 4], "last": [5, 8, 8]}
    assert "returns x 16x16x3, deep 4x4x6, last 8x8x5" in str(report)


def test_a_variant_replaces_and_takes_away(tmp_path: Path) -> None:
    written(tmp_path, ROWS, "outputs: [b, c]\n").rename(tmp_path / "base.yaml")
    variant = written(tmp_path, "name: v\nextends: ./base.yaml\noutputs: {c: c}\n")
    assert [one.name for one in archspec.load(variant).outputs] == ["c"]
    variant.write_text("name: v\nextends: ./base.yaml\noutputs: null\n")
    assert archspec.load(variant).outputs == ()
    assert archspec.build(variant).eval()(torch.randn(1, 3, 16, 16)).shape == (1, 5, 8, 8)


FORM = "`outputs` must be a list of ids, or a mapping from names to ids, found"
WRONG: dict[str, tuple[str, list[tuple[str, ...]]]] = {
    "a word": ("outputs: c", [("7:10", "bad-value", "-", f"{FORM} `c`", "for example outputs: [c3, c4, c5]")]),
    "an empty list": ("outputs: []", [("7:10", "bad-value", "-", f"{FORM} an empty list")]),
    "a list of lists": ("outputs: [[b], c]", [("7:10", "bad-value", "-", f"{FORM} a list")]),
    "a mapping to a list": ("outputs: {x: [c]}", [("7:14", "bad-value", "-", "an output is the id of a row, found a list")]),
    "no such row": ("outputs: [cc]", [("7:11", "unknown-row", "-", "no row of the spec is called `cc`", "did you mean `c`?")]),
    "inside of a row": (
        "outputs: {x: a.conv}",
        [("7:14", "unknown-row", "-", "`a.conv` is inside of a row; an output is a row of the spec itself")],
    ),
    "twice": ("outputs: [b, c, b]", [("7:17", "duplicate-id", "-", "the output `b` stands twice")]),
    "a row after the last": (
        "outputs: [b]",
        [("6:5", "unused-row", "-", "nothing reads `c` after the last output", "take them away, or name one in `outputs`")],
    ),
    "a head of the same name": (
        "outputs: {aux: c}\n" + HEAD,
        [("9:3", "duplicate-id", "aux", "`aux` is the name of an output and of a head")],
    ),
}


@pytest.mark.parametrize(("text", "expected"), WRONG.values(), ids=WRONG)
def test_wrong_outputs(text: str, expected: list[Any], expect: Callable[..., None]) -> None:
    expect(ROWS.lstrip() + text + "\n", expected)


def test_a_row_that_a_head_reads_is_used(expect: Callable[..., None]) -> None:
    expect(ROWS.lstrip() + "outputs: [b]\nheads:\n  aux: {from: c, type: linear, filters: 2}\n", [])


def test_outputs_are_no_path(expect: Callable[..., None]) -> None:
    message = "`outputs` cannot be changed by a path"
    expect(ROWS.lstrip(), [("--set:1:1", "bad-change", "-", message, "write a spec that extends this one")], set="outputs=c")
