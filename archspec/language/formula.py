"""Formulas: bounded arithmetic on names, as in a spreadsheet; nothing in them can run code.

`=round(in_channels * t)` is parsed by Python's own parser into a syntax tree, and only the
nodes listed here are ever interpreted. There are no attributes, subscripts or other calls.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from archspec.language.arithmetic import ARITHMETIC, COMPARISONS, FUNCTIONS
from archspec.language.evaluation import EVALUATORS, bounded, computed, formula_error
from archspec.language.evaluation import FormulaError as FormulaError
from archspec.language.evaluation import Names as Names
from archspec.language.evaluation import UnknownValueError as UnknownValueError

MAX_LENGTH = 500
MAX_DEPTH = 40


def evaluate(text: str, names: Names) -> Any:
    """The value of a formula (with its leading `=`). Raises FormulaError, or UnknownValueError from `names`."""
    return computed(parse(text), names)


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
        raise formula_error(node, "formula-syntax", "the formula is nested too deeply")
    kind = type(node)
    if kind is ast.Call:
        _check_call(node)
        children: Iterable[ast.AST] = node.args  # type: ignore[attr-defined] # _check_call has seen to it
    elif kind in EVALUATORS:
        children = (child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr))
    else:
        raise formula_error(node, "formula-syntax", f"formulas have no {_PLAIN_NAMES.get(kind, 'such expressions')}")
    if isinstance(node, ast.BinOp | ast.UnaryOp) and type(node.op) not in (*ARITHMETIC, ast.USub, ast.UAdd, ast.Not):
        raise formula_error(node, "formula-syntax", "formulas have the operators + - * / // % ** only")
    if isinstance(node, ast.Compare) and any(type(op) not in COMPARISONS for op in node.ops):
        raise formula_error(node, "formula-syntax", "formulas compare with ==, !=, <, <=, > and >= only")
    if isinstance(node, ast.Constant):
        if not isinstance(node.value, int | float | str) or isinstance(node.value, bool):
            raise formula_error(
                node, "formula-syntax", f"`{node.value!r}` is not a number; write true, false and none in small letters"
            )
        bounded(node.value, node)
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
        raise formula_error(node, "formula-syntax", f"formulas cannot call {called}; the functions are {', '.join(FUNCTIONS)}")
    _, least, most = FUNCTIONS[node.func.id]
    starred = any(isinstance(argument, ast.Starred) for argument in node.args)
    if node.keywords or starred or not least <= len(node.args) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        raise formula_error(node, "formula-syntax", f"`{node.func.id}` takes {wanted} value{'' if wanted == '1' else 's'}")
