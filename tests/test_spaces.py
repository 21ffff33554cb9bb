"""The shipped design spaces: their sizes, and that their members are the networks that a plain program makes of the numbers."""

from __future__ import annotations

import random
from functools import cache
from typing import Any

import numpy as np
import pytest
import regnet
import timm
import torch
import torchvision
from hypothesis import given
from hypothesis import strategies as st
from regnet import PUBLISHED, Cost, Stage

import archspec
from archspec.design.axes import spelled_changes
from archspec.design.space import Space, space
from archspec.ir.tree import Inner, Tree
from archspec.language.blocks import library_block
from archspec.language.formula import evaluate
from archspec.language.load import load
from archspec.language.resolve import shipped, spaces

NUMBERS = ("d", "w0", "wa", "wm", "g")
INCEPTION = ("n1x1", "n3x3_reduce", "n3x3", "n5x5_reduce", "n5x5", "pool_proj")
COLUMNS = ("n", "width", "bottleneck_ratio", "group_width")


@cache
def shipped_space(name: str) -> Space:
    return space(name)


def totals(name: str, changes: list[str]) -> Cost:
    total = archspec.report(name, set=changes).costs.total
    return Cost(1, 1, total.params, total.macs, total.activations)


def refused(name: str, changes: list[str]) -> set[str | None]:
    """The rows that a spec is refused for; none if it is not."""
    return {one.row for one in archspec.check(name, set=changes)}


def stages(numbers: list[tuple[int, ...]]) -> list[str]:
    """Stages of anynetx as changes."""
    values = enumerate(numbers, start=1)
    return [f"stage{at}.{key}={value}" for at, stage in values for key, value in zip(COLUMNS, stage, strict=True)]


# what is shipped


def test_spaces_are_shipped_beside_networks() -> None:
    assert spaces().keys() == {"anynetx-space", "regnetx-space", "inception-space"}
    assert not spaces().keys() & shipped().keys()
    for name in spaces():
        spec = load(name)
        assert spec.space is not None
        assert archspec.check(name) == ()
        base = {"anynetx-space": "anynetx", "regnetx-space": "regnetx-400mf", "inception-space": "googlenet"}[name]
        assert archspec.report(name).costs.total == archspec.report(base).costs.total


def test_the_spaces_have_the_sizes_that_the_paper_states() -> None:
    assert shipped_space("anynetx-space").size == (16 * 128 * 3 * 6) ** 4  # about 10 ** 18, section 3.2
    assert [len(axis) for axis in shipped_space("regnetx-space").axes] == [61, 32, 25600, 1501, 19]
    assert shipped_space("inception-space").size == 9 ** (9 * 6)


def test_the_table_itself_is_a_member_of_its_space() -> None:
    found = shipped_space("inception-space")
    steps = [axis.values.index(1) for axis in found.axes]
    assert totals("inception-space", found.changes(steps)) == totals("googlenet", [])
    table = {f"{row.path}.{key}": value for row in archspec.load("googlenet").rows for key, value in row.columns.items()}
    assert found.at(steps) == {path: table[path] for path in found.at(steps)}


@pytest.mark.parametrize("name", [name for name in PUBLISHED if name != "32GF"])  # whose w0 is 320
def test_the_networks_of_the_paper_are_members(name: str) -> None:
    found = shipped_space("regnetx-space")
    steps = [axis.values.index(value) for axis, value in zip(found.axes, PUBLISHED[name], strict=True)]
    assert found.at(steps) == {f"vars.{key}": value for key, value in zip(NUMBERS, PUBLISHED[name], strict=True)}


# RegNetX


