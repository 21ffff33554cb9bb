"""Plots: what they show is what they were given, they fit their sheet, and eyes of every kind can read them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

import archspec
from archspec.render.plots import (
    Measure,
    Panel,
    Sample,
    distribution_plot,
    label,
    pareto_plot,
    report_plot,
    rows_plot,
)
from archspec.render.plots.distribution import MOST, quartiles
from archspec.render.plots.sheet import COLOURS, COLUMN, EXTENSIONS, FILLS, PAGE, short

RNG = np.random.default_rng(0)
PARAMS = np.exp(RNG.normal(16, 0.5, 3000)).astype(np.int64)
MACS = (1e16 / PARAMS * np.exp(RNG.exponential(1, 3000))).astype(np.int64)
FRONT = np.array([at for at in range(3000) if not ((PARAMS[at] > PARAMS) & (MACS[at] > MACS)).any()])


def a_front(path: Path) -> None:
    x, y = Measure(label("params"), PARAMS), Measure(label("macs"), MACS)
    pareto_plot(path, x, y, FRONT, marked={"googlenet": (6_998_552, 1_582_671_872)}, of=12_000_000)


def a_distribution(path: Path) -> None:
    distribution_plot(path, label("macs"), [Sample(f"space {at}", MACS[: 500 * at] / at) for at in range(1, MOST + 1)])


def a_comparison(path: Path) -> None:
    costs = [12_345, 0, None, 1_000_000], [12_345, 0, 900_000, None]
    rows_plot(path, ["a", "b", "new", "old"], ["first", "second"], [Panel(label("params"), costs), Panel(label("macs"), costs)])


def a_report(path: Path) -> None:
    report_plot(archspec.report("googlenet"), path)


PLOTS = pytest.mark.parametrize("plot", [a_front, a_distribution, a_comparison, a_report])


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that are saved, as they were then."""
    saved: list[Figure] = []
    save = Figure.savefig

    def kept(figure: Figure, *args: Any, **named: Any) -> None:
        save(figure, *args, **named)
        figure.draw_without_rendering()  # places are now in its own dots, and no more in the file's
        saved.append(figure)

    monkeypatch.setattr(Figure, "savefig", kept)
    return saved


def ticks(axis: Any) -> list[Text]:
    """The labels of an axis that are drawn: those in view."""
    low, high = sorted(axis.get_view_interval())
    return [
        one.label1
        for one in axis.get_major_ticks()
        if low <= one.get_loc() <= high and one.label1.get_text() and one.label1.get_visible()
    ]


def texts(figure: Figure) -> list[Text]:
    axes = [axis for one in figure.axes for axis in (one.xaxis, one.yaxis)]
    hidden = {text for axis in axes for text in (*axis.get_ticklabels(), *axis.get_ticklabels(minor=True))}
    drawn = [text for axis in axes for text in ticks(axis)]
    others = [text for text in figure.findobj(Text) if isinstance(text, Text) and text not in hidden and text.get_text()]
    return [*drawn, *others]


# files


