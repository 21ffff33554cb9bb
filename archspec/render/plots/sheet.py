"""The sheet that a plot is drawn on: its width in print, its fonts, colours and lines, and the file that it becomes."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from archspec.files import write_whole
from archspec.language.diagnostics import fail
from archspec.language.places import option
from archspec.language.target import check_target

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike

Target: TypeAlias = str | os.PathLike[str]

#: inches: a column of a paper, and its page
COLUMN, PAGE = 3.3, 6.9

#: Okabe and Ito, Color Universal Design (2008), which colour-blind people tell apart; in this order neighbours also differ
#: in lightness, so that they stay apart in grey. Their yellow is left out: a line of it does not show on white.
BLUE, ORANGE, BLACK, VERMILLION, SKY, GREEN = "#0072B2", "#E69F00", "#000000", "#D55E00", "#56B4E9", "#009E73"
COLOURS = (BLUE, ORANGE, BLACK, VERMILLION, SKY, GREEN)
#: what else tells the n-th from the others
LINES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1, 1)), (0, (6, 1.5, 1, 1.5)), (0, (9, 2)), (0, (4, 1, 1, 1, 1, 1)))
MARKERS = ("o", "s", "^", "D", "v", "P")
#: the fill of a bar, and what is drawn on it in black
FILLS = ((BLUE, ""), (ORANGE, "////"), ("white", "...."), (VERMILLION, "xxxx"), (SKY, "----"), (GREEN, "\\\\\\\\"))

#: what all points but the few that matter are
FAINT = "#9A9A9A"

_SETTINGS: dict[str, Any] = {
    "font.size": 8,  # points, at the width in print; nothing is smaller
    "axes.titlesize": 8,
    "legend.fontsize": 8,
    "axes.linewidth": 0.6,
    "lines.linewidth": 1.4,
    "hatch.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.5,
    "legend.frameon": False,
    "savefig.dpi": 300,
    "text.parse_math": False,  # names are a spec's, and nobody's formulas
    "svg.hashsalt": "archspec",  # the same picture has the same bytes
}

#: what is said of the file, by extension: no date
EXTENSIONS: dict[str, dict[str, Any]] = {".png": {}, ".svg": {"Date": None}}


def ready(path: Target) -> None:
    """Says before any work is done that a picture cannot be drawn there. Raises SpecError; ModuleNotFoundError without
    matplotlib.
    """
    check_target("--plot", Path(path), EXTENSIONS)
    import_module("matplotlib")


def draw(path: Target, width: float, height: float, paint: Callable[[Figure], None]) -> None:
    """Writes a figure of a size in inches by the path's extension, whole or not at all. Raises SpecError.

    What a user has set for matplotlib plays no part.
    """
    path = Path(path)
    ready(path)
    from matplotlib import style
    from matplotlib.figure import Figure

    with style.context(["default", _SETTINGS]), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # a name in letters that the font lacks: boxes, and no noise
        figure = Figure(figsize=(width, height), layout="constrained")
        paint(figure)
        kind = path.suffix.lower()
        try:
            write_whole(path, lambda part: figure.savefig(part, format=kind[1:], metadata=EXTENSIONS[kind]))
        except OSError as error:
            message = f"{path} cannot be written: {error.strerror or error}"
            raise fail("bad-file", message, option("--plot", str(path))) from None


def named(text: str, width: int = 40) -> str:
    """A name as one short line."""
    text = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
    return text if len(text) <= width else f"{text[: width - 1]}…"


def short(number: float) -> str:
    """A number as ticks and labels have it, to three or four digits: 0, 12.5, 159K, 1.583G."""
    for suffix, unit in (("E", 1e18), ("P", 1e15), ("T", 1e12), ("G", 1e9), ("M", 1e6), ("K", 1e3)):
        if abs(number) >= unit * 0.99995:
            return f"{number / unit:.4g}{suffix}"
    return f"{number:.4g}"


def counted(count: int, of: int) -> str:
    """How many are drawn, and of how many."""
    return f"{count:,} of {of:,}" if of > count else f"{count:,}"


def scale(axis: Axis, values: ArrayLike) -> None:
    """Ticks as `short` has them, and powers of ten where the values span more than two of these."""
    import numpy as np
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator

    values = np.asarray(values)
    least, most = values.min(), values.max()
    if least > 0 and most / least >= 100:
        axis._set_axes_scale("log")  # type: ignore[attr-defined] # of one axis, whichever it is
        axis.set_major_locator(LogLocator(subs=(1.0, 3.0) if most / least < 2000 else (1.0,)))
        axis.set_minor_locator(LogLocator(subs=()))
    else:
        axis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10], integer=bool(most - least >= 2)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))


def legend(figure: Figure, axes: Axes) -> Sequence[Artist]:
    """Names what is drawn above the picture, where it covers nothing, one below the other; the pieces that stand for it."""
    made = figure.legend(*axes.get_legend_handles_labels(), loc="outside upper left", borderaxespad=0.2, handlelength=2.6)
    return [handle for handle in made.legend_handles if handle is not None]
