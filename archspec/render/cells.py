"""A figure as a cell of a table for people: `1,024`, `7x7`, `12.4`, a bar."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from archspec.render.column import Column
from archspec.render.lines import Line

#: what a bar ends with, by eighths of a cell
_EIGHTHS = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")
_WIDTH = 5

#: characters of tables in ASCII, for streams that cannot take them
ASCII: Mapping[int, str] = str.maketrans(
    {"█": "#", "–": "-", "→": ">", "×": "x", **dict.fromkeys(_EIGHTHS[1:4], ""), **dict.fromkeys(_EIGHTHS[4:], "#")}
)


def cell(column: Column, line: Line, zero: str = "–") -> str:
    """What a table has in this column for this line; nothing where there is no figure, `zero` for a count of 0."""
    value = column.value(line)
    if isinstance(value, Fraction):
        return bar(value) if column.style == "bar" else "100" if value == 1 else f"{float(100 * value):.1f}"
    if isinstance(value, int):
        return f"{value:,}" if value else zero
    if isinstance(value, float):
        return f"{value:,.{column.decimals}f}"
    return sides(value) if isinstance(value, tuple) else value or ""


def sides(value: tuple[int | Fraction | float | None, ...]) -> str:
    """A size along each side: `7x7`; `all` where everything is read."""
    return "x".join("all" if side is None else str(side) if isinstance(side, int) else f"{float(side):g}" for side in value)


def signed_percent(part: Fraction | float | None) -> str:
    """A part with its sign, in percent with one decimal: `+12.5 %`; nothing for None."""
    if part is None:
        return ""
    text = f"{float(100 * part):+,.1f}"
    return ("0.0" if text in ("+0.0", "-0.0") else text) + " %"


def bar(share: Fraction) -> str:
    """A share from 0 to 1 as a bar."""
    eighths = round(share * 8 * _WIDTH)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8]
