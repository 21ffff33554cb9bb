"""Wrong cells, formulas, shapes, claims and names: each with exactly what is said, and where."""

from __future__ import annotations

import pytest
from conftest import conv, spec

COUNT = "filters must be a positive whole number"
FIGURE = "a figure such as 159K, 2.7K or 118M"


def filters(cell: str, code: str, message: str, *, at: int = 1, hint: str | None = None) -> tuple[str, list[tuple[str, ...]]]:
    """A convolution whose `filters`, quoted, are wrong at the character `at` of the cell (the first is the = of a formula)."""
    quoted = cell.replace("'", "''")
    return conv(f"filters: '{quoted}'"), [(f"4:{46 + at}", code, "c", message, *([hint] if hint else []))]


CELLS = {
    "missing column": (
        spec("{id: c, type: conv, filters: 4}"),
        [
            (
                *("4:5", "missing-column", "c", "conv needs `patch size/stride`"),
                "add patch size/stride: to the row (kernel height x width)",
            )
        ],
    ),
    "missing column with a # header": (
        spec("{id: i, type: inception, n1x1: 1, n3x3: 2, n5x5_reduce: 4, n5x5: 5, pool_proj: 6}"),
        [
            (
                *("4:5", "missing-column", "i", "inception needs `#3x3 reduce`"),
                'add "#3x3 reduce": to the row (filters of the 1x1 reduction before the 3x3 convolution)',
            )
        ],
    ),
    "no filters and no output size": (
        spec("{id: c, type: conv, patch: 3x3}"),
        [("4:5", "missing-column", "c", "conv needs `filters`, or an output size with its channels")],
    ),
    "text": (conv("filters: many"), [("4:46", "bad-value", "c", f"{COUNT}, found `many`")]),
    "nothing in brackets": (conv("filters: []"), [("4:46", "bad-value", "c", f"{COUNT}, found an empty list")]),
    "0": (conv("filters: 0"), [("4:46", "bad-value", "c", f"{COUNT}, found `0`")]),
    "negative": (conv("filters: -3"), [("4:46", "bad-value", "c", f"{COUNT}, found `-3`")]),
    "huge": (
        conv("filters: 99999999999"),
        [("4:46", "bad-value", "c", f"{COUNT} of at most 2,147,483,647, found `99999999999`")],
    ),
    "not a number": (conv("filters: .nan"), [("4:46", "bad-value", "c", f"{COUNT}, found `.nan`")]),
    "infinite": (conv("filters: .inf"), [("4:46", "bad-value", "c", f"{COUNT}, found `.inf`")]),
    "not whole": (conv("filters: 3.5"), [("4:46", "bad-value", "c", f"{COUNT}, found `3.5`")]),
    "three sides": (
        spec("{id: p, type: max pool, patch: 2x2x2}"),
        [("4:36", "bad-value", "p", "patch size/stride must be a size such as 3 or 3x3, found `2x2x2`")],
    ),
    "stride in a cell with the patch": (
        spec("{id: p, type: max pool, patch size/stride: 2x2/0}"),
        [("4:52", "bad-value", "p", "stride must be a size such as 3 or 3x3, found `0`")],
    ),
    "padding": (
        conv("filters: 4, padding: sam"),
        [("4:58", "bad-value", "c", "padding must be same, valid, tf same, or a size such as 1, 0x3 or 0:1x0:1, found `sam`")],
    ),
    "true or false": (conv("filters: 4, bias: 1"), [("4:55", "bad-value", "c", "bias must be true or false, found `1`")]),
    "share": (
        spec("dropout (140%)"),
        [("4:14", "bad-value", "dropout", "rate must be a share from 0 to below 1, such as 0.4 or 40%, found `140%`")],
    ),
    "layer without a type": (
        spec("{id: c, type: convolution, patch: 3x3, filters: 4, norm: {eps: 3}}"),
        [("4:62", "missing-key", "c", "a layer needs a `type`")],
    ),
    "layer of a type that does not exist": (
        spec("{id: c, type: convolution, patch: 3x3, filters: 4, activation: relo}"),
        [("4:68", "unknown-type", "c.activation", "`relo` is neither an op nor a block", "did you mean `relu`?")],
    ),
    "type": (
        spec("{id: c, type: convv, patch: 3x3}"),
        [("4:19", "unknown-type", "c", "`convv` is neither an op nor a block", "did you mean `conv`?")],
    ),
    "bare type": (spec("relo"), [("4:5", "unknown-type", "relo", "`relo` is neither an op nor a block", "did you mean `relu`?")]),
    "no type": (spec("{id: a, patch: 3x3}"), [("4:5", "missing-key", "a", "the row has no `type`")]),
    "var that is not finite": (
        spec("relu", top="vars: {a: .nan}\n"),
        [("3:11", "bad-value", "-", "`.nan` is not a finite number")],
    ),
    "var that is a list": (
        spec("relu", top="vars: {a: [1]}\n"),
        [("3:11", "bad-value", "-", "a var holds one value, found a list")],
    ),
    "name of a var": (
        spec("relu", top="vars: {a b: 1}\n"),
        [("3:8", "bad-value", "-", "`a b` is not a name that formulas can use")],
    ),
}

