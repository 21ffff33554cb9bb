"""What changes from one network to another, as a page of tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from archspec.design.diff import COUNTS, Diff, RowDiff
from archspec.design.edited import Edit, written_cells
from archspec.render.cells import sides
from archspec.render.diff.changes import delta, field_change, output_change, relative, sides_percent
from archspec.render.diff.tensors import tensor_page
from archspec.render.page import Grid, Header, Page, Title

if TYPE_CHECKING:
    from archspec.render.diff.difference import Difference

#: headers of figures
_HEADERS = {
    "params": "parameters",
    "macs": "multiply-adds",
    "activations": "activations",
    "depth": "depth",
    "params_with_heads": "parameters with heads",
}
_STYLES = {"added": "green", "dropped": "red", "changed": "", "same": "dim"}
#: in place of a row, for what concerns the network
WHOLE = "(whole network)"
#: what is told of one row; the rest is counted
_TOLD = 8

Line = tuple[int, RowDiff]


def diff_page(shown: Difference) -> Page:
    """What is written differently, sizes, costs, totals, and the tensors; a table without a line is left out."""
    found = shown.diff
    before, after = found.before, found.after
    if found.equal and not shown.all:
        if shown.changes:
            return (f"{before.name} with {', '.join(shown.changes)} is the same network: no row, figure or tensor changes.",)
        return (f"{before.name} and {after.name} are the same network: no row, figure or tensor changes.",)
    size = f"   input {before.input}" if before.input == after.input else ""
    title = f"{size}   with {', '.join(shown.changes)}" if shown.changes else f" → {after.name}{size}"
    grids = [_cells(shown), _sizes(shown), _costs(shown.lines, found), _totals(found)]
    tables = [part for grid in grids if grid.rows for part in ("", without_empty(grid))]
    return Title(before.name, title), *tables, "", *tensor_page(found)


def _cells(shown: Difference) -> Grid:
    """What became of each row that is itself another, and what is written differently in it."""
    rows = [((WHOLE, "changed", _edits(shown.diff.edits)), "")] if shown.diff.edits else []
    for level, row in shown.lines:
        if row.own or shown.all:
            below = level < shown.depth and bool(row.parts)
            told = [*_own(row), *(() if below else _inside(row))]
            more = f" and {len(told) - _TOLD} more" if len(told) > _TOLD else ""
            what = (", ".join(told[:_TOLD]) or _fed(row)) + more
            rows.append(((_name(level, row), row.change, what), _STYLES[row.change]))
    return Grid((Header("row", left=True), Header("change", left=True), Header("what", left=True, folds=True)), tuple(rows))


def _edits(found: Iterable[Edit]) -> str:
    return ", ".join(map(_edit, found))


def _edit(one: Edit) -> str:
    return f"{one.header}: {one.before or '–'} → {one.after or '–'}"


def _own(row: RowDiff) -> Iterator[str]:
    """Its cells: those that differ, or all of a row that only one network has."""
    if row.change in ("added", "dropped"):
        node = row.side.part.node
        yield from (node.type, *(f"{header}: {text}" for header, text in written_cells(node).items()))
    else:
        yield from map(_edit, row.edits)


def _inside(row: RowDiff) -> Iterator[str]:
    """What differs in the parts of a changed row that its own cells do not explain: a cell passed on has the same texts."""
    if row.change == "changed":
        yield from _unexplained(row, "", {(one.before, one.after) for one in row.edits})


def _unexplained(row: RowDiff, inside: str, known: set[tuple[str | None, str | None]]) -> Iterator[str]:
    if row.retyped or not row.own:
        return
    for part in row.parts:
        path = f"{inside}{part.name}"
        if part.change in ("added", "dropped"):
            yield f"{path} {part.change}"
            continue
        new = [one for one in part.edits if (one.before, one.after) not in known]
        yield from (f"{path}.{_edit(one)}" for one in new[: 1 if part.retyped else None])
        yield from _unexplained(part, f"{path}.", known | {(one.before, one.after) for one in new})


def _fed(row: RowDiff) -> str:
    """Why a row changes in which nothing is written differently."""
    if row.before is None or row.after is None or row.change == "same":
        return ""
    old, new = row.before.part.node.input, row.after.part.node.input
    return "its parts" if row.own else f"reads {old} → {new}" if old != new else "only its receptive field"


def _sizes(shown: Difference) -> Grid:
    """Output size and receptive field of the rows where either changes."""
    rows = []
    for level, row in shown.lines:
        cells = (*output_change(row), *field_change(row))
        if any(cells) or shown.all:
            rows.append(((_name(level, row), *cells), _STYLES[row.change]))
    headers = (Header(text) for text in ("output size", "%", "field, px", "%"))
    return Grid((Header("row", left=True), *headers), tuple(rows))


def _costs(lines: Iterable[Line], found: Diff) -> Grid:
    """By how much the counts of the rows change; heads are not part of the total."""
    rows = []
    for level, row in lines:
        pairs = [[side.counts[name] if side else None for side in (row.before, row.after)] for name in COUNTS]
        cells = tuple(text for old, new in pairs for text in (delta(old, new), relative(old, new)))
        if any(cells):
            rows.append(((_name(level, row), *cells), _STYLES[row.change]))
    if rows:
        whole = tuple(text for name in COUNTS for text in (delta(*found.totals[name]), relative(*found.totals[name])))
        rows.append((("total", *whole), "bold"))
    headers = (Header(text) for name in COUNTS for text in (_HEADERS[name], "%"))
    return Grid((Header("row", left=True), *headers), tuple(rows))


def _totals(found: Diff) -> Grid:
    """The figures of the whole network, before and after."""
    rows: list[tuple[tuple[str, ...], str]] = []
    for name, (old, new) in found.totals.items():
        if name != "params_with_heads" or (old, new) != found.totals["params"]:
            rows.append(((_HEADERS[name], f"{old:,}", f"{new:,}", delta(old, new), relative(old, new)), ""))
    if found.reads[0] != found.reads[1]:
        rows.append((("receptive field, px", *map(sides, found.reads), "", sides_percent(*found.reads)), ""))
    headers = (Header(text) for text in ("before", "after", "change", "%"))
    return Grid((Header("whole network", left=True), *headers), tuple(rows))


def without_empty(grid: Grid) -> Grid:
    """A table without the columns in which no row has anything."""
    kept = [index for index, _ in enumerate(grid.headers) if any(cells[index] for cells, _ in grid.rows)]
    rows = tuple((tuple(cells[index] for index in kept), style) for cells, style in grid.rows)
    return Grid(tuple(grid.headers[index] for index in kept), rows)


def _name(level: int, row: RowDiff) -> str:
    return "  " * (level - 1) + row.name
