"""What becomes of the tensors of a state_dict, as tables: how many carry over, and those that do not, by row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from archspec.analysis.state import start_of
from archspec.design.diff import Diff
from archspec.design.plan import Plan, size_text
from archspec.ir.tree import Network
from archspec.ops.base import Size, elements
from archspec.render.page import Grid, Header, Page

if TYPE_CHECKING:
    from archspec.compiler.weights import Loaded

#: tensors that are told of one row; the rest is counted
_TOLD = 6


def tensor_page(found: Diff) -> Page:
    """The plan in numbers, then the tensors that do not simply carry over, row by row."""
    plan = found.tensors
    told = (f"{', '.join(found.unstated)}: ops that do not say their tensors, which are not part of this plan",)
    grid = listed(plan)
    return counted(plan), *(("", grid) if grid.rows else ()), *(("", *told) if found.unstated else ())


def counted(plan: Plan) -> Grid:
    """How many tensors carry over, and how many do not; their numbers are those of the network after, or of what it lacks."""
    kinds: dict[str, Iterable[Size]] = {
        "carried over unchanged": plan.carried.values(),
        "of another size: to be initialised": [after for _, after in plan.resized.values()],
        "new: to be initialised": plan.new.values(),
        "dropped": plan.dropped.values(),
    }
    rows = tuple(
        ((name, f"{len(sizes):,}", f"{sum(map(elements, sizes)):,}"), "") for name, of in kinds.items() if (sizes := [*of])
    )
    return Grid((Header("state_dict", left=True), Header("tensors"), Header("numbers")), rows)


def listed(plan: Plan, start: Callable[[str], str] | None = None) -> Grid:
    """The tensors that do not carry over, grouped by row, and by how they `start` if that is told."""
    rows = []
    kinds = (("of another size", texts(plan.resized)), ("new", texts(plan.new)), ("dropped", texts(plan.dropped)))
    for what, tensors in kinds:
        groups: dict[tuple[str, ...], list[str]] = {}
        for name, told in tensors:
            row, _, rest = name.partition(".")
            begins = () if start is None else (start(name) if what != "dropped" else "",)
            groups.setdefault((row, what, *begins), []).append(f"{rest} {told}")
        for group, names in groups.items():
            more = f" and {len(names) - _TOLD} more" if len(names) > _TOLD else ""
            rows.append(((*group, ", ".join(names[:_TOLD]) + more), ""))
    headers = [Header("row", left=True), Header("tensors", left=True), *([Header("start", left=True)] if start else [])]
    return Grid((*headers, Header("", left=True, folds=True)), tuple(rows))


def texts(tensors: Mapping[str, Size | tuple[Size, Size]]) -> Iterator[tuple[str, str]]:
    """Name and size of tensors, or name and both sizes."""
    for name, size in tensors.items():
        yield name, " → ".join(map(size_text, size)) if size and isinstance(size[0], tuple) else size_text(size)


def loaded_page(loaded: Loaded, network: Network, path: str) -> Page:
    """What was loaded from a file of weights that fits in part, and what was not."""
    plan = loaded.plan
    wanted = len(plan.carried) + len(plan.resized) + len(plan.new)
    heads = f"; {len(loaded.left_out)} tensors of heads left out" if loaded.left_out else ""
    told = f"loaded {loaded.tensors:,} of {wanted:,} tensors from {path}{heads}"
    if plan.complete:
        return (told,)
    return f"{told}; not loaded:", "", listed(plan, start_of(network))