FORMULAS = {
    "empty": filters("=", "formula-syntax", "the formula is empty"),
    "unfinished": filters("=2 *", "formula-syntax", "the formula `=2 *` is malformed", at=4),
    "two values": filters("=3 4", "formula-syntax", "the formula `=3 4` is malformed", at=4),
    "unknown name": filters(
        "=2 * in_channel", "unknown-name", "nothing here is called `in_channel`", at=6, hint="did you mean `in_channels`?"
    ),
    "division by zero": filters("=8 / (in_channels - 3)", "formula-value", "8 / 0 divides by zero", at=2),
    "tower of powers": filters("=9**9**9", "formula-value", "9 ** 387420489 is too large", at=2),
    "runs a system command": (conv("""filters: '=__import__("os").system("x")'"""), [("4:48", "formula-syntax", "c")]),
    "import": filters(
        "=__import__(3)",
        "formula-syntax",
        "formulas cannot call `__import__`; the functions are min, max, ceil, floor, round, sqrt, log, round_to, scaled",
        at=2,
    ),
    "attribute": filters("=in_channels.real", "formula-syntax", "formulas have no attributes", at=2),
    "subscript": filters("=in_channels[0]", "formula-syntax", "formulas have no subscripts", at=2),
    "lambda": filters("=lambda: 1", "formula-syntax", "formulas have no lambda", at=2),
    "half a channel": filters("=in_channels / 2", "bad-value", f"{COUNT}, found `1.5`", at=0, hint="round it: =round(...)"),
    "negative": filters("=in_channels - 4", "bad-value", f"{COUNT}, found `-1`", at=0),
    "index outside a repeat": filters("=index", "unknown-name", "nothing here is called `index`", at=2),
    "var before it is set": (
        spec("relu", top="vars: {a: =b, b: 3}\n"),
        [("3:12", "unknown-name", "-", "nothing here is called `b`")],
    ),
    "in a default": (
        spec("{id: c, type: conv, patch: 3x3}", top="vars: {wide: 3}\ndefaults: {conv: {filters: =wid}}\n"),
        [("4:29", "unknown-name", "c", "nothing here is called `wid`", "did you mean `wide`?")],
    ),
}

CLAIMS = {
    "output size": (
        spec(
            "{id: c, type: conv, patch: 3x3, filters: 4, output size: 8x8x5}",
            "{id: d, type: conv, patch: 3x3, filters: 10, groups: 5}",
        ),
        [("4:62", "output-size", "c", "the output size is stated as 8x8x5, but 8x8x4 comes out")],
    ),
    "output size without channels": (
        spec("{id: p, type: max pool, patch: 2x2, output size: 8x8}"),
        [("4:54", "output-size", "p", "the output size is stated as 8x8, but 4x4x3 comes out")],
    ),
    "figures that cannot be read": (
        conv("filters: 4, params: lots, ops: 3Q, depth: -1, output size: 8-8"),
        [
            ("4:57", "bad-claim", "c", f"params must be {FIGURE}, found `lots`"),
            ("4:68", "bad-claim", "c", f"ops must be {FIGURE}, found `3Q`"),
            ("4:79", "bad-claim", "c", f"depth must be {FIGURE}, found `-1`"),
            ("4:96", "bad-claim", "c", "output size must be a size such as 28x28x256, height x width x channels, found `8-8`"),
        ],
    ),
}

