"""Variants by two of their costs, with the front of those that no other beats in both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archspec.render.plots.sheet import BLACK, BLUE, COLUMN, FAINT, MARKERS, ORANGE, Target, counted, draw, legend, named, scale

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike

#: above so many, points become pixels also in an SVG, which then stays small
VECTOR_POINTS = 2000


@dataclass(frozen=True)
class Measure:
    """A number of each variant. `label` is the axis's, with its unit: `multiply-adds (MACs)`; `more`: more of it is better."""

    label: str
    values: ArrayLike
    more: bool = False


def pareto_plot(
    path: Target,
    x: Measure,
    y: Measure,
    front: ArrayLike,
    *,
    marked: Mapping[str, tuple[float, float]] | None = None,
    of: int = 0,
    noun: str = "variants",
    width: float = COLUMN,
) -> None:
    """Every variant faint, the front as a line with a marker each, and points by name (the network that was varied).

    `front` are the indices of the front's variants. `of` says how many there were where only a sample is drawn. The line
    has steps: what lies beyond it is beaten by none of the variants. Raises SpecError.
    """
    import numpy as np

    xs, ys, chosen = np.asarray(x.values), np.asarray(y.values), np.asarray(front, dtype=np.int64)
    chosen = chosen[np.lexsort((ys[chosen], xs[chosen]))]

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot()
        count = len(xs)
        many = count / VECTOR_POINTS
        size, alpha = (9.0, 0.6) if many <= 1 else (2.5, max(0.04, 0.6 * many**-0.35))  # more of them, each fainter
        axes.scatter(
            xs,
            ys,
            s=size,
            c=FAINT,
            alpha=alpha,
            linewidths=0,
            rasterized=count > VECTOR_POINTS,
            label=f"{counted(count, of)} {noun}",
            zorder=1,
        )
        axes.plot(
            *(xs[chosen], ys[chosen]),
            color=BLUE,
            drawstyle="steps-pre" if x.more else "steps-post",
            marker=MARKERS[0],
            markersize=4.5 if len(chosen) <= 40 else 2.5,
            markerfacecolor="white",
            linewidth=1.2,
            label=f"Pareto front, {len(chosen):,}",
            zorder=2,
        )
        for at, (name, point) in enumerate((marked or {}).items()):
            marker, large = ("*", 11) if at == 0 else (MARKERS[at % len(MARKERS)], 6)
            axes.plot(
                *([point[0]], [point[1]]),
                linestyle="none",
                marker=marker,
                markersize=large,
                color=ORANGE,
                markeredgecolor=BLACK,
                markeredgewidth=0.6,
                label=named(name),
                zorder=3,
            )
        points = (marked or {}).values()
        for axis, values, side in ((axes.xaxis, xs, 0), (axes.yaxis, ys, 1)):
            scale(axis, np.append(values, [point[side] for point in points]))
        axes.set_xlabel(x.label)
        axes.set_ylabel(y.label)
        for handle in legend(figure, axes):
            handle.set_alpha(1)

    draw(path, width, 0.72 * width + 0.35, paint)
