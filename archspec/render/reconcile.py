"""What every counter prints, as a table for a terminal and as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from archspec.analysis.counters import summed, words
from archspec.analysis.reconcile import Count, Term
from archspec.ir.tree import Network
from archspec.render.data import SCHEMA
from archspec.render.notebook import Printed
from archspec.render.terminal import as_text, bare_table

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

    def __rich__(self) -> RenderableType:
        return reconcile_table(self.network, self.counts, self.live)

    def __str__(self) -> str:
        return as_text(self.__rich__())

    def __repr__(self) -> str:
        return f"<Reconciliation of {self.network.name}: {len(self.counts)} counters>"


def reconcile_table(network: Network, counts: Sequence[Count], live: Live | None = None) -> RenderableType:
    """The numbers with their terms, the values of the terms, and what function calls would change."""
    parts: list[RenderableType] = [
        Text.assemble((network.name, "bold"), f"   input {network.input}   batch 1, eval mode, without heads"),
        _numbers(counts, live),
        _facts(counts),
    ]
    if any(count.calls for count in counts):
        parts.append(Group(Text("What a count changes by if the code calls functions where it counts modules:"), _calls(counts)))
    return Group(*(piece for part in parts for piece in (part, Text(""))), _tools(counts))


def _numbers(counts: Iterable[Count], live: Live | None) -> Table:
    table = bare_table()
    table.add_column("counter", no_wrap=True)
    table.add_column("number", justify="right", no_wrap=True)
    if live is not None:
        table.add_column("live", justify="right", no_wrap=True)
    table.add_column("called", overflow="fold")
    table.add_column("terms", overflow="fold")
    for count in counts:
        sum_of = summed((term.weight, _words(term)) for term in count.terms)
        one = count.convention
        ran = [] if live is None else [_ran(count, live)]
        table.add_row(one.name, Text(f"{count.value:,}", "bold"), *ran, one.prints, Text(f"= {sum_of}"))
    return table


def _ran(count: Count, live: Live) -> Text:
    """What the installed tool printed, beside the number."""
    if count.convention.name not in live:
        return Text("–")
    printed = live[count.convention.name]
    if printed is None:
        return Text("not installed", "dim")
    return Text("equal") if printed == count.value else Text(f"{printed:,}", "bold red")


def _facts(counts: Iterable[Count]) -> Table:
    table = bare_table()
    table.add_column("term", overflow="fold")
    table.add_column("value", justify="right", no_wrap=True)
    for name, value in {_words(term): term.value for count in counts for term in count.terms}.items():
        table.add_row(Text(name), Text(f"{value:,}"))
    return table


def _calls(counts: Iterable[Count]) -> Table:
    table = bare_table()
    for header in ("counter", "op", "calls", "term", "value", "weight", "difference"):
        right = header in ("calls", "value", "weight", "difference")
        table.add_column(header, justify="right" if right else "left", no_wrap=header != "op", overflow="fold")
    for count in counts:
        for call in count.calls:
            weight = f"{call.as_module} → {call.as_function}"
            figures = (f"{call.calls:,}", words(call.fact), f"{call.value:,}", weight, f"{call.difference:+,}")
            table.add_row(*map(Text, (count.convention.name, call.op, *figures)))
    return table


def _tools(counts: Iterable[Count]) -> Table:
    table = bare_table()
    table.add_column("counter", no_wrap=True)
    for header in ("where the number is from", "what it means"):
        table.add_column(header, overflow="fold")
    for count in counts:
        one = count.convention
        source = " ".join(filter(None, (one.tool, one.version, one.where)))
        table.add_row(Text(one.name), Text(source), Text(one.note))
    return table


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