NAMES = {
    "attribute of a module": (
        spec("{id: half, type: relu}", "{id: train, type: relu}"),
        [
            ("4:10", "reserved-name", "-", "`half` is an attribute of the module and cannot be an id"),
            ("5:10", "reserved-name", "-", "`train` is an attribute of the module and cannot be an id"),
        ],
    ),
    "word of Python": (
        spec("{id: class, type: relu}"),
        [("4:10", "reserved-name", "-", "`class` is a word of Python and cannot be an id")],
    ),
    "word of the language": (
        spec("{id: input, type: relu}"),
        [("4:10", "reserved-name", "-", "`input` is a word of the language and cannot be an id")],
    ),
    "not an identifier": (
        spec("{id: 3a, type: relu}", "{id: a.b, type: relu}"),
        [
            ("4:10", "bad-value", "-", "`3a` is not an id: a letter, then letters, digits and underscores"),
            ("5:10", "bad-value", "-", "`a.b` is not an id: a letter, then letters, digits and underscores"),
        ],
    ),
    "branch": (
        spec("id: m\n    sum:\n      half: relu\n      b-c: relu"),
        [
            ("6:7", "reserved-name", "-", "`half` is an attribute of the module and cannot be an id"),
            ("7:7", "bad-value", "-", "`b-c` is not an id: a letter, then letters, digits and underscores"),
        ],
    ),
    "head": (
        spec(end="heads:\n  half: {from: c, type: relu}\n"),
        [("6:3", "reserved-name", "-", "`half` is an attribute of the module and cannot be an id")],
    ),
    "two rows of one id": (
        spec("{id: c, type: relu}", "{id: c, type: relu}"),
        [("5:10", "duplicate-id", "c", "the id `c` stands twice in one list")],
    ),
    "row and head of one id": (
        spec(end="heads:\n  c: {from: c, type: relu}\n"),
        [("6:3", "duplicate-id", "c", "`c` is the id of a row and of a head")],
    ),
    "column of a block": (
        spec("relu", top="blocks:\n  b: {columns: {index: {type: int}}, body: relu}\n"),
        [("4:17", "reserved-name", "-", "the column `index` has a name of the language")],
    ),
    "column of a block that is no identifier": (
        spec("relu", top="blocks:\n  b: {columns: {'#1x1': {type: int}}, body: relu}\n"),
        [
            (
                *("4:17", "bad-value", "-", "the column `#1x1` needs a name that formulas can use"),
                "put what the paper prints into `header`",
            )
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CELLS.values(), ids=CELLS)
def test_cells(text, expected, expect):
    """A cell that its column does not take, and a column that lacks a cell."""
    expect(text, expected)


@pytest.mark.parametrize(("text", "expected"), FORMULAS.values(), ids=FORMULAS)
def test_formulas(text, expected, expect):
    """A formula's error stands at the character of the formula that is wrong, and its result is typed by the column."""
    expect(text, expected)


@pytest.mark.parametrize(("text", "expected"), CLAIMS.values(), ids=CLAIMS)
def test_claims(text, expected, expect):
    """An output size that is not what comes out, and figures that are none; the rows below go on with the stated size."""
    expect(text, expected)


@pytest.mark.parametrize(("text", "expected"), NAMES.values(), ids=NAMES)
def test_names(text, expected, expect):
    """Ids that the language, Python or torch has already, ids that are none, and ids that stand twice."""
    expect(text, expected)
