"""By how much one variant breaks a constraint, for samplers that learn from it; at most 0 if it keeps it.

`a <= b` gives (a - b) / max(|a|, |b|): a share from -2 to 2, so that what is broken can be added up, whatever its unit.
`and` takes the worst of its parts, `or` the best; a truth that compares nothing is 0 or 1.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from archspec.analysis.variants import FamilyCost
from archspec.design.holds import scopes
from archspec.design.where import Constraint
from archspec.language.formula import FormulaError, Names, evaluate
from archspec.language.many import is_number

#: the most by which a constraint is broken
WORST = 2.0
#: by how much 8 < 8 is broken
_LEAST = 1e-9


def violation(constraint: Constraint, costs: FamilyCost, listed: Mapping[str, Any]) -> float:
    """By how much the one network of a family breaks a constraint; `listed` has the value of each axis.

    As in a sweep it must hold in every row that has the bare columns it names (the worst row counts), a variant that lacks a
    named cell keeps it, and one for which the formula has no value breaks it.
    """
    try:
        return max((_amount(constraint.tree, names) for there, names in scopes(constraint, costs, listed) if there), default=0.0)
    except FormulaError:
        return WORST


def _amount(node: ast.expr, names: Names) -> float:
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
