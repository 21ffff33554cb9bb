"""Which of many members keep a constraint: one truth for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import reduce
from typing import Any

from archspec.analysis.costs import NodeCost
from archspec.analysis.variants import FamilyCost
from archspec.design.where import TOTALS, Constraint, Name
from archspec.ir.scope import Layer
from archspec.ir.tree import Tree
from archspec.language.formula import FormulaError, Names, evaluate
from archspec.language.many import deny
from archspec.language.names import normal
from archspec.language.truths import both, by_case, either, select


def holds(constraint: Constraint, costs: FamilyCost, listed: Mapping[str, Any]) -> Any:
    """The truth of whether a member keeps it, in every row that has the bare columns it names. `listed` is what each axis has.

    A member that lacks a named cell keeps it, one whose formula has no value (a division by zero) does not.
    """
    kept: Any = True
    for there, names in scopes(constraint, costs, listed):
        kept = both(kept, either(deny(there), _answer(constraint.formula, names)))
    return kept


def scopes(constraint: Constraint, costs: FamilyCost, listed: Mapping[str, Any]) -> Iterator[tuple[Any, Names]]:
    """The values of a constraint's names, and where they are these: for each row that has all bare columns which it names."""
    columns = {name.key for name in constraint.names.values() if name.kind == "column"}
    rows: Iterable[tuple[Any, Tree | None]] = [(True, None)]
    if columns:
        rows = costs.outermost(lambda row: columns <= row.columns.keys())
    cells = {word: name for word, name in constraint.names.items() if name.kind == "cell"}
    for there, row in rows:
        for present, found in _combined(cells, costs):
            values = {word: _value(name, row, costs, listed) for word, name in constraint.names.items() if word not in cells}
            yield both(there, present), _Values({**values, **found})


def figure(name: str, costs: FamilyCost) -> Any:
    """A total, or `row.figure`, which is 0 where a member has no such row."""
    if name in TOTALS:
        return getattr(costs if name in ("depth", "params_with_heads") else costs.total, name)
    path, _, key = name.rpartition(".")
    return sum(select(there, _of_node(node, key), 0) for there, node in costs.at(path))


def _of_node(node: Tree, key: str) -> Any:
    cost = NodeCost(node)
    return cost.depth if key == "depth" else getattr(cost.cost, key)


def _value(name: Name, row: Tree | None, costs: FamilyCost, listed: Mapping[str, Any]) -> Any:
    return _VALUES[name.kind](name, row, costs, listed)


#: what a name means, by its kind; named cells are told apart before
_VALUES: Mapping[str, Callable[[Name, Any, FamilyCost, Mapping[str, Any]], Any]] = {
    "axis": lambda name, row, costs, listed: listed[name.key],
    "column": lambda name, row, costs, listed: _told(row.columns[name.key]),
    "total": lambda name, row, costs, listed: figure(name.key, costs),
    "cost": lambda name, row, costs, listed: figure(f"{name.path}.{name.key}", costs),
}


def _told(value: Any) -> Any:
    """What a formula sees of a column: a layer goes by its name."""
    return normal(value.type) if isinstance(value, Layer) else value


def _combined(cells: Mapping[str, Name], costs: FamilyCost) -> Iterator[tuple[Any, dict[str, Any]]]:
    """The values of named cells, which may be others in each network of the family, and where they are these."""
    if not cells:
        yield True, {}
        return
    (word, name), *more = cells.items()
    for there, node in costs.at(name.path):
        if name.key in node.columns:
            for also, others in _combined(dict(more), costs):
                yield both(there, also), {word: _told(node.columns[name.key]), **others}


class _Values(dict[str, Any]):
    """What the formula of a constraint sees."""

    def scaled(self, channels: Any) -> Any:
        raise FormulaError("formula-value", "a constraint sees what a scale has made, and has none of its own")


def _answer(formula: str, names: Names) -> Any:
    """Whether the formula holds; in each case that it tells apart."""

    def run() -> Any:
        try:
            return _yes(evaluate(formula, names))
        except FormulaError:
            return False

    return reduce(either, (both(truth, found) for truth, found in by_case(run)), False)


def _yes(value: Any) -> Any:
    return value if hasattr(value, "truth") and value.truth else bool(value)
