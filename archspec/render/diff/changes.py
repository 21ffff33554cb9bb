"""A figure before and after as cells of a table: `+1,024`, `+12.5 %`, `7x7 → 14x14`."""

from __future__ import annotations

from fractions import Fraction

from archspec.design.diff import RowDiff
from archspec.render.cells import sides, signed_percent

Sides = tuple[int | None, ...]


def part_of(old: int | None, new: int | None) -> Fraction | None:
    """By which part of itself a count changes; None from nothing, or from 0."""
    return Fraction((new or 0) - old, old) if old else None


def delta(old: int | None, new: int | None) -> str:
    """A count's change with its sign; nothing if there is none."""
    change = (new or 0) - (old or 0)
    return f"{change:+,}" if change else ""


def relative(old: int | None, new: int | None) -> str:
    """A count's change in percent; `new` from nothing, nothing if there is none."""
    if (old or 0) == (new or 0):
        return ""
    return signed_percent(part_of(old, new)) if old else "new"


def arrow(old: str | None, new: str | None) -> str:
    """Two texts, of which one may be missing."""
    return f"{old or '–'} → {new or '–'}"


def output_change(row: RowDiff) -> tuple[str, str]:
    """The output sizes of a row, and the change of their elements in percent; empty if they are the same."""
    old, new = (side.part.node.output if side else None for side in (row.before, row.after))
    if old == new:
        return "", ""
    percent = relative(*(shape.elements if shape else None for shape in (old, new)))
    return arrow(*(str(shape) if shape else None for shape in (old, new))), percent


def field_change(row: RowDiff) -> tuple[str, str]:
    """The receptive fields of a row, and the change of their sides in percent; empty if they are the same."""
    old, new = (side.field.size if side else None for side in (row.before, row.after))
    if old == new:
        return "", ""
    return arrow(*(sides(field) if field else None for field in (old, new))), sides_percent(old, new)


def sides_percent(old: Sides | None, new: Sides | None) -> str:
    """The change along each side in percent, one if it is the same; nothing where a side is all of the input."""
    if not old or not new or None in (*old, *new):
        return "" if old else "new"
    texts = [relative(*pair) or "0.0 %" for pair in zip(old, new, strict=True)]
    return texts[0] if len(set(texts)) == 1 else " x ".join(texts)
