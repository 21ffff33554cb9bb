"""Formulas: bounded arithmetic on names, as in a spreadsheet; nothing in them can run code.

`=round(in_channels * t)` is parsed by Python's own parser into a syntax tree, and only the
nodes listed here are ever interpreted. There are no attributes, subscripts or other calls.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Protocol

from archspec.language.arithmetic import ARITHMETIC, COMPARISONS, CONSTANTS, FUNCTIONS
from archspec.language.intervals import MAX_INT
from archspec.language.many import finite, is_number, is_whole
from archspec.language.nodes import describe

MAX_LENGTH = 500
MAX_DEPTH = 40


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


def evaluate(text: str, names: Names) -> Any:
    """The value of a formula (with its leading `=`). Raises FormulaError, or UnknownValueError from `names`."""
    return _value(parse(text), names)


@lru_cache(4096)
def parse(text: str) -> ast.expr:
    """The checked syntax tree of a formula; its columns are offsets into `text`."""
    body = text[1:].replace("\n", " ")
    if not body.strip():
        raise FormulaError("formula-syntax", "the formula is empty")
    if len(text) > MAX_LENGTH:
        raise FormulaError("formula-syntax", f"a formula has at most {MAX_LENGTH} characters")
    if "#" in body:
        raise FormulaError("formula-syntax", "formulas have no comments", 1 + body.index("#"))
    lead = 1 + len(body) - len(body.lstrip())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(body.strip(), "formula", "eval").body
    except SyntaxError as error:
        offset = min(len(text) - 1, max(1, lead + (error.offset or len(body)) - 1))
        raise FormulaError("formula-syntax", f"the formula `{text}` is malformed", offset) from None
    except (ValueError, MemoryError, RecursionError):
        raise FormulaError("formula-syntax", "the formula is malformed") from None
    _place(tree, body.strip(), lead)
    _check(tree, 0)
    return tree


def _place(tree: ast.expr, body: str, lead: int) -> None:
    """Python counts bytes from the start of the expression; diagnostics count characters of the whole text."""
    data = body.encode()
    for node in ast.walk(tree):
        if isinstance(node, ast.expr):
            start, end = (len(data[:at].decode(errors="ignore")) for at in (node.col_offset, node.end_col_offset or 0))
            node.col_offset, node.end_col_offset = start + lead, end + lead


def _check(node: ast.AST, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise _error(node, "formula-syntax", "the formula is nested too deeply")
    kind = type(node)
    if kind is ast.Call:
        _check_call(node)
        children: Iterable[ast.AST] = node.args  # type: ignore[attr-defined] # _check_call has seen to it
    elif kind in _EVALUATORS:
        children = (child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr))
    else:
        raise _error(node, "formula-syntax", f"formulas have no {_PLAIN_NAMES.get(kind, 'such expressions')}")
    if isinstance(node, ast.BinOp | ast.UnaryOp) and type(node.op) not in (*ARITHMETIC, ast.USub, ast.UAdd, ast.Not):
        raise _error(node, "formula-syntax", "formulas have the operators + - * / // % ** only")
    if isinstance(node, ast.Compare) and any(type(op) not in COMPARISONS for op in node.ops):
        raise _error(node, "formula-syntax", "formulas compare with ==, !=, <, <=, > and >= only")
    if isinstance(node, ast.Constant):
        if not isinstance(node.value, int | float | str) or isinstance(node.value, bool):
            raise _error(node, "formula-syntax", f"`{node.value!r}` is not a number; write true, false and none in small letters")
        _bounded(node.value, node)
    for child in children:
        _check(child, depth + 1)


_PLAIN_NAMES: dict[type[ast.AST], str] = {
    ast.Attribute: "attributes",
    ast.Subscript: "subscripts",
    ast.Lambda: "lambda",
    ast.List: "lists",
    ast.Tuple: "lists",
    ast.Dict: "mappings",
    ast.JoinedStr: "format strings",
    ast.NamedExpr: "assignments",
}


def _check_call(node: Any) -> None:
    if isinstance(node.func, ast.Attribute | ast.Call | ast.Subscript):
        _check(node.func, 0)  # says what formulas do not have
    if not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS:
        called = f"`{node.func.id}`" if isinstance(node.func, ast.Name) else "a value"
        raise _error(node, "formula-syntax", f"formulas cannot call {called}; the functions are {', '.join(FUNCTIONS)}")
    _, least, most = FUNCTIONS[node.func.id]
    starred = any(isinstance(argument, ast.Starred) for argument in node.args)
    if node.keywords or starred or not least <= len(node.args) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        raise _error(node, "formula-syntax", f"`{node.func.id}` takes {wanted} value{'' if wanted == '1' else 's'}")


def _error(node: Any, code: str, message: str, name: str | None = None) -> FormulaError:
    start = getattr(node, "col_offset", 0)
    return FormulaError(code, message, start, max(1, (getattr(node, "end_col_offset", None) or start + 1) - start), name)


def _value(node: ast.expr, names: Names) -> Any:
    return _EVALUATORS[type(node)](node, names)


def _name(node: Any, names: Names) -> Any:
    try:
        return names[node.id]
    except KeyError:
        if node.id in CONSTANTS:
            return CONSTANTS[node.id]
        raise _error(node, "unknown-name", f"nothing here is called `{node.id}`", node.id) from None


def _binary(node: Any, names: Names) -> Any:
    function, sign = ARITHMETIC[type(node.op)]
    left, right = _number(node.left, names), _number(node.right, names)
    return _guarded(node, f"{left} {sign} {right}", function, left, right)


def _unary(node: Any, names: Names) -> Any:
    if isinstance(node.op, ast.Not):
        return not _value(node.operand, names)
    value = _number(node.operand, names)
    return -value if isinstance(node.op, ast.USub) else value


def _bool(node: Any, names: Names) -> Any:
    stop = isinstance(node.op, ast.Or)
    value: Any = None
    for operand in node.values:
        value = _value(operand, names)
        if bool(value) is stop:
            return value
    return value


def _compare(node: Any, names: Names) -> bool:
    left = _value(node.left, names)
    for op, right_node in zip(node.ops, node.comparators, strict=True):
        function, ordered = COMPARISONS[type(op)]
        right = _value(right_node, names)
        if ordered and not (is_number(left) and is_number(right)):
            raise _error(node, "formula-value", "only numbers can be compared by size")
        if not function(*_paired(left, right)):
            return False
        left = right
    return True


def _paired(left: Any, right: Any) -> tuple[Any, Any]:
    """A size 2x2 equals the number 2."""
    if isinstance(left, tuple) and is_number(right):
        return left, (right,) * len(left)
    if isinstance(right, tuple) and is_number(left):
        return (left,) * len(right), right
    return left, right


def _choice(node: Any, names: Names) -> Any:
    return _value(node.body if _value(node.test, names) else node.orelse, names)


def _call(node: Any, names: Names) -> Any:
    values = [_number(argument, names) for argument in node.args]
    return _guarded(node, f"{node.func.id}({', '.join(map(str, values))})", FUNCTIONS[node.func.id][0], *values)


def _guarded(node: Any, shown: str, function: Callable[..., Any], *values: Any) -> Any:
    try:
        return _bounded(function(*values), node)
    except ZeroDivisionError:
        raise _error(node, "formula-value", f"{shown} divides by zero") from None
    except OverflowError:
        raise _error(node, "formula-value", f"{shown} is too large") from None
    except ValueError:
        raise _error(node, "formula-value", f"{shown} is not a number") from None


def _bounded(value: Any, node: ast.expr) -> Any:
    if is_whole(value) and abs(value) > MAX_INT:
        raise _error(node, "formula-value", "the value is too large")
    if is_number(value) and not finite(value):
        raise _error(node, "formula-value", "the value is not finite")
    return value


def _number(node: ast.expr, names: Names) -> Any:
    value = _value(node, names)
    if not is_number(value):
        raise _error(node, "formula-value", f"{describe(value)} is not a number")
    return value


_EVALUATORS: dict[type[ast.AST], Callable[[Any, Names], Any]] = {
    ast.Constant: lambda node, names: node.value,
    ast.Name: _name,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.BoolOp: _bool,
    ast.Compare: _compare,
    ast.IfExp: _choice,
    ast.Call: _call,
}
