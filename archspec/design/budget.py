"""By how much one variant breaks a constraint, for samplers that learn from it; at most 0 if it keeps it.

`a <= b` gives (a - b) / max(|a|, |b|): a share from -2 to 2, so that what is broken can be added up, whatever its unit.
`and` takes the worst of its parts, `or` the best; a truth that compares nothing is 0 or 1.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from archspec.analysis.costs import NetworkCost, NodeCost
from archspec.design.where import Constraint, Name, nodes_of
from archspec.ir.tree import Tree
from archspec.language.diagnostics import fail
from archspec.language.formula import FormulaError, evaluate
from archspec.language.many import is_number

#: the most by which a constraint is broken
WORST = 2.0
#: by how much 8 < 8 is broken
_LEAST = 1e-9

_FIGURES: Mapping[str, Callable[[NetworkCost | NodeCost], int]] = {
    "params": lambda of: _cost(of).params,
    "macs": lambda of: _cost(of).macs,
    "activations": lambda of: _cost(of).activations,
    "depth": lambda of: of.depth,
    "params_with_heads": lambda of: of.total.params + of.heads_total.params if isinstance(of, NetworkCost) else 0,
}


def _cost(of: NetworkCost | NodeCost) -> Any:
    return of.total if isinstance(of, NetworkCost) else of.cost


def violation(constraint: Constraint, costs: NetworkCost, listed: Mapping[str, Any]) -> float:
    """By how much a variant breaks a constraint; `listed` has the value of each axis. Of several rows the worst counts;
    a constraint on rows that the variant does not have is kept. Raises SpecError for what cannot be computed.
    """
    try:
        return max((_amount(constraint.tree, names) for names in _scopes(constraint, costs, listed)), default=0.0)
    except FormulaError as error:
        raise fail(error.code, f"`{constraint.text}`: {error.message}", constraint.place) from None


def _scopes(constraint: Constraint, costs: NetworkCost, listed: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The values of a constraint's names: once, or for each row that has all the columns that it names."""
    nodes = list(nodes_of(costs.network))
    by_path = {node.path: node for node in nodes}
    columns = [word for word, name in constraint.names.items() if name.kind == "column"]
    try:
        fixed = {word: _value(name, costs, by_path, listed) for word, name in constraint.names.items() if word not in columns}
    except KeyError:
        return  # of a row that this variant does not have
    if not columns:
        yield fixed
    for node in nodes if columns else ():
        if all(word in node.columns for word in columns):
            yield {**fixed, **{word: node.columns[word] for word in columns}}


def _value(name: Name, costs: NetworkCost, nodes: Mapping[str, Tree], listed: Mapping[str, Any]) -> Any:
    if name.kind == "total":
        return _FIGURES[name.key](costs)
    if name.kind == "axis":
        return listed[name.key]
    node = nodes[name.path]
    return _FIGURES[name.key](NodeCost(node)) if name.kind == "cost" else node.columns[name.key]


def _amount(node: ast.expr, names: Mapping[str, Any]) -> float:
    if isinstance(node, ast.BoolOp):
        amounts = [_amount(part, names) for part in node.values]
        return max(amounts) if isinstance(node.op, ast.And) else min(amounts)
    if isinstance(node, ast.Compare):
        sides = [evaluate("=" + ast.unparse(side), names) for side in (node.left, *node.comparators)]
        holds = bool(evaluate("=" + ast.unparse(node), names))
        pairs = zip(node.ops, sides, sides[1:], strict=False)
        amount = max(_apart(op, left, right) for op, left, right in pairs)
        return min(amount, 0.0) if holds else max(amount, _LEAST)
    return 0.0 if evaluate("=" + ast.unparse(node), names) else 1.0


def _apart(op: ast.cmpop, left: Any, right: Any) -> float:
    """How far a comparison is from its edge, as a share; 1 for what has no size and differs."""
    if not (is_number(left) and is_number(right)):
        return 1.0 if (left == right) is isinstance(op, ast.NotEq) else 0.0
    over = (left - right) / (max(abs(left), abs(right)) or 1)
    if isinstance(op, ast.Eq | ast.NotEq):
        return abs(over) if isinstance(op, ast.Eq) else 0.0
    return float(over if isinstance(op, ast.Lt | ast.LtE) else -over)
