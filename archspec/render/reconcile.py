"""What every counter prints, as a table for a terminal and as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from archspec.analysis.counters import summed, words
from archspec.analysis.reconcile import Count, Term
from archspec.ir.tree import Network
from archspec.render.data import SCHEMA
from archspec.render.notebook import Printed
from archspec.render.page import Grid, Header, Page, Title, plain

#: what each installed tool printed for the built module, by counter; None if it is not installed
Live = Mapping[str, int | None]


@dataclass(frozen=True, repr=False)
class Reconciliation(Printed):
    """A network with what every counter prints for it; prints as the table, also in a notebook; `data()` is plain data."""

    network: Network
    counts: tuple[Count, ...]
    live: Live | None = None

    def data(self) -> dict[str, Any]:
        return reconcile_data(self.network, self.counts, self.live)

    def page(self) -> Page:
        """As what a verb prints."""
        return reconcile_page(self.network, self.counts, self.live)

    def __rich__(self) -> Any:
        from archspec.render.terminal import RichPage

        return RichPage(self.page())

    def __str__(self) -> str:
        return plain(self.page())

    def __repr__(self) -> str:
        return f"<Reconciliation of {self.network.name}: {len(self.counts)} counters>"


def reconcile_page(network: Network, counts: Sequence[Count], live: Live | None = None) -> Page:
    """The numbers with their terms, the values of the terms, and what function calls would change."""
    page: Page = (
        Title(network.name, f"   input {network.input}   batch 1, eval mode, without heads"),
        "",
        _numbers(counts, live),
        "",
        _facts(counts),
        "",
    )
    if any(count.calls for count in counts):
        told = "What a count changes by if the code calls functions where it counts modules:"
        page = (*page, told, _calls(counts), "")
    return (*page, _tools(counts))


def _numbers(counts: Iterable[Count], live: Live | None) -> Grid:
    headers = [Header("counter", left=True), Header("number"), *([] if live is None else [Header("live")])]
    headers += [Header("called", left=True), Header("terms", left=True, folds=True)]
    rows = []
    for count in counts:
        sum_of = summed((term.weight, _words(term)) for term in count.terms)
        ran = [] if live is None else [_ran(count, live)]
        rows.append(((count.convention.name, f"{count.value:,}", *ran, count.convention.prints, f"= {sum_of}"), ""))
    return Grid(tuple(headers), tuple(rows))


def _ran(count: Count, live: Live) -> str:
    """What the installed tool printed, beside the number."""
    if count.convention.name not in live:
        return "–"
    printed = live[count.convention.name]
    if printed is None:
        return "not installed"
    return "equal" if printed == count.value else f"{printed:,}"


def _facts(counts: Iterable[Count]) -> Grid:
    values = {_words(term): term.value for count in counts for term in count.terms}
    rows = tuple(((name, f"{value:,}"), "") for name, value in values.items())
    return Grid((Header("term", left=True), Header("value")), rows)


def _calls(counts: Iterable[Count]) -> Grid:
    headers = [Header("counter", left=True), Header("op", left=True, folds=True), Header("calls"), Header("term", left=True)]
    headers += map(Header, ("value", "weight", "difference"))
    rows = []
    for count in counts:
        for call in count.calls:
            weight = f"{call.as_module} → {call.as_function}"
            figures = (f"{call.calls:,}", words(call.fact), f"{call.value:,}", weight, f"{call.difference:+,}")
            rows.append(((count.convention.name, call.op, *figures), ""))
    return Grid(tuple(headers), tuple(rows))


def _tools(counts: Iterable[Count]) -> Grid:
    told = ("where the number is from", "what it means")
    headers = (Header("counter", left=True), *(Header(text, left=True, folds=True) for text in told))
    rows = []
    for one in (count.convention for count in counts):
        rows.append(((one.name, " ".join(filter(None, (one.tool, one.version, one.where))), one.note), ""))
    return Grid(headers, tuple(rows))


def _words(term: Term) -> str:
    return words(term.fact) + (", as functions" if term.called else "")


def reconcile_data(network: Network, counts: Iterable[Count], live: Live | None = None) -> dict[str, Any]:
    """The counts as plain data; a number is the sum of its terms' weight times value. `live` is there if tools were run."""
    return {
        "schema": SCHEMA,
        "name": network.name,
        "digest": network.digest,
        "input": list(network.input.tensor),
        "counters": [_count(count) for count in counts],
        **({} if live is None else {"live": dict(live)}),
    }


def _count(count: Count) -> dict[str, Any]:
    one = count.convention
    return {
        **{key: getattr(one, key) for key in ("name", "tool", "version", "where", "prints", "note")},
        "value": count.value,
        "terms": [
            {"weight": term.weight, "fact": term.fact, "value": term.value, "functions": term.called} for term in count.terms
        ],
        "calls": [
            {
                **{key: getattr(call, key) for key in ("op", "calls", "fact", "value", "as_module", "as_function")},
                "difference": call.difference,
            }
            for call in count.calls
        ],
    }
