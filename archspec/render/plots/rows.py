"""What each row costs, of one network or of several beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from archspec.language.diagnostics import fail
from archspec.language.places import option
from archspec.render.plots.sheet import BLACK, FILLS, PAGE, Target, draw, legend, named, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: what a row costs; None where the network has no such row
Figures: TypeAlias = Sequence[int | float | None]

#: bars that one picture has room for
MOST = 300
#: inches from bar to bar: a line of 8 points, and between rows a little more
_BAR, _GAP = 0.135, 0.07


@dataclass(frozen=True)
class Panel:
    """One cost: the label with its unit, and for each network what every row costs."""

    label: str
    costs: Sequence[Figures]


def rows_plot(
    path: Target, rows: Sequence[str], networks: Sequence[str], panels: Sequence[Panel], *, width: float = PAGE
) -> None:
    """Bars by row, a panel for each cost, a colour and a hatch for each network.

    Rows that cost nothing anywhere are left out. Of two networks, a row that only the second has is marked +, one that only
    the first has −. Raises SpecError, for more bars than `MOST` too.
    """
    kept = [at for at in range(len(rows)) if any(costs[at] != 0 for panel in panels for costs in panel.costs)]
    if len(kept) * len(networks) > MOST:
        message = f"{len(kept):,} rows with {len(networks)} bars each are too many for a picture, which has room for {MOST} bars"
        raise fail("unsupported", message, option("--plot", str(path)))
    step = _BAR * len(networks) + _GAP

    def paint(figure: Figure) -> None:
        every = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for axes, panel in zip(every, panels, strict=True):
            _bars(axes, panel, networks, kept, step, 1.15 + 0.06 * len(panels))
        lines = [at * step for at in range(len(kept))]
        every[0].set_yticks(lines, [f"{_sign(panels, at)}{named(rows[at], 32)}" for at in kept])
        every[0].set_ylim(lines[-1] + step / 2 if lines else 1, -step / 2)
        if len(networks) > 1:
            legend(figure, every[0])

    draw(path, width, 0.5 + step * max(1, len(kept)) + (0.17 * len(networks) if len(networks) > 1 else 0), paint)


def _bars(axes: Axes, panel: Panel, networks: Sequence[str], kept: Sequence[int], step: float, room: float) -> None:
    """`room`: the axis is so many times the longest bar, whose figure stands behind it."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    most = max((costs[at] or 0 for costs in panel.costs for at in kept), default=0) or 1
    for place, (name, costs, (colour, hatch)) in enumerate(zip(networks, panel.costs, FILLS, strict=False)):
        middle = (place - (len(networks) - 1) / 2) * _BAR
        lines = [at * step + middle for at in range(len(kept))]
        lengths = [costs[at] or 0 for at in kept]
        axes.barh(
            lines, lengths, 0.8 * _BAR, color=colour, hatch=hatch, edgecolor=BLACK, linewidth=0.4, label=named(name), zorder=2
        )
        for line, at in zip(lines, kept, strict=True):
            cost = costs[at]
            words = "no such row" if cost is None else short(cost) if cost else "–"
            axes.text((cost or 0) + 0.015 * most, line, words, va="center_baseline", style="italic" if cost is None else "normal")
    axes.set_xlim(0, room * most)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(panel.label)


def _sign(panels: Sequence[Panel], at: int) -> str:
    """Of two networks: whether the second lacks a row of the first, or has one that the first has not."""
    costs = [each[at] for each in panels[0].costs]
    return "" if len(costs) != 2 or None not in costs else "+ " if costs[0] is None else "\N{MINUS SIGN} "