#: networks of the paper under their names in timm and in torchvision, which lacks some
PEERS = {
    "200MF": ("regnetx_002", None),
    "400MF": ("regnetx_004", None),  # torchvision's is another: it rounds 9.5 groups to 10 and 24.5 to 25
    "600MF": ("regnetx_006", None),
    "800MF": ("regnetx_008", "regnet_x_800mf"),
    "1.6GF": ("regnetx_016", "regnet_x_1_6gf"),
    "3.2GF": ("regnetx_032", "regnet_x_3_2gf"),
    "4.0GF": ("regnetx_040", None),
    "6.4GF": ("regnetx_064", None),
    "8.0GF": ("regnetx_080", "regnet_x_8gf"),
    "12GF": ("regnetx_120", None),
    "16GF": ("regnetx_160", "regnet_x_16gf"),
    "32GF": ("regnetx_320", "regnet_x_32gf"),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_networks_of_the_paper(name: str) -> None:
    """The count of timm's module, that which torchvision publishes, and the plain program's."""
    numbers = PUBLISHED[name]
    ours = totals("regnetx-400mf", [f"vars.{key}={value}" for key, value in zip(NUMBERS, numbers, strict=True)])
    in_timm, in_torchvision = PEERS[name]
    with torch.device("meta"):
        assert ours.params == sum(one.numel() for one in timm.create_model(in_timm).parameters())
    if in_torchvision:
        meta = torchvision.models.get_model_weights(in_torchvision).IMAGENET1K_V1.meta
        assert (ours.params, round(ours.macs / 1e9, 3)) == (meta["num_params"], meta["_ops"])
    found = regnet.generated(*numbers)
    assert found is not None
    assert ours == regnet.complexity(found)
    anynet = [(stage.depth, stage.width, 1, stage.group) for stage in found]
    assert ours == totals("anynetx", stages(anynet))


class Named(dict[str, Any]):
    """What a formula sees, with no scale."""

    def scaled(self, channels: Any) -> Any:
        return channels


def by_formulas(d: int, w0: int, wa: float, wm: float) -> list[tuple[int, int]]:
    """Depth and width of each stage by the formulas of the spec."""
    found = []
    for k in range(4):
        names = Named({"k": k, "d": d, "w0": w0, "wa": wa, "wm": wm})
        for key, column in (load_block().columns or {}).items():
            if key not in names and str(column.default).startswith("="):
                names[key] = evaluate(str(column.default), names)
        found.append((int(names["n"]), int(names["width"])))
    return found


@cache
def load_block() -> Any:
    return load("regnetx-400mf").blocks["x stage"]


def drawn(rng: np.random.Generator) -> tuple[int, int, float, float]:
    """Half of them round numbers, with which ties are common."""
    d, w0 = int(rng.integers(4, 65)), 8 * int(rng.integers(1, 33))
    if rng.random() < 0.5:
        return d, w0, float(rng.integers(1, 257)), float(rng.choice([1.5, 1.75, 2, 2.25, 2.5, 2.75, 3]))
    return d, w0, round(0.01 * int(rng.integers(1, 25601)), 2), round(1.5 + 0.001 * int(rng.integers(0, 1501)), 3)


def test_the_closed_form_is_the_quantised_rule() -> None:
    rng = np.random.default_rng(0)
    seen = {True: 0, False: 0}
    for _ in range(3000):
        numbers = drawn(rng)
        if regnet.tied(*numbers):
            continue
        widths, depths, possible = regnet.levels(*numbers)
        ours = by_formulas(*numbers)
        four = possible == 4 and len(widths) == 4
        assert four == (all(depth > 0 for depth, _ in ours) and len({width for _, width in ours}) == 4), numbers
        if four:
            assert ours == [*zip(depths, widths, strict=True)], numbers
        seen[four] += 1
    assert min(seen.values()) > 300


def test_a_tie_goes_to_the_even_stage_and_a_half_to_the_even_multiple() -> None:
    """u / w0 = 1.5 = 2.25 ** 0.5 is stage 0, 3.375 = 2.25 ** 1.5 is stage 2; 8 x 2.5 is 2 x 8, 8 x 6.25 is 6 x 8."""
    assert regnet.tied(120, 80, 5.0, 2.25)  # block 8 is 1.5 w0 wide, block 38 3.375 w0
    assert [depth for depth, _ in by_formulas(120, 80, 5.0, 2.25)] == [9, 38 - 9, 106 - 38, 120 - 106]
    assert [width for _, width in by_formulas(30, 8, 8.0, 2.5)] == [8, 16, 48, 128]


@pytest.mark.parametrize(
    ("change", "rows"),
    [
        ("vars.d=40", {"stage4"}),  # a fifth stage
        ("vars.d=10", {"stage4"}),
        ("vars.wa=0", {"stage2", "stage3", "stage4"}),
        ("vars.wm=1.1", {"stage2", "stage3", "stage4"}),
        ("vars.wm=0.5", {"stage1"}),  # and the others: what one line of the spec says is one finding
        ("vars.wa=-1", {"stage1"}),
    ],
)
def test_numbers_that_do_not_make_four_stages_are_refused(change: str, rows: set[str]) -> None:
    assert refused("regnetx-400mf", [change]) == rows


def test_members_of_the_regnetx_space_are_those_that_the_plain_program_makes() -> None:
    found, rng = shipped_space("regnetx-space"), random.Random(0)
    left = {True: 25, False: 25}
    while any(left.values()):
        member = found.member(rng.randrange(found.size))
        numbers: Any = tuple(member[f"vars.{key}"] for key in NUMBERS)
        expected = None if regnet.tied(*numbers[:4]) else regnet.generated(*numbers)
        if not left[expected is not None]:
            continue
        left[expected is not None] -= 1
        changes = spelled_changes(member)
        if expected is not None:
            assert totals("regnetx-space", changes) == regnet.complexity(expected), member
        elif not refused("regnetx-space", changes):
            widths = [row.columns["width"] for row in archspec.load("regnetx-space", set=changes).rows[1:5]]
            assert len({*widths}) < 4, member  # which the space's constraints exclude


def tree(node: Tree) -> Any:
    inner = tuple(map(tree, node.children)) if isinstance(node, Inner) else ()
    return node.path, node.type, node.input, node.output, getattr(node, "op", None), inner


@pytest.mark.parametrize("name", ["200MF", "3.2GF", "32GF"])
def test_a_regnetx_is_the_anynetx_with_its_stages(name: str) -> None:
    """The same tree, down to the ops and their names."""
    changes = [f"vars.{key}={value}" for key, value in zip(NUMBERS, PUBLISHED[name], strict=True)]
    special = archspec.load("regnetx-400mf", set=changes)
    rows = [row for row in special.rows if row.type == "x stage"]
    general = archspec.load("anynetx", set=stages([tuple(row.columns[key] for key in COLUMNS) for row in rows]))
    assert [*map(tree, special.rows)] == [*map(tree, general.rows)]


# AnyNetX


def test_members_of_the_anynetx_space_are_those_that_the_plain_program_makes() -> None:
    found, rng = shipped_space("anynetx-space"), random.Random(1)
    for _ in range(25):
        member: dict[str, Any] = found.member(rng.randrange(found.size))
        told = [Stage(*(member[f"stage{at}.{key}"] for key in COLUMNS)) for at in (1, 2, 3, 4)]
        assert totals("anynetx-space", spelled_changes(member)) == regnet.complexity([*map(regnet.adjusted, told)]), member


@given(st.integers(1, 300), st.integers(1, 8), st.integers(1, 400))
def test_a_bottleneck_becomes_the_nearest_multiple_of_its_groups(width: int, ratio: int, group_width: int) -> None:
    names = Named({"width": width, "bottleneck_ratio": ratio, "group_width": group_width})
    for key, formula in library_vars().items():
        names[key] = evaluate(formula, names)
    inner, group = max(1, width // ratio), min(group_width, max(1, width // ratio))
    nearest = min(range(group, inner + group + 1, group), key=lambda one: (abs(one - inner), one // group % 2))
    assert (names["groups"] * names["group"], names["group"]) == (nearest, group)


@cache
def library_vars() -> dict[str, str]:
    """The formulas of the library's block."""
    block = library_block("x stage")
    assert block is not None
    return {key: str(node) for key, node in (block.vars or {}).items()}


def test_what_a_bottleneck_becomes_can_be_built() -> None:
    """Groups wider than the bottleneck, widths that no group divides, a ratio of 4."""
    changes = stages([(1, 8, 4, 32), (2, 40, 2, 16), (1, 88, 1, 16), (1, 104, 4, 4)])
    model = archspec.build("anynetx", input="32x32x3", set=changes)
    expected = [regnet.adjusted(Stage(*numbers)) for numbers in ((1, 8, 4, 32), (2, 40, 2, 16), (1, 88, 1, 16), (1, 104, 4, 4))]
    assert sum(one.numel() for one in model.parameters()) == regnet.complexity(expected, side=32).params
    groups = [model.get_submodule(f"stage{at}.0.add.body.conv.conv").groups for at in (1, 2, 3, 4)]
    assert groups == [stage.width // stage.ratio // stage.group for stage in expected]


# GoogLeNet's table


def test_members_of_the_inception_space_cost_what_their_columns_say() -> None:
    found, rng = shipped_space("inception-space"), random.Random(2)
    for _ in range(10):
        member: dict[str, Any] = found.member(rng.randrange(found.size))
        row = archspec.load("inception-space", set=spelled_changes(member)).rows[6]
        n1x1, r3, n3, r5, n5, proj = (member[f"inception_3a.{key}"] for key in INCEPTION)
        report = archspec.report("inception-space", set=spelled_changes(member)).costs.rows[6]
        assert row.path == "inception_3a"
        assert report.cost.macs == 28 * 28 * (192 * (n1x1 + r3 + r5 + proj) + 9 * r3 * n3 + 25 * r5 * n5)
