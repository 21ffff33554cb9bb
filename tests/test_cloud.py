"""Pictures of sweeps: which points they show, and that members of the shipped spaces cost what plain programs say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import regnet
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from typer.testing import CliRunner

import archspec
from archspec.cli.main import command_line
from archspec.design.cloud import Cloud
from archspec.design.rows import Objective, Rows

VARY = {"inception_3a.n3x3": "64:256:8", "inception_3a.n5x5": "16:96:8"}


def rows(first: int, params: Any, macs: Any) -> Rows:
    places = np.arange(first, first + len(params))
    return Rows(places, places[:, None], {"params": np.asarray(params), "macs": np.asarray(macs)})


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that are saved."""
    saved: list[Figure] = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, *args, **named: saved.append(figure))
    return saved


@given(st.lists(st.integers(0, 30), min_size=1, max_size=60), st.lists(st.integers(1, 20)), st.integers(1, 10))
def test_the_same_points_stay_whatever_the_chunks_are(values: list[int], sizes: list[int], most: int) -> None:
    objectives = Objective("params"), Objective("macs", largest=True)
    whole, parts = Cloud(objectives, most), Cloud(objectives, most)
    table = np.array(values), np.array(values[::-1])
    whole.add(rows(0, *table))
    start = 0
    for size in (*sizes, len(values)):
        parts.add(rows(start, *(column[start : start + size] for column in table)))
        start = min(start + size, len(values))
    kept = [one.rows() for one in (whole, parts)]
    assert kept[0] is not None
    assert kept[1] is not None
    assert kept[0].place.tolist() == kept[1].place.tolist()
    assert len(kept[0]) <= most
    assert whole.count == parts.count == len(values)
    if len(values) <= most:
        assert len(kept[0]) == len(values)
    front = whole.front()
    assert front is not None
    points = {*zip(*(column.tolist() for column in table), strict=True)}
    best = {(x, y) for x, y in points if not any(a <= x and b >= y and (a, b) != (x, y) for a, b in points)}
    assert {*zip(front.figures["params"].tolist(), front.figures["macs"].tolist(), strict=True)} == best


@pytest.mark.parametrize("step", [1, 2, 7, 64, 100])
def test_the_part_that_stays_is_as_good_as_random(step: int) -> None:
    """Also among every n-th member, whose axes are the same."""
    cloud = Cloud([Objective("params")], most=20_000)
    for start in range(0, 1_000_000, 100_000):
        cloud.add(rows(start, *2 * [np.arange(start, start + 100_000) % 100]))
    kept = cloud.rows()
    assert kept is not None
    assert 10_000 <= len(kept) <= 20_000
    share = len(kept) / 1_000_000
    there = (kept.place % step == 0).sum()
    expected = share * 1_000_000 / step
    assert abs(there - expected) < 4 * expected**0.5
    assert np.bincount(kept.figures["params"], minlength=100).min() > 0.5 * len(kept) / 100


def test_a_sweep_with_two_figures_shows_its_variants_their_front_and_the_network(figures: list[Figure], tmp_path: Path) -> None:
    found = archspec.sweep("googlenet", vary=VARY, pareto="params,-activations", top=3, by="macs", plot=tmp_path / "a.svg")
    (axes,) = figures[0].axes
    assert len(axes.collections[0].get_offsets()) == 25 * 11
    everything = archspec.sweep("googlenet", vary=VARY, pareto="params,-activations")
    line = {*zip(*map(np.ndarray.tolist, axes.lines[0].get_data()), strict=True)}
    assert line == {*zip(everything["params"].tolist(), everything["activations"].tolist(), strict=True)}
    assert len(found) == 3  # whatever the rows are, the picture has the whole front
    assert [one.get_text() for one in figures[0].legends[0].get_texts()] == [
        "275 variants",
        f"Pareto front, {len(everything)}",
        "googlenet, unchanged",
    ]
    assert [float(one) for one in (*axes.lines[1].get_xdata(), *axes.lines[1].get_ydata())] == [6_998_552, 3_227_160]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("parameters", "activations (elements)")


