"""The empirical distribution of a cost over spaces, as Radosavovic et al. plot it (2020, arXiv 2003.13678, section 3.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archspec.render.plots.sheet import COLOURS, COLUMN, LINES, MARKERS, Target, counted, draw, legend, named, scale, short

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike

#: of a curve, at most: more do not show, and would make the file large
STEPS = 2000
#: curves that can be told apart
MOST = len(COLOURS)

_QUARTERS = (0.25, 0.5, 0.75)


@dataclass(frozen=True)
class Sample:
    """What networks of a space cost, one number each, at least one. `of` says how many there were of which these are a part."""

    name: str
    values: ArrayLike
    of: int = 0


def distribution_plot(path: Target, label: str, samples: Sequence[Sample], *, width: float = COLUMN) -> None:
    """For each space the share of its networks that cost at most x: `label` is what they cost, with its unit.

    Markers are at the quartiles, which the legend states: the values that a quarter, half and three quarters of the networks
    reach at most. At most `MOST` samples. Raises SpecError.
    """
    import numpy as np

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot()
        every = [np.sort(np.asarray(sample.values)) for sample in samples]
        kinds = zip(COLOURS, LINES, MARKERS, strict=True)
        for sample, ordered, (colour, line, marker) in zip(samples, every, kinds, strict=False):
            count = len(ordered)
            at = np.unique(np.linspace(0, count - 1, min(count, STEPS)).round().astype(np.int64))
            low, middle, high = marks = quartiles(ordered)
            told = f"median {short(middle)}, quartiles {short(low)} to {short(high)}"
            axes.step(
                np.concatenate(([ordered[0]], ordered[at])),
                np.concatenate(([0], (at + 1) / count)),
                where="post",
                color=colour,
                linestyle=line,
            )
            axes.plot(marks, _QUARTERS, linestyle="none", marker=marker, color=colour, markersize=4.5, markerfacecolor="white")
            axes.plot(
                *([], []),
                color=colour,
                linestyle=line,
                marker=marker,
                markersize=4.5,
                markerfacecolor="white",
                label=f"{named(sample.name, 28)}, n = {counted(count, sample.of)}\n{told}",
            )
        scale(axes.xaxis, np.concatenate([[ordered[0], ordered[-1]] for ordered in every]))
        axes.set_yticks([0, *_QUARTERS, 1], ["0", "25 %", "50 %", "75 %", "100 %"])
        axes.set_ylim(0, 1.02)
        axes.set_xlabel(label)
        axes.set_ylabel("share of networks")
        legend(figure, axes)

    assert 1 <= len(samples) <= MOST
    draw(path, width, 0.62 * width + 0.3 + 0.3 * len(samples), paint)


def quartiles(ordered: ArrayLike) -> list[float]:
    """Of sorted values those at which the distribution reaches 1/4, 1/2 and 3/4: values that occur, none in between."""
    import numpy as np

    ordered = np.asarray(ordered)
    return [float(ordered[int(np.ceil(share * len(ordered))) - 1]) for share in _QUARTERS]