@PLOTS
def test_a_png_has_the_width_of_a_column_or_of_a_page_at_300_dots_an_inch(plot: Callable[[Path], None], tmp_path: Path) -> None:
    plot(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        assert image.format == "PNG"
        assert image.width in (round(300 * COLUMN), round(300 * PAGE))
        assert len(image.convert("L").getcolors() or []) > 2


@PLOTS
def test_the_same_picture_has_the_same_bytes_and_no_date(plot: Callable[[Path], None], tmp_path: Path) -> None:
    for extension in EXTENSIONS:
        first, second = tmp_path / f"a{extension}", tmp_path / f"b{extension}"
        plot(first)
        plot(second)
        assert first.read_bytes() == second.read_bytes()
        assert b"dc:date" not in first.read_bytes()
    ElementTree.parse(tmp_path / "a.svg")
    assert {path.name for path in tmp_path.iterdir()} == {"a.png", "a.svg", "b.png", "b.svg"}


def test_neither_pyplot_nor_settings_of_the_process_are_touched(tmp_path: Path) -> None:
    before = dict(matplotlib.rcParams)
    a_comparison(tmp_path / "a.svg")
    assert dict(matplotlib.rcParams) == before
    code = (
        "import sys, archspec; archspec.report('lenet5').plot(sys.argv[1])\n"
        "import matplotlib; print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "b.png")], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("False\n", "")


def test_settings_of_a_user_play_no_part(tmp_path: Path) -> None:
    a_comparison(tmp_path / "a.svg")
    with matplotlib.rc_context({"font.size": 20, "svg.fonttype": "none", "axes.facecolor": "red"}):
        a_comparison(tmp_path / "b.svg")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_many_points_are_pixels_so_that_the_file_stays_small(tmp_path: Path) -> None:
    a_front(tmp_path / "a.svg")
    some = np.arange(100)
    pareto_plot(tmp_path / "b.svg", Measure("x", PARAMS[some]), Measure("y", MACS[some]), [0])
    assert [(tmp_path / f"{name}.svg").read_text("utf-8").count("<image") for name in "ab"] == [1, 0]
    distribution_plot(tmp_path / "c.svg", "x", [Sample("large", RNG.normal(size=1_000_000))])
    assert all((tmp_path / f"{name}.svg").stat().st_size < 300_000 for name in "abc")


def test_an_old_picture_stays_if_a_new_one_cannot_be_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.svg"
    path.write_text("old")

    def half(figure: Figure, part: Path, **named: Any) -> None:
        part.write_text("half")
        raise OSError("the disk is full")

    monkeypatch.setattr(Figure, "savefig", half)
    with pytest.raises(archspec.SpecError, match="the disk is full"):
        a_report(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


# what is seen


@PLOTS
def test_no_letter_is_below_8_points_or_beyond_the_sheet(
    plot: Callable[[Path], None], tmp_path: Path, figures: list[Figure]
) -> None:
    plot(tmp_path / "a.png")
    (figure,) = figures
    sheet = figure.bbox
    for text in texts(figure):
        assert text.get_fontsize() >= 8, text
        box = text.get_window_extent()
        assert sheet.x0 - 1 <= box.x0, text
        assert box.x1 <= sheet.x1 + 1, text
        assert sheet.y0 - 1 <= box.y0, text
        assert box.y1 <= sheet.y1 + 1, text


@PLOTS
def test_ticks_do_not_run_into_each_other(plot: Callable[[Path], None], tmp_path: Path, figures: list[Figure]) -> None:
    plot(tmp_path / "a.png")
    for axes in figures[0].axes:
        for axis in (axes.xaxis, axes.yaxis):
            boxes = [one.get_window_extent() for one in ticks(axis)]
            assert not any(one.overlaps(two) for one, two in combinations(boxes, 2))


def test_the_front_is_drawn_as_steps_through_its_variants(tmp_path: Path, figures: list[Figure]) -> None:
    a_front(tmp_path / "a.png")
    line = figures[0].axes[0].lines[0]
    assert sorted(zip(*line.get_data(), strict=True)) == sorted(zip(PARAMS[FRONT], MACS[FRONT], strict=True))
    assert line.get_drawstyle() == "steps-post"
    assert [text.get_text() for text in figures[0].legends[0].get_texts()] == [
        "3,000 of 12,000,000 variants",
        f"Pareto front, {len(FRONT)}",
        "googlenet",
    ]
    assert (figures[0].axes[0].get_xlabel(), figures[0].axes[0].get_ylabel()) == ("parameters", "multiply-adds (MACs)")


def test_where_more_is_better_the_steps_turn(tmp_path: Path, figures: list[Figure]) -> None:
    pareto_plot(tmp_path / "a.png", Measure("depth", [1, 2, 3], more=True), Measure("x", [1, 2, 3]), [0, 1, 2])
    assert figures[0].axes[0].lines[0].get_drawstyle() == "steps-pre"


@given(st.lists(st.integers(0, 20), min_size=1, max_size=50))
def test_quartiles_are_the_least_values_that_reach_their_share(values: list[int]) -> None:
    for share, found in zip((0.25, 0.5, 0.75), quartiles(sorted(values)), strict=True):
        reached = [value for value in values if sum(other <= value for other in values) >= share * len(values)]
        assert found == min(reached)


def test_a_distribution_is_the_share_of_networks_up_to_each_value(tmp_path: Path, figures: list[Figure]) -> None:
    values = [3, 1, 4, 1, 5, 9, 2, 6]
    distribution_plot(tmp_path / "a.png", "x", [Sample("s", values)])
    curve, marks, *_ = figures[0].axes[0].lines
    xs, ys = curve.get_data()
    for x in values:
        assert max(y for at, y in zip(xs, ys, strict=True) if at <= x) == sum(value <= x for value in values) / 8
    assert curve.get_drawstyle() == "steps-post"
    assert [*zip(*marks.get_data(), strict=True)] == [(1, 0.25), (3, 0.5), (5, 0.75)]
    assert figures[0].legends[0].get_texts()[0].get_text() == "s, n = 8\nmedian 3, quartiles 1 to 5"


def test_bars_are_the_costs_and_rows_of_one_network_alone_are_marked(tmp_path: Path, figures: list[Figure]) -> None:
    a_comparison(tmp_path / "a.png")
    left, right = figures[0].axes
    assert [text.get_text() for text in left.get_yticklabels()] == ["a", "+ new", "\N{MINUS SIGN} old"]
    assert [bar.get_width() for bar in left.patches] == [12_345, 0, 1_000_000, 12_345, 900_000, 0]
    assert [text.get_text() for text in left.texts].count("no such row") == 2
    assert right.get_xlabel() == "multiply-adds (MACs)"
    assert len({bar.get_hatch() for bar in left.patches}) == 2


def test_a_report_draws_the_columns_and_the_order_that_were_asked_for(tmp_path: Path, figures: list[Figure]) -> None:
    archspec.report("googlenet", columns="row,activations,type,params", sort="params").plot(tmp_path / "a.png")
    first, second = figures[0].axes
    assert (first.get_xlabel(), second.get_xlabel()) == ("activations (elements)", "parameters")
    widths = [bar.get_width() for bar in second.patches]
    assert widths == sorted(widths, reverse=True)
    assert sum(widths) == 6_998_552


@pytest.mark.parametrize("most", [7, 150, 40_000, 4e9, 2**62])
def test_ticks_of_any_size(most: float, tmp_path: Path, figures: list[Figure]) -> None:
    for least in (most / 2, most / 150, most / 5000, most / 1e6):
        values = np.geomspace(least, most, 50)
        pareto_plot(tmp_path / "a.png", Measure("x", values), Measure("y", values[::-1]), [0])
        axes = figures.pop().axes[0]
        for axis in (axes.xaxis, axes.yaxis):
            boxes = [one.get_window_extent() for one in ticks(axis)]
            assert len(boxes) >= 2, (least, most)
            assert not any(one.overlaps(two) for one, two in combinations(boxes, 2)), (least, most)


def test_names_are_printed_as_they_are(tmp_path: Path, figures: list[Figure]) -> None:
    """No mathematics, no escapes, no warnings of missing letters; long ones are cut."""
    names = ["$x$ \\frac{", "a\x1b[31m\nb", "\N{HANGUL SYLLABLE HAN}", "l" * 100]
    rows_plot(tmp_path / "a.svg", names, ["$n_1$"], [Panel("$", [[1, 2, 3, 4]])])
    shown = [text.get_text() for text in figures[0].axes[0].get_yticklabels()]
    assert shown == ["$x$ \\frac{", "a\N{REPLACEMENT CHARACTER}[31m\N{REPLACEMENT CHARACTER}b", names[2], "l" * 31 + "…"]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (7, "7"),
        (999.9, "999.9"),
        (999.99, "1K"),
        (159_000, "159K"),
        (999_990, "1M"),
        (1_582_671_872, "1.583G"),
        (5e12, "5T"),
    ],
)
def test_numbers_are_short(number: float, text: str) -> None:
    assert short(number) == text


# eyes

#: How eyes without the cones for long, middle and short waves see linear RGB: Machado et al. 2009, severity 1.0
BLINDNESS = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    "none": np.eye(3),
}


