"""The closed form against figures from elsewhere: counts of others' modules, GoogLeNet's Table 1, arithmetic from its columns."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

import archspec as api
from archspec.cli.main import command_line
from archspec.language.figures import figure
from archspec.language.resolve import shipped

DATA = Path(__file__).parent / "data"


def read(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((DATA / name).read_text(encoding="utf-8").splitlines()))


NETWORKS = {row["spec"]: row for row in read("networks.csv")}
TABLE1 = {row["id"]: row for row in read("googlenet_table1.csv")}
INCEPTIONS = [row for row in TABLE1.values() if row["type"] == "inception"]
ADDITIVE = ("params", "macs", "activations")

# of GoogLeNet and its variants: params, macs, activations, depth, params with heads
GOLDEN = {
    "googlenet": (6_998_552, 1_582_671_872, 3_227_160, 22, 13_378_280),
    # conv1: 27 weights a filter and not 147, all else as with batch norm; 32², 16² and 8² places for 28², 14² and 7²
    "googlenet-32": (6_998_152, 1_562_157_056, 2_445_288, 22, 13_378_136),
    # 7,280 biases of convolutions become 2 x 7,280 parameters of batch norm; the heads' 2 x 128 biases likewise
    "googlenet-bn": (7_005_832, 1_582_671_872, 3_227_160, 22, 13_385_816),
    # the last linear sees 7 x 7 x 1024 inputs and not 1024: 48 x 1024 x 1000 = 49,152,000 more weights, each used once
    "googlenet-fc": (56_150_552, 1_631_823_872, 3_227_160, 22, 62_530_280),
    # 1 + 2 + 9 x 1 + 1 layers deep
    "googlenet-naive": (97_526_008, 12_568_061_056, 2_679_144, 13, 104_274_376),
    # conv1: 7·7·3·8 + 24·64 = 2,712 weights and 24 + 64 biases, not 9,408 and 64; 24 x 112² more activations
    "googlenet-separable": (6_991_880, 1_498_677_248, 3_528_216, 23, 13_371_608),
    "googlenet-torchvision": (6_624_904, 1_498_376_192, 3_227_160, 22, 13_004_888),
}

FIVE = "conv1 params, conv1 ops, inception_4c params, inception_5a params, inception_5a ops"
DISAGREE = {(row, key) for row, key in (cell.split() for cell in FIVE.split(", "))}


def conv(patch: int, taken: int, filters: int, side: int, norm: bool = False) -> Counter[str]:
    """A square convolution by hand: its bias, or two numbers a filter of batch norm."""
    weights = patch * patch * taken * filters
    extra = 2 * filters if norm else filters
    return Counter(params=weights + extra, macs=weights * side * side, activations=filters * side * side)


def linear(taken: int, units: int) -> Counter[str]:
    return Counter(params=taken * units + units, macs=taken * units, activations=units)


def module(row: dict[str, str], taken: int, side: int, norm: bool, wide: int, naive: bool) -> tuple[Counter[str], int]:
    """An inception module from its row of the table, and the channels that leave it."""
    n1, r3, n3, r5, n5, proj = (int(row[key]) for key in ("#1x1", "#3x3 reduce", "#3x3", "#5x5 reduce", "#5x5", "pool proj"))
    if naive:
        branches = ((1, taken, n1), (3, taken, n3), (5, taken, n5))
        return sum((conv(*branch, side) for branch in branches), Counter()), n1 + n3 + n5 + taken
    branches = ((1, taken, n1), (1, taken, r3), (3, r3, n3), (1, taken, r5), (wide, r5, n5), (1, taken, proj))
    return sum((conv(*branch, side, norm) for branch in branches), Counter()), n1 + n3 + n5 + proj


def by_hand(
    norm: bool = False, wide: int = 5, naive: bool = False, map_side: int = 1, separable: bool = False, small: bool = False
) -> tuple[int, ...]:
    """The five figures from the columns of Table 1 alone. Heads: average pool to 4x4, 128 filters, 1024 units, classes.

    `small`: a first convolution of 3x3, and 8 places along a side where the table has 7, as its input is 32 places wide.
    """
    depthwise = Counter(params=24 * 49 + 24, macs=24 * 49 * 112**2, activations=24 * 112**2)
    total = depthwise + conv(1, 24, 64, 112) if separable else conv(3, 3, 64, 32, norm) if small else conv(7, 3, 64, 112, norm)
    first = 32 if small else 56
    total += conv(1, 64, 64, first, norm) + conv(3, 64, 192, first, norm)
    channels, heads = 192, 0
    for row in INCEPTIONS:
        side = int(row["output size"].split("x")[0]) * (8 if small else 7) // 7
        cost, channels = module(row, channels, side, norm, wide, naive)
        total += cost
        if row["id"] in ("inception_4a", "inception_4d"):
            heads += (conv(1, channels, 128, 4, norm) + linear(2048, 1024) + linear(1024, 1000))["params"]
    total += linear(channels * map_side**2, 1000)
    depth = (2 if separable else 1) + 2 + len(INCEPTIONS) * (1 if naive else 2) + 1
    return (*(total[key] for key in ADDITIVE), depth, total["params"] + heads)


BY_HAND: dict[str, dict[str, Any]] = {
    "googlenet": {},
    "googlenet-32": {"norm": True, "small": True},
    "googlenet-bn": {"norm": True},
    "googlenet-fc": {"map_side": 7},
    "googlenet-naive": {"naive": True},
    "googlenet-separable": {"separable": True},
    "googlenet-torchvision": {"norm": True, "wide": 3},
}


def test_every_shipped_spec_is_held() -> None:
    """A spec that is added needs its figures, and a GoogLeNet also arithmetic that they follow from."""
    assert set(shipped()) == set(NETWORKS)
    assert {name for name in shipped() if name.startswith("googlenet")} == set(GOLDEN) == set(BY_HAND)


@pytest.mark.parametrize("name", NETWORKS)
def test_totals_are_those_of_the_module_elsewhere(name: str) -> None:
    """Parameters, multiply-adds and depth at the spec's own input; test_peers.py counts the modules that they are from."""
    data = api.report(name).data()
    figures = {key: str(data["totals"][key]) for key in ("params", "macs", "depth")}
    channels, height, width = data["input"]
    assert {"input": f"{height}x{width}x{channels}", **figures}.items() <= NETWORKS[name].items()


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_figures(name: str) -> None:
    """The report's totals are the golden integers, which the table's columns give by hand."""
    totals = api.report(name).data()["totals"]
    assert tuple(totals[key] for key in (*ADDITIVE, "depth", "params_with_heads")) == GOLDEN[name]
    assert by_hand(**BY_HAND[name]) == GOLDEN[name]


