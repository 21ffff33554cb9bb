"""What a search found, as a page and as plain data."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from archspec.design.best import Best, Found
from archspec.design.objectives import OBJECTIVES, Objective
from archspec.render.data import SCHEMA
from archspec.render.notebook import Printed
from archspec.render.page import Grid, Header, Page, Title, plain

#: costs that stand beside the objectives
_BESIDE = ("params", "macs")
#: reasons of invalid variants that are told
_REASONS = 5


@dataclass(frozen=True, repr=False)
class Searched(Printed):
    """The result of a search; prints as the table, also in a notebook; `data()` is plain data."""

    found: Found

    def data(self) -> dict[str, Any]:
        return search_data(self.found)

    def page(self) -> Page:
        """As what the verb prints."""
        return search_page(self.found)

    @property
    def best(self) -> tuple[Best, ...]:
        """The best trials, or the Pareto front of several objectives."""
        return self.found.best

    def __rich__(self) -> Any:
        from archspec.render.terminal import RichPage

        return RichPage(self.page())

    def __str__(self) -> str:
        return plain(self.page())

    def __repr__(self) -> str:
        return f"<Search of {self.found.space.network.name}: {len(self.best)} best trials>"


def search_page(found: Found) -> Page:
    """The best trials, the changes that rebuild each, and what became of all trials."""
    words = " and ".join(one.name for one in found.objectives)
    kind = "the best" if len(found.objectives) == 1 else "the Pareto front"
    title = Title(found.space.network.name, f"   {kind} of {found.study} by {words}")
    if not found.best:
        return title, "", *_notes(found)
    lines = (f"trial {best.trial}: {_options(found, best)}" for best in found.best)
    return title, "", _grid(found), "", *lines, "", *_notes(found)


def _grid(found: Found) -> Grid:
    names = {one.name for one in found.objectives}
    beside = [name for name in _BESIDE if name not in names]
    shown = [*(one.header for one in found.objectives), *(OBJECTIVES[name].header for name in beside)]
    rows = []
    for best in found.best:
        values = [_figure(one, best.values[one.name]) for one in found.objectives]
        rows.append(((str(best.trial), *values, *(f"{best.costs[name]:,}" for name in beside)), ""))
    return Grid((Header("trial"), *map(Header, shown)), tuple(rows))


def _figure(one: Objective, value: float) -> str:
    return f"{value:,.{one.decimals}f}"


def _options(found: Found, best: Best) -> str:
    """The options that rebuild a trial, as a shell takes them."""
    words = [word for change in best.changes for word in ("--set", change)]
    return shlex.join([*words, *(("--input", found.space.input) if found.space.input else ())])


def _notes(found: Found) -> Iterator[str]:
    finished = sum(found.fates[fate] for fate in ("complete", "over the budget", "invalid", "looked up"))
    told = ", ".join(f"{count:,} {fate}" for fate, count in found.fates.items() if count)
    yield f"{finished:,} trial{'s' if finished != 1 else ''} of {found.space.size:,} variants: {told or 'none'}"
    if found.tried >= found.space.size:
        yield "every variant was tried"
    if not found.best:
        yield "no variant within the budget was found"
    for text, count in found.broken.items():
        yield f"budget: {text}, which {_trials(count)} broke"
    reasons = sorted(found.invalid.items(), key=lambda one: -one[1])
    for reason, count in reasons[:_REASONS]:
        yield f"invalid: {reason} ({_trials(count)})"
    if len(reasons) > _REASONS:
        yield f"invalid: {len(reasons) - _REASONS:,} more reasons"
    for one in found.objectives:
        yield f"{one.name}: {one.unit}, {one.direction}d"
    if len(found.hosts) > 1 and any(one.measured for one in found.objectives):
        yield f"measured on {len(found.hosts)} machines ({', '.join(found.hosts)}): times compare only if these are alike"


def _trials(count: int) -> str:
    return f"{count:,} trial{'s' if count != 1 else ''}"


def search_data(found: Found) -> dict[str, Any]:
    """The same as plain data; `set` are changes as `--set` takes them."""
    return {
        "schema": SCHEMA,
        "name": found.space.network.name,
        "digest": found.space.network.digest,
        "study": found.study,
        "variants": found.space.size,
        "tried": found.tried,
        "objectives": [{"name": one.name, "unit": one.unit, "direction": one.direction} for one in found.objectives],
        "trials": {fate.replace(" ", "_"): count for fate, count in found.fates.items()},
        "budget": [{"constraint": text, "broken_by": count} for text, count in found.broken.items()],
        "invalid": [{"reason": reason, "trials": count} for reason, count in found.invalid.items()],
        "hosts": list(found.hosts),
        "best": [_best(one, found.space.input) for one in found.best],
    }


def _best(best: Best, input: str | None) -> dict[str, Any]:
    told = {"trial": best.trial, "values": dict(best.values), "costs": dict(best.costs)}
    return {**told, "set": list(best.changes), "input": input}