def lab(colour: str, seen: Any) -> Any:
    """CIE L*a*b* of a colour as such eyes see it."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]] @ np.clip(np.array(seen) @ linear, 0, 1)
    ratio = xyz / [0.9505, 1, 1.089]
    x, y, z = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("kind", BLINDNESS)
def test_colours_differ_for_eyes_of_every_kind(kind: str) -> None:
    seen = [lab(colour, BLINDNESS[kind]) for colour in COLOURS]
    assert min(np.linalg.norm(one - two) for one, two in combinations(seen, 2)) > 10  # 2.3 is just noticeable


def test_neighbouring_colours_differ_in_grey_and_all_show_on_white() -> None:
    lightness = [lab(colour, np.eye(3))[0] for colour in COLOURS]
    assert min(abs(one - two) for one, two in pairwise(lightness)) > 10
    assert max(lightness) < 75
    assert len({hatch for _, hatch in FILLS}) == len(FILLS)


# wrong input


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        ("--plot a.gif", "error[unsupported]: `.gif` is not an extension that --plot writes", "there is: .png, .svg"),
        ("--plot a", "error[unsupported]: `a` is not an extension that --plot writes", "there is: .png, .svg"),
        ("--plot none/a.png", "error[bad-file]: there is no folder none", "create it first"),
        ("--plot folder.png", "error[bad-file]: folder.png is a directory", None),
        (
            *("--plot a.png --columns row,output",),
            *("error[unsupported]: a plot shows 1 to 3 columns that add up over the rows, found 0",),
            *("there is: params, macs, activations, weight_bytes, activation_bytes",),
        ),
    ],
)
def test_a_wrong_option_is_said(words: str, message: str, hint: str | None, tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()
    *_, flag, value = words.split()
    done = subprocess.run(
        [sys.executable, "-m", "archspec", "report", "lenet5", *words.split()],
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path(__file__).parent.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [f"{flag}:1:1: {message}", f"    1 | {value}", f"      | {'^' * len(value)}", *([f"  help: {hint}"] if hint else [])]
    assert (done.returncode, done.stdout, done.stderr.splitlines()) == (2, "", lines)
    assert [path.name for path in tmp_path.iterdir()] == ["folder.png"]


def test_without_matplotlib_it_is_said_what_to_install(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from archspec.cli.main import main; sys.argv = ['archspec', 'report', 'lenet5', '--plot', 'a.png']; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == (
        "archspec:1:1: error[unsupported]: this needs matplotlib, which is not installed\n"
        f"    1 | report lenet5 --plot a.png\n      | {'^' * 26}\n  help: in a checkout: pip install '.[plot]'\n"
    )


def test_more_rows_than_fit_are_refused(tmp_path: Path) -> None:
    with pytest.raises(archspec.SpecError) as error:
        rows_plot(tmp_path / "a.png", ["a"] * 151, ["x", "y"], [Panel("p", [[1] * 151, [2] * 151])])
    assert error.value.diagnostics[0].message == (
        "151 rows with 2 bars each are too many for a picture, which has room for 300 bars"
    )