@pytest.mark.parametrize("row", read("torchvision.csv"), ids=lambda row: row["spec"])
def test_torchvision_publishes_the_same(row: dict[str, str]) -> None:
    """Its documentation prints the parameters (of Inception-v3 with its head) and the multiply-adds in billions."""
    totals = api.report(row["spec"]).data()["totals"]
    assert (totals["params"], totals["macs"]) == (int(row["params"]), int(row["macs"]))
    published = totals["params_with_heads" if row["spec"] == "inception-v3" else "params"]
    assert (published, round(totals["macs"] / 1e9, 3)) == (int(row["published_params"]), float(row["published_gmacs"]))


def test_the_spec_is_table_1_cell_by_cell() -> None:
    """Every published cell stands in the spec as it is printed, and no cell that is not published stands in its column."""
    written = yaml.load(shipped()["googlenet"].read_text(encoding="utf-8"), yaml.BaseLoader)["rows"]
    rows = {row["id"]: row for row in written}
    assert len(rows) == len(written)
    assert [name for name in rows if name in TABLE1] == list(TABLE1)
    assert len(TABLE1) == 19
    assert rows.keys() - TABLE1.keys() == {"renormalize", "norm1", "norm2"}
    published = {name: {key: cell for key, cell in row.items() if cell} for name, row in TABLE1.items()}
    published["conv2"]["type"] = "reduced convolution"  # printed as a convolution with a `#3x3 reduce` beside it
    assert {name: {key: cell for key, cell in rows[name].items() if key in TABLE1["conv1"]} for name in TABLE1} == published
    beyond = {key for name in TABLE1 for key in rows[name] if key not in TABLE1["conv1"]}
    assert beyond == {"ceil", "filters", "why"}


