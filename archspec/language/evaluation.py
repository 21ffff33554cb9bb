"""What a checked formula computes: a function for each kind of node that formulas have."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, Protocol

from archspec.language.arithmetic import ARITHMETIC, COMPARISONS, CONSTANTS, FUNCTIONS
from archspec.language.batch import Differ
from archspec.language.functions import finite
from archspec.language.intervals import MAX_INT
from archspec.language.many import Many, deny, is_number, is_whole
from archspec.language.nodes import describe
from archspec.language.truths import both, either, select


class FormulaError(Exception):
    """What is wrong with a formula, and at which character of it (from 0)."""

    def __init__(self, code: str, message: str, offset: int = 0, width: int = 1, name: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.offset, self.width, self.name = code, message, offset, width, name


class UnknownValueError(Exception):
    """A value that cannot be known because of an error that was already reported."""


class Names(Protocol):
    """What a formula can see: raises KeyError for a name that it cannot."""

    def __getitem__(self, name: str) -> Any: ...
    def __iter__(self) -> Any: ...
    def scaled(self, channels: Any) -> Any: ...


def formula_error(node: Any, code: str, message: str, name: str | None = None) -> FormulaError:
    """An error at a node of the formula."""
    start = getattr(node, "col_offset", 0)
    return FormulaError(code, message, start, max(1, (getattr(node, "end_col_offset", None) or start + 1) - start), name)


def computed(node: ast.expr, names: Names) -> Any:
    return EVALUATORS[type(node)](node, names)


def _name(node: Any, names: Names) -> Any:
    try:
        return names[node.id]
    except KeyError:
        if node.id in CONSTANTS:
            return CONSTANTS[node.id]
        raise formula_error(node, "unknown-name", f"nothing here is called `{node.id}`", node.id) from None


def _binary(node: Any, names: Names) -> Any:
    function, sign = ARITHMETIC[type(node.op)]
    left, right = _number(node.left, names), _number(node.right, names)
    return _guarded(node, f"{left} {sign} {right}", function, left, right)


def _unary(node: Any, names: Names) -> Any:
    if isinstance(node.op, ast.Not):
        value = computed(node.operand, names)
        return deny(value) if _open(value) else not value
    value = _number(node.operand, names)
    return -value if isinstance(node.op, ast.USub) else value


def _bool(node: Any, names: Names) -> Any:
    stop = isinstance(node.op, ast.Or)
    value: Any = not stop
    for operand in node.values:
        value = _joined(either if stop else both, value, operand, names)
        if not _open(value) and bool(value) is stop:
            return value
    return value


def _joined(join: Callable[[Any, Any], Any], value: Any, operand: ast.expr, names: Names) -> Any:
    """The next operand, after one that did not decide it; with one that some variants answer so and some so, if both can be."""
    if not _open(value):
        return computed(operand, names)
    found = _under(value, computed, operand, names)
    if not isinstance(found, bool) and not _open(found):
        bool(value)  # raises Differ
    return join(value, found)


def _under(truth: Any, run: Callable[..., Any], *arguments: Any) -> Any:
    """What is only needed where a truth holds, or where it does not: an error in it takes the variants apart."""
    try:
        return run(*arguments)
    except (FormulaError, UnknownValueError):
        bool(truth)  # raises Differ if not all variants answer alike
        raise


def _open(value: Any) -> bool:
    """Whether it is a truth that not all variants need to answer alike, and that nothing has answered yet."""
    if not isinstance(value, Many) or not value.truth:
        return False
    try:
        bool(value)
    except Differ:
        return True
    return False


def _compare(node: Any, names: Names) -> Any:
    left = computed(node.left, names)
    answer: Any = True
    for op, right_node in zip(node.ops, node.comparators, strict=True):
        right = _under(answer, computed, right_node, names)
        answer = both(answer, _under(answer, _compared, node, op, left, right))
        if not _open(answer) and not answer:
            return False
        left = right
    return answer


def _compared(node: ast.expr, op: ast.cmpop, left: Any, right: Any) -> Any:
    function, ordered = COMPARISONS[type(op)]
    if ordered and not (is_number(left) and is_number(right)):
        raise formula_error(node, "formula-value", "only numbers can be compared by size")
    return function(*_paired(left, right))


def _paired(left: Any, right: Any) -> tuple[Any, Any]:
    """A size 2x2 equals the number 2."""
    if isinstance(left, tuple) and is_number(right):
        return left, (right,) * len(left)
    if isinstance(right, tuple) and is_number(left):
        return (left,) * len(right), right
    return left, right


def _choice(node: Any, names: Names) -> Any:
    test = computed(node.test, names)
    if _open(test):
        yes, no = (_under(test, computed, side, names) for side in (node.body, node.orelse))
        if is_number(yes) and is_number(no):
            return select(test, yes, no)
    return computed(node.body if test else node.orelse, names)


def _call(node: Any, names: Names) -> Any:
    values = [_number(argument, names) for argument in node.args]
    function = FUNCTIONS[node.func.id][0] or getattr(names, node.func.id)
    return _guarded(node, f"{node.func.id}({', '.join(map(str, values))})", function, *values)


def _guarded(node: Any, shown: str, function: Callable[..., Any], *values: Any) -> Any:
    try:
        return bounded(function(*values), node)
    except ZeroDivisionError:
        raise formula_error(node, "formula-value", f"{shown} divides by zero") from None
    except OverflowError:
        raise formula_error(node, "formula-value", f"{shown} is too large") from None
    except ValueError:
        raise formula_error(node, "formula-value", f"{shown} is not a number") from None


def bounded(value: Any, node: ast.expr) -> Any:
    if is_whole(value) and abs(value) > MAX_INT:
        raise formula_error(node, "formula-value", "the value is too large")
    if is_number(value) and not finite(value):
        raise formula_error(node, "formula-value", "the value is not finite")
    return value


def _number(node: ast.expr, names: Names) -> Any:
    value = computed(node, names)
    if not is_number(value):
        raise formula_error(node, "formula-value", f"{describe(value)} is not a number")
    return value


EVALUATORS: dict[type[ast.AST], Callable[[Any, Names], Any]] = {
    ast.Constant: lambda node, names: node.value,
    ast.Name: _name,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.BoolOp: _bool,
    ast.Compare: _compare,
    ast.IfExp: _choice,
    ast.Call: _call,
}
