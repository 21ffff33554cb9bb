"""What every known counter prints for a network, as a sum of facts, and what depends on how its code is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from archspec.analysis.counters import CONVENTIONS, Convention, facts_of, terms
from archspec.ir.tree import Leaf, Network, leaves
from archspec.language.changes import patterns, split_path
from archspec.language.diagnostics import did_you_mean, fail
from archspec.language.names import nearest, normal
from archspec.language.places import option

Facts = Mapping[str, int]


@dataclass(frozen=True)
class Term:
    """So many times the value of a fact; `called`: of the ops that the code calls as functions."""

    weight: int
    fact: str
    value: int
    called: bool = False


@dataclass(frozen=True)
class Call:
    """What a count would change by if the code called the ops of a type as functions: by a fact's value, weighted anew."""

    op: str
    calls: int
    fact: str
    value: int
    as_module: int
    as_function: int

    @property
    def difference(self) -> int:
        return (self.as_function - self.as_module) * self.value


@dataclass(frozen=True)
class Count:
    """The number that a tool prints, the terms that add up to it, and the calls that would change it."""

    convention: Convention
    terms: tuple[Term, ...]
    calls: tuple[Call, ...]

    @property
    def value(self) -> int:
        return sum(term.weight * term.value for term in self.terms)


@dataclass(frozen=True)
class Split:
    """The ops that run in eval mode: those that are modules, and those that the code calls as functions."""

    modules: tuple[Leaf, ...]
    functions: tuple[Leaf, ...]


def reconcile_network(
    network: Network, counters: Iterable[Convention] = CONVENTIONS, functions: Iterable[str] = ()
) -> tuple[Count, ...]:
    """The count of each convention for one example in eval mode, without heads; `functions` are types or paths of ops."""
    split = split_ops(network, functions)
    modules, called, both = map(facts_of, (split.modules, split.functions, split.modules + split.functions))
    return tuple(Count(one, tuple(_terms(one, modules, called, both)), tuple(_calls(one, split.modules))) for one in counters)


def _terms(convention: Convention, modules: Facts, called: Facts, both: Facts) -> Iterator[Term]:
    if convention.functions is None:
        yield from (Term(*term) for term in terms(both, convention.weights))
    else:
        yield from (Term(*term) for term in terms(modules, convention.weights))
        yield from (Term(*term, called=True) for term in terms(called, convention.functions))


def _calls(convention: Convention, modules: Iterable[Leaf]) -> Iterator[Call]:
    """By type and fact, of the ops without trained tensors, which code often calls as functions."""
    if convention.functions is None:
        return
    by_type: dict[str, list[Leaf]] = {}
    for leaf in modules:
        if not leaf.cost.params:
            by_type.setdefault(leaf.op.name, []).append(leaf)
    for op, found in by_type.items():
        for weight, fact, value in terms(facts_of(found), convention.weights):
            if (other := convention.functions.get(fact, 0)) != weight:
                yield Call(op, len(found), fact, value, weight, other)


def split_ops(network: Network, functions: Iterable[str]) -> Split:
    """The ops that run, apart by what `functions` names: a type of op, or a path, `*` for any characters of a word.

    Raises SpecError for what names nothing.
    """
    ran = [leaf for leaf in leaves(network.body) if leaf is not network.reading]
    called: set[str] = set()
    for word in functions:
        named = {leaf.path for leaf in ran if leaf.op.name == normal(word)} or {leaf.path for leaf in ran if _within(leaf, word)}
        if not named:
            known = [*dict.fromkeys(leaf.op.name for leaf in ran), *(row.path for row in network.rows)]
            message = f"`{word}` is neither the type nor the path of an op of {network.name}"
            raise fail("unknown-path", message, option("--functions", word), hint=did_you_mean(nearest(word, known)))
        called |= named
    modules = tuple(leaf for leaf in ran if leaf.path not in called)
    return Split(modules, tuple(leaf for leaf in ran if leaf.path in called))


def _within(leaf: Leaf, path: str) -> bool:
    """Whether a leaf is at a path, or inside of what is."""
    asked, own = patterns(split_path(path, option("--functions", path))), leaf.path.split(".")
    return len(own) >= len(asked) and all(one.match(word) for one, word in zip(asked, own, strict=False))