def test_every_computed_size_is_the_published_one() -> None:
    network = api.load("googlenet")
    sizes = {row.name: str(row.output) for row in network.rows}
    assert {name: sizes[name] for name in TABLE1} == {name: row["output size"] for name, row in TABLE1.items()}
    outputs = {row["id"]: row["output"] for row in api.report("googlenet").data()["rows"]}
    assert (outputs["inception_3a"], outputs["fc"]) == ([256, 28, 28], [1000])


def test_audit_flags_exactly_five_cells() -> None:
    """Every published figure is looked at, five differ, and nothing is inherited."""
    findings = api.audit("googlenet")
    figures = ("depth", "params", "ops", "output size")
    cells = {(name, key) for name, row in TABLE1.items() for key in figures if row[key]}
    beyond = {(None, "depth"), (None, "receptive field")}  # the paper's 22 layers and 224x224
    assert {(one.row, one.key) for one in findings} == cells | beyond
    assert len(findings) == len(cells) + len(beyond) == 64
    assert {(one.row, one.key) for one in findings if not one.agrees} == DISAGREE
    assert not any(one.inherited for one in findings)
    shown = {(one.row, one.key): (one.published, one.computed) for one in findings}
    assert shown["conv1", "params"] == ("2.7K", "9.19K")
    assert shown["conv1", "ops"] == ("34M", "118.0M")
    assert shown["inception_4c", "params"] == ("463K", "497.5K")
    assert shown["inception_5a", "params"] == ("1072K", "1018.0K")
    assert shown["inception_5a", "ops"] == ("54M", "51.1M")


def test_audit_of_a_separable_first_convolution() -> None:
    """Both of conv1's published costs then agree, and 1.5 billion operations in all; its depth, one too many, is flagged."""
    findings = {(one.row, one.key): one for one in api.audit("googlenet-separable")}
    assert findings["conv1", "params"].agrees
    assert findings["conv1", "ops"].agrees
    assert findings[None, "ops"].agrees
    assert not findings[None, "ops"].inherited
    differs = {cell for cell, one in findings.items() if not one.agrees}
    assert differs == DISAGREE - {("conv1", "params"), ("conv1", "ops")} | {("conv1", "depth"), (None, "depth")}


@pytest.mark.parametrize(
    ("printed", "computed", "base", "rounds"),
    [
        ("2.7K", 2_650, 1000, True),  # half up
        ("2.7K", 2_649, 1000, False),
        ("2.7K", 2_749, 1000, True),
        ("2.7K", 2_750, 1000, False),
        ("2.7K", 2_712, 1024, False),  # 2.648: within 2 %, but it rounds to 2.6
        ("2.7K", 2_714, 1024, True),
        ("159K", 162_304, 1024, True),  # 158.5 x 1024
        ("159K", 162_303, 1024, False),
        ("159K", 163_327, 1024, True),
        ("159K", 163_328, 1024, False),  # 159.5 x 1024, inception_3a's own weights
        ("1M", 1_024_000, 1000, True),
        ("1M", 1_499_999, 1000, True),
        ("1M", 1_500_000, 1000, False),
        ("1M", 1_048_576, 1024, True),  # M is K squared
        ("1M", 524_288, 1024, True),
        ("1M", 524_287, 1024, False),
        ("0.10M", 104_999, 1000, True),  # a printed zero is a digit
        ("0.10M", 105_000, 1000, False),
        ("1.5B", 1_498_677_248, 1000, True),
        ("1.5 billion", 1_550_000_000, 1000, False),
        ("6,998,552", 6_998_552, 1024, True),
        ("6,998,552", 6_998_553, 1024, False),
        ("22", 23, 1000, False),
        ("0", 0, 1000, True),
    ],
)
def test_rounding(printed: str, computed: int, base: int, rounds: bool) -> None:
    """A computed figure agrees if it rounds, half up, to the digits that are printed."""
    assert figure(printed).rounds_from(computed, base) is rounds


