"""What changes from one network to another: rows by name, cells, figures, totals, tensors."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import SMALL, spec
from drawn import Drawn, examples
from hypothesis import given
from hypothesis import strategies as st
from strategies import specs

import archspec
from archspec.compiler.module import Model
from archspec.design.diff import COUNTS, diff
from archspec.design.order import merged, moved
from archspec.language.resolve import shipped


def changes(found: archspec.Difference) -> dict[str, str]:
    """What became of the rows that do not stay the same, by path."""
    return {row.path: row.change for row in (*found.diff.rows, *found.diff.heads) if row.change != "same"}


def edited(found: archspec.Difference) -> dict[str, list[tuple[str, str | None, str | None]]]:
    """The cells that differ, by path of their row."""
    return {row.path: [tuple(one) for one in row.edits] for row in (*found.diff.rows, *found.diff.heads) if row.edits}


def own(found: archspec.Difference) -> set[str]:
    """The rows that are themselves another."""
    return {row.path for row in (*found.diff.rows, *found.diff.heads) if row.own}


def test_googlenet_and_its_naive_form() -> None:
    """Figure 2b against 2a: the nine modules change, and what reads them; the figures are those of two reports."""
    found = archspec.diff("googlenet", "googlenet-naive")
    modules = [f"inception_{name}" for name in ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b")]
    assert own(found) == set(modules)
    assert edited(found)["inception_3a"] == [
        ("type", "inception", "naive inception"),
        ("#3x3 reduce", "96", None),
        ("#5x5 reduce", "16", None),
        ("pool proj", "32", None),
    ]
    one, other = (archspec.report(name).data() for name in ("googlenet", "googlenet-naive"))
    data = found.data()
    for key in (*COUNTS, "depth", "params_with_heads"):
        told = data["totals"][key]
        assert (told["before"], told["after"]) == (one["totals"][key], other["totals"][key])
        assert told["delta"] == other["totals"][key] - one["totals"][key]
    rows = [{row["path"]: row for row in each["rows"]} for each in (one, other)]
    for row in data["rows"]:
        for key in (*COUNTS, "receptive_field", "output"):
            assert (row[key]["before"], row[key]["after"]) == tuple(each[row["path"]][key] for each in rows)


@pytest.mark.parametrize(
    ("change", "rows", "edits"),
    [
        ("new={type: relu, after: conv1}", {"new": "added"}, {}),
        ("norm1=null", {"norm1": "dropped"}, {}),
        ("conv1.stride=2", {}, {}),
        ("again.norm=none", {"again": "changed"}, {"again": [("norm", "batch norm", "none"), ("bias", "false", "true")]}),
        ("drop.rate=0.5", {"drop": "changed"}, {"drop": [("rate", "0.3", "0.5")]}),
        ("aux=null", {"aux": "dropped"}, {}),
        ("aux.loss weight=0.5", {"aux": "changed"}, {"aux": [("loss weight", "1", "0.5")]}),
        (
            "vars.classes=7",
            {"fc": "changed", "softmax": "changed", "aux": "changed"},
            {"fc": [("filters", "10", "7")], "aux": [("classes", "10", "7")]},
        ),
        ("both.from=[again, mixed]", {"both": "changed"}, {"both": [("from", "mixed, again", "again, mixed")]}),
        ("mixed.b5x5.conv.patch=3x3", dict.fromkeys(("mixed", "again", "both", "pool", "drop", "fc", "softmax"), "changed"), {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_change(small: Path, change: str, rows: dict[str, str], edits: dict[str, Any]) -> None:
    found = archspec.diff(small, set=change)
    assert (changes(found), edited(found)) == (rows, edits)
    assert found.equal == (not rows)


def test_a_row_is_known_by_its_name_wherever_it_stands(small: Path) -> None:
    """An inserted row shifts nothing: the rows below are the same, or only read something else."""
    found = archspec.diff(small, set="new={type: conv, patch: 1x1, filters: 12, after: conv1}")
    assert changes(found) == {"new": "added"}
    assert [row.path for row in found.diff.rows][:3] == ["conv1", "new", "norm1"]
    assert {*found.diff.tensors.new} == {"new.weight", "new.bias"}
    wider = archspec.diff(small, set="new={type: conv, patch: 3x3, filters: 16, after: conv1}")
    assert own(wider) == {"new"}
    assert [row.path for row in wider.diff.rows if row.change == "changed"][:2] == ["norm1", "mixed"]


def test_a_renamed_row_is_one_dropped_where_it_stood_and_one_added(small: Path) -> None:
    other = small.with_name("other.yaml")
    other.write_text(SMALL.replace("id: norm1", "id: lrn"))
    found = archspec.diff(small, other)
    assert changes(found) == {"norm1": "dropped", "lrn": "added"}
    assert [row.path for row in found.diff.rows][:4] == ["conv1", "norm1", "lrn", "mixed"]
    assert found.diff.tensors.complete


def test_rows_in_another_order(folder: Path) -> None:
    rows = ["relu", "tanh", "{id: c, type: conv, patch: 1x1, filters: 4}"]
    Path("a.yaml").write_text(spec(*rows))
    Path("b.yaml").write_text(spec(rows[2], *rows[:2]))
    found = archspec.diff("a.yaml", "b.yaml")
    assert edited(found) == {"c": [("after", "tanh", "(first)")]}
    assert not found.equal


def test_layers_with_other_cells(small: Path) -> None:
    """A layer as a value is told with its cells."""
    found = archspec.diff(small, set="again.norm={type: batch norm, eps: 1e-3}")
    assert edited(found) == {"again": [("norm", "batch norm", "batch norm (eps 1e-3)")]}


def test_a_patch_and_a_stride_that_are_numbers(load: Callable[..., Any]) -> None:
    """Only where both are sides are they one cell, as papers print them."""
    blocks = "blocks: {b: {columns: {patch: {type: count}, stride: {type: count}}, body: [relu]}}\n"
    (row,) = load(spec("{id: r, type: b, patch: 3, stride: 1}", top=blocks)).rows
    assert row.cells == {"patch": "3", "stride": "1"}
    assert edited(archspec.diff("net.yaml", set="r.stride=2")) == {"r": [("stride", "1", "2")]}


def test_what_is_no_row(small: Path) -> None:
    """Input, outputs and initialisation are told of the whole network."""
    other = small.with_name("other.yaml")
    other.write_text(SMALL.replace("24x24x3", "23x24x3") + "init: {linear: {weight: {normal: 0.02}}}\n")
    found = archspec.diff(small, other)
    assert [tuple(one) for one in found.diff.edits] == [
        ("input", "24x24x3", "23x24x3"),
        ("init.linear.weight", None, "normal 0.02"),
    ]
    assert "(whole network)  changed  input: 24x24x3 → 23x24x3, init.linear.weight: – → normal 0.02" in str(found)


def test_the_input_of_two_specs_is_that_of_both(small: Path) -> None:
    assert archspec.diff(small, small, input="23x23x3").equal
    found = archspec.diff(small, input=(23, 23, 3))
    assert ("input", "24x24x3", "23x23x3") in [tuple(one) for one in found.diff.edits]
    assert found.changes == ("input=23x23x3",)


def test_depth_shows_parts(small: Path) -> None:
    found = archspec.diff(small, depth=3, set="mixed.n5x5_reduce=6")
    shown = {row.path: [tuple(one) for one in row.edits] for _, row in found.lines}
    assert shown["mixed"] == [("#5x5 reduce", "4", "6")]
    assert shown["mixed.b5x5"] == []
    assert shown["mixed.b5x5.reduce"] == [("filters", "4", "6")]
    assert shown["mixed.b5x5.conv"] == []  # it only reads more
    assert "mixed.b1x1" not in shown
    assert "mixed.b1x1" in {row.path for _, row in archspec.diff(small, depth=3, all=True, set="mixed.n5x5_reduce=6").lines}


def test_the_same_network_is_said_in_one_line(small: Path) -> None:
    other = small.with_name("other.yaml")
    other.write_text(SMALL.replace("name: small", "name: copy\nabout: the same"))
    found = archspec.diff(small, other)
    assert str(found) == "small and copy are the same network: no row, figure or tensor changes.\n"
    found = archspec.diff(small, set="vars.classes=10")
    assert str(found) == "small with vars.classes=10 is the same network: no row, figure or tensor changes.\n"
    assert found.data()["rows"] == []
    assert len(archspec.diff(small, other, all=True).data()["rows"]) == 9


@pytest.mark.parametrize("format", ["table", "markdown"])
def test_a_page(small: Path, golden: Callable[[str, str], None], format: str) -> None:
    """All kinds of lines, within 100 columns."""
    changes = [
        *("mixed.n5x5=12", "norm1=null", "new={type: batch norm, after: mixed}", "vars.classes=7"),
        *("both=null", "again.filters=44", "conv1.patch=5x5"),
    ]
    text = archspec.diff(small, depth=2, set=changes).text(format)
    golden(f"diff.{'txt' if format == 'table' else 'md'}", text)
    if format == "table":
        assert max(map(len, text.splitlines())) <= 100


def test_markup_is_escaped(marked: Path) -> None:
    text = archspec.diff(marked, set="one.width=4").text("markdown")
    assert r"width {x}: 8 → 4" in text
    assert "<b>" not in text


def test_a_notebook_shows_the_table(small: Path) -> None:
    found = archspec.diff(small, set="norm1=null")
    assert "norm1" in found._repr_mimebundle_()["text/html"]
    assert repr(found) == "<Difference of small and small: 1 rows>"


def theirs(network: Any) -> torch.nn.Module:
    with torch.device("meta"):
        return Model(network, True)


PAIRS = [
    ("googlenet", "googlenet-naive"),
    ("googlenet", "googlenet-bn"),
    ("googlenet-torchvision", "googlenet"),
    ("resnet50", "regnetx-400mf"),
]


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_the_plan_is_what_torch_says(before: str, after: str) -> None:
    """`load_state_dict(strict=False)` has the missing and the unexpected keys, and refuses sizes."""
    one, other = (archspec.load(name) for name in (before, after))
    plan = diff(one, other).tensors
    state: Any = theirs(one).state_dict()
    model = theirs(other)
    state._metadata = model.state_dict()._metadata  # else torch invents the counters of batch norms, as before version 0.4
    wrong = ""
    try:
        model.load_state_dict(state, strict=False)
    except RuntimeError as error:
        wrong = str(error)
    assert re.findall(r"size mismatch for ([\w.]+):", wrong) == [*plan.resized]
    for name in plan.resized:
        del state[name]
    report = model.load_state_dict(state, strict=False)
    assert report.missing_keys == [name for name in model.state_dict() if name in plan.new or name in plan.resized]
    assert report.unexpected_keys == [*plan.dropped]
    assert [name for name in model.state_dict() if name in state] == [*plan.carried]


@pytest.mark.parametrize("name", shipped())
def test_every_spec_is_the_same_as_itself_and_all_new_to_another(name: str) -> None:
    network = archspec.load(name)
    assert diff(network, archspec.load(name)).equal
    found = diff(network, archspec.load("lenet5"))
    paths = {row.path for row in found.rows if row.before} | {row.path for row in found.heads if row.before}
    assert paths == {row.path for row in network.rows} | {head.node.path for head in network.heads}


@examples(20)
@given(drawn=specs(), another=specs())
def test_what_is_dropped_one_way_is_added_the_other(drawn: Drawn, another: Drawn) -> None:
    """Generated networks: each is the same as itself, and the figures of rows add up to the totals."""
    network, other = drawn.load(), another.load()
    assert diff(network, network).equal
    there, back = diff(network, other), diff(other, network)
    opposite = {"added": "dropped", "dropped": "added", "changed": "changed", "same": "same"}
    rows = [(*found.rows, *found.heads) for found in (there, back)]
    assert {row.path: opposite[row.change] for row in rows[0]} == {row.path: row.change for row in rows[1]}
    assert {*there.tensors.new} == {*back.tensors.dropped}
    assert {*there.tensors.carried} == {*back.tensors.carried}
    for name in COUNTS:
        sides = [[row.before for row in there.rows], [row.after for row in there.rows]]
        assert tuple(sum(side.counts[name] for side in each if side) for each in sides) == there.totals[name]


NAMES = st.lists(st.sampled_from("abcdefghij"), unique=True)


@given(before=NAMES, after=NAMES)
def test_two_lists_as_one(before: list[str], after: list[str]) -> None:
    both = merged(before, after)
    assert sorted(both) == sorted({*before, *after})
    assert [name for name in both if name in after] == after
    gone = [name for name in before if name not in after]
    assert [name for name in both if name in gone] == gone or len({*before} & {*after}) > 1  # they stand where they stood
    away = moved(before, after)
    stay = [[name for name in names if name in before and name in after and name not in away] for names in (before, after)]
    assert stay[0] == stay[1]


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({}, "unsupported", "a difference is between two specs, or between one and itself with changes"),
    ({"set": "mixed.n5x6=3"}, "unknown-path", "`mixed.n5x6` is neither a row nor a column of a row"),
    ({"set": "mixed.n5x5=many"}, "bad-value", "#5x5 must be a positive whole number, found `many`"),
    ({"after": "googlenett"}, "unknown-spec", "no shipped spec is called `googlenett`"),
    ({"set": "norm1=null", "depth": 0}, "unsupported", "depth is at least 1: the rows"),
]


@pytest.mark.parametrize(("options", "code", "message"), WRONG, ids=[code for _, code, _ in WRONG])
def test_wrong_input(small: Path, options: dict[str, Any], code: str, message: str) -> None:
    with pytest.raises(archspec.SpecError) as error:
        archspec.diff(small, **options)
    assert [(one.code, one.message) for one in error.value.diagnostics] == [(code, message)]


def test_what_is_wrong_with_both_is_said_in_one_run(small: Path) -> None:
    for name in ("a", "b"):
        small.with_name(f"{name}.yaml").write_text(SMALL.replace("filters: 12", f"filtres: {name}"))
    with pytest.raises(archspec.SpecError) as error:
        archspec.diff(small.with_name("a.yaml"), small.with_name("b.yaml"))
    assert len({one.place.source.name for one in error.value.diagnostics}) == 2
    with pytest.raises(archspec.SpecError) as error:
        archspec.diff(small.with_name("a.yaml"), set="norm1=null")
    assert len(error.value.diagnostics) == 1


def test_the_json_is_whole(small: Path) -> None:
    data = json.loads(archspec.diff(small, set=["vars.classes=7", "aux=null"], depth=2).text("json"))
    (fc,) = (row for row in data["rows"] if row["id"] == "fc")
    assert fc["output"] == {"before": [10], "after": [7]}
    assert fc["params"] == {"before": 330, "after": 231, "delta": -99, "percent": -30.0}
    assert data["tensors"]["resized"]["fc.weight"] == {"before": [10, 32], "after": [7, 32]}
    assert data["heads"][0]["params"]["after"] is None
    assert data["heads"][0]["params"]["delta"] == -data["heads"][0]["params"]["before"]
    assert data["set"] == ["vars.classes=7", "aux=null"]