def test_any_other_sweep_shows_a_distribution(figures: list[Figure], tmp_path: Path) -> None:
    for words, name in (
        ({}, "multiply-adds (MACs)"),
        ({"by": "params", "top": 2}, "parameters"),
        ({"pareto": "depth"}, "depth (layers)"),
    ):
        archspec.sweep("googlenet", vary=VARY, plot=tmp_path / "a.png", **words)  # type: ignore[arg-type] # a mapping of both kinds
        assert figures.pop().axes[0].get_xlabel() == name
    archspec.sweep("googlenet", vary=VARY, by="inception_3a.macs", plot=tmp_path / "a.png")
    figure = figures.pop()
    assert figure.axes[0].get_xlabel() == "inception_3a: multiply-adds (MACs)"
    found = archspec.sweep("googlenet", vary=VARY, by="inception_3a.macs", top=1000)["inception_3a.macs"]
    assert figure.axes[0].lines[0].get_xdata()[-1] == found.max()


def sweep(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(command_line(()), ["sweep", *words])
    return done.exit_code, str(done.exception) if isinstance(done.exception, archspec.SpecError) else done.stdout


def test_on_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    code, text = sweep("googlenet", "--vary", "inception_3a.n5x5=16:96:16", "--pareto", "params,macs", "--plot", str(path))
    assert (code, text.splitlines()[-1]) == (0, f"wrote {path}")
    path.unlink()
    code, text = sweep("googlenet", "--vary", "inception_3a.n5x5=16:96:16", "--where", "params < 1", "--plot", str(path))
    assert code == 1
    assert not path.exists()
    code, text = sweep("googlenet", "--vary", "fc.bias=true,false", "--pareto", "params,macs,depth", "--plot", str(path))
    assert "a plot shows the Pareto front of two figures, found 3" in text
    assert not path.exists()


# the spaces, swept


def test_the_regnetx_space_swept_is_the_plain_program() -> None:
    """Validity and every cost of 3,000 members."""
    found = archspec.sweep("regnetx-space", samples=3000, seed=1)
    valid = {}
    for row in range(len(found)):
        numbers: Any = tuple(found.member(row)[f"vars.{key}"] for key in ("d", "w0", "wa", "wm", "g"))
        valid[numbers] = tuple(int(found[key][row]) for key in ("params", "macs", "activations")) if row % 10 == 0 else None
    seen = 0
    for numbers, cost in valid.items():
        stages = regnet.generated(*numbers)
        if regnet.tied(*numbers[:4]):
            continue
        assert stages is not None, numbers
        if cost is not None:
            assert regnet.complexity(stages)[2:] == cost, numbers
            seen += 1
    assert seen > 40
    assert found.counts.done == 3000
    rng = np.random.default_rng(1)
    share = np.mean([regnet.generated(*drawn(rng)) is not None for _ in range(2000)])
    assert abs(found.counts.feasible / 3000 - share) < 0.05


def drawn(rng: np.random.Generator) -> Any:
    """A member of the space, by its numbers."""
    d, w0, g = int(rng.integers(4, 65)), 8 * int(rng.integers(1, 33)), 8
    return d, w0, 0.01 * int(rng.integers(1, 25601)), 1.5 + 0.001 * int(rng.integers(0, 1501)), g


def test_the_anynetx_space_swept_is_the_plain_program() -> None:
    found = archspec.sweep("anynetx-space", samples=300, seed=1)
    assert len(found) == 300
    for row in range(0, 300, 5):
        member: Any = found.member(row)
        told = [
            regnet.Stage(*(member[f"stage{at}.{key}"] for key in ("n", "width", "bottleneck_ratio", "group_width")))
            for at in (1, 2, 3, 4)
        ]
        cost = regnet.complexity([*map(regnet.adjusted, told)])
        assert cost[2:] == tuple(int(found[key][row]) for key in ("params", "macs", "activations")), member