@pytest.mark.parametrize(
    ("units", "agrees"),
    [(97, False), (98, True), (100, True), (102, True), (103, False)],
)
def test_tolerance(tmp_path: Path, units: int, agrees: bool) -> None:
    """Two per cent, both ends included, for params and ops; a depth has no tolerance."""
    row = f"{{type: linear, filters: {units}, bias: false, params: 100, ops: 100, depth: 1}}"
    path = tmp_path / "t.yaml"
    path.write_text(f"name: t\ninput: 1x1x1\nsource: {{counts: {{tolerance: 2%}}}}\nclaims: {{depth: 50}}\nrows: [{row}, relu]\n")
    found = {(one.row, one.key): one.agrees for one in api.audit(path)}
    linear = {key: agreed for (row, key), agreed in found.items() if row}
    assert linear == {"params": agrees, "ops": agrees, "depth": True}
    assert found[None, "depth"] is False


def deepest(row: dict[str, Any], level: int = 1) -> Iterator[tuple[int, dict[str, Any]]]:
    """The deepest printed rows; each row above them is the sum of its own."""
    if not row.get("rows"):
        yield level, row
        return
    assert {key: row[key] for key in ADDITIVE} == {key: sum(part[key] for part in row["rows"]) for key in ADDITIVE}, row["path"]
    for part in row["rows"]:
        yield from deepest(part, level + 1)


@pytest.mark.parametrize(
    ("name", "depth"), [*((name, depth) for name in GOLDEN for depth in (1, 2, 3, 4)), *((name, 9) for name in NETWORKS)]
)
def test_totals_are_the_sum_of_what_is_printed(name: str, depth: int) -> None:
    """At every --depth of the JSON: the rows' figures add up, and each row's are those of the rows within it."""
    ran = CliRunner().invoke(command_line(()), ["report", name, "--format", "json", "--depth", str(depth)])
    assert ran.exit_code == 0, ran.output
    data = json.loads(ran.stdout)
    printed = [found for row in data["rows"] for found in deepest(row)]
    assert {key: data["totals"][key] for key in ADDITIVE} == {key: sum(row[key] for _, row in printed) for key in ADDITIVE}
    if name in GOLDEN:
        assert max(level for level, _ in printed) == min(depth, 3 if name == "googlenet-naive" else 4)
    heads = sum(row["params"] for head in data["heads"] for _, row in deepest(head))
    assert data["totals"]["params_with_heads"] - data["totals"]["params"] == heads


@pytest.mark.parametrize("name", NETWORKS)
def test_printed_columns_add_up_to_the_printed_total(name: str) -> None:
    """The table that people read: its columns, read back as text."""
    made = api.report(name)
    rows = {row.name for row in made.network.rows}
    sums, seen = Counter[str](), set()
    for line in str(made).splitlines():
        share, bar = r"(?: +[\d.]+)?", "(?: +[█▏▎▍▌▋▊▉]+)?"
        cells = re.fullmatch(rf"(\S+) +.*\d+x\d+x\d+ +(?:\d+|–) +([\d,]+|–){share} +([\d,]+|–){share}{bar}", line)
        if cells and cells[1] in rows:
            seen.add(cells[1])
            params, macs = (0 if cell == "–" else int(cell.replace(",", "")) for cell in cells.group(2, 3))
            sums += Counter(params=params, macs=macs)
    assert seen == rows
    (printed,) = re.findall(r"^total +\d+ +([\d,]+) +100 +([\d,]+) +100", str(made), re.MULTILINE)
    assert [int(cell.replace(",", "")) for cell in printed] == [sums["params"], sums["macs"]]
    assert [sums[key] for key in ("params", "macs")] == [int(NETWORKS[name][key]) for key in ("params", "macs")]


def test_a_row_of_the_json() -> None:
    """A row as the JSON contract shows it: exact counts with biases, the claim by the source's own rules."""
    (row,) = (row for row in api.report("googlenet").data()["rows"] if row["id"] == "inception_3a")
    exact = {"type": "inception", "output": [256, 28, 28], "params": 163_696, "macs": 128_049_152, "depth": 2}
    assert exact.items() <= row.items()
    claim = {"published": "159K", "computed": "159.5K", "deviation": 0.003145, "agrees": True, "inherited": False}
    assert row["claims"]["params"] == claim
