"""The picture of a difference."""

from __future__ import annotations

from pathlib import Path

import pytest
from matplotlib.figure import Figure

import archspec


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that are saved."""
    saved: list[Figure] = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, *args, **named: saved.append(figure))
    return saved


def rows(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].get_yticklabels()]


def test_rows_of_both_networks_stand_beside_each_other(figures: list[Figure], tmp_path: Path) -> None:
    found = archspec.diff("googlenet", "googlenet-bn", all=True)
    assert found.plot(tmp_path / "a.svg")
    labels = rows(figures[0])
    assert [label for label in labels if label.startswith("\N{MINUS SIGN}")] == [
        f"\N{MINUS SIGN} {name}" for name in ("norm1", "norm2")
    ]
    one, other = archspec.report("googlenet").costs, archspec.report("googlenet-bn").costs
    for axes, key in zip(figures[0].axes, ("params", "macs"), strict=True):
        widths = [bar.get_width() for bar in axes.patches]
        first, second = widths[: len(labels)], widths[len(labels) :]
        assert sum(first) == getattr(one.total, key) + getattr(one.heads_total, key)
        assert sum(second) == getattr(other.total, key) + getattr(other.heads_total, key)


def test_parts_take_the_place_of_their_row(figures: list[Figure], tmp_path: Path) -> None:
    archspec.diff("googlenet", set="inception_3a.n5x5=64", depth=2).plot(tmp_path / "a.png")
    assert rows(figures[0])[0] == "inception_3a.b5x5"
    assert [text.get_text() for text in figures[0].legends[0].get_texts()] == ["googlenet", "googlenet, changed"]


def test_equal_networks_have_no_picture(tmp_path: Path) -> None:
    assert not archspec.diff("lenet5", "lenet5").plot(tmp_path / "a.png")
    assert not [*tmp_path.iterdir()]
