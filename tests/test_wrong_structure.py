"""Wrong shapes, branches, sources, heads and blocks, and networks beyond the limits: what is said, and where."""

from __future__ import annotations

import time

import pytest
from conftest import conv, spec

SHAPES = {
    "kernel larger than the map": (
        conv("filters: 4, padding: valid").replace("3x3", "9x9"),
        [("4:32", "shape-mismatch", "c", "a 9x9 window does not fit on the 8x8 map")],
    ),
    "dilated kernel larger than the map": (
        conv("filters: 4, padding: 1, dilation: 5"),
        [("4:32", "shape-mismatch", "c", "a 11x11 window does not fit on the 8x8 map padded by 1x1")],
    ),
    "pool in one cell with its stride": (
        spec("{id: p, type: max pool, patch size/stride: 9x9/2}"),
        [("4:48", "shape-mismatch", "p", "a 9x9 window does not fit on the 8x8 map")],
    ),
    "padding of a pool": (
        spec("{id: p, type: max pool, patch: 2x2, padding: 2}"),
        [("4:50", "shape-mismatch", "p", "a padding of 2x2 is more than half of the 2x2 window")],
    ),
    "groups of the input": (
        conv("filters: 4, groups: 2"),
        [("4:57", "shape-mismatch", "c", "2 groups do not divide the 3 channels that come in")],
    ),
    "groups of the filters": (
        conv("filters: 4, groups: 3"),
        [("4:57", "shape-mismatch", "c", "3 groups do not divide the 4 filters")],
    ),
    "vector into a convolution": (
        spec("{id: l, type: linear, filters: 5}", "{id: c, type: conv, patch: 3x3, filters: 4}"),
        [("5:5", "shape-mismatch", "c", "a convolution needs a map, but a flattened vector of 5 comes in")],
    ),
    "numbers for the channels": (
        spec("{type: renormalize, mean: [1, 2]}"),
        [("4:31", "shape-mismatch", "renormalize", "2 numbers for 3 channels")],
    ),
    "concat": (
        spec("id: m\n    concat:\n      a: {type: conv, patch: 3x3, filters: 4}\n      b: {type: max pool, patch: 2x2}"),
        [
            (
                *("5:5", "shape-mismatch", "m"),
                "branches of a concat must agree in height and width: a gives 8x8x4, b gives 4x4x3",
            )
        ],
    ),
    "sum, and the row below is not blamed": (
        spec(
            "id: m\n    sum:\n      a: {type: conv, patch: 3x3, filters: 4}\n      b: []",
            "{id: d, type: conv, patch: 3x3, filters: 7, groups: 7}",
        ),
        [("5:5", "shape-mismatch", "m", "branches of a sum must agree: a gives 8x8x4, b gives 8x8x3")],
    ),
    "product": (
        spec("id: m\n    product:\n      a: {type: conv, patch: 3x3, filters: 4}\n      b: {type: max pool, patch: 2x2}"),
        [("5:5", "shape-mismatch", "m", "branches of a product must agree, or be 1x1x4: b gives 4x4x3 beside 8x8x4")],
    ),
    "split": (
        spec("id: m\n    split: {a: relu, b: relu}"),
        [("5:5", "shape-mismatch", "m", "2 branches of a split do not divide the 3 channels that come in")],
    ),
    "concat of sources": (
        spec("{id: p, type: max pool, patch: 2x2}", "{id: m, type: concat, from: [p, input]}"),
        [
            (
                *("5:5", "shape-mismatch", "m"),
                "branches of a concat must agree in height and width: p gives 4x4x3, input gives 8x8x3",
            )
        ],
    ),
}

STRUCTURE = {
    "later row": (
        spec("{id: a, type: relu, from: b}", "{id: b, type: relu}"),
        [("4:31", "unknown-row", "a", "no earlier row here is called `b`")],
    ),
    "nearest row": (
        spec("{id: stem, type: relu}", "{id: b, type: relu, from: setm}"),
        [("5:31", "unknown-row", "b", "no earlier row here is called `setm`", "did you mean `stem`?")],
    ),
    "row outside the block": (
        spec("{id: a, type: relu}", "{id: u, type: b}", top="blocks:\n  b: {body: [{id: k, type: relu, from: a}]}\n"),
        [("4:40", "unknown-row", "u.k", "no earlier row here is called `a`")],
    ),
    "several sources into a convolution": (
        spec("{id: a, type: relu}", "{id: b, type: conv, patch: 3x3, filters: 3, from: [a, input]}"),
        [("5:55", "bad-value", "b", "only `type: concat`, `sum` or `product` takes several sources")],
    ),
    "several sources into a head": (
        spec(end="heads:\n  aux: {from: [c, input], type: relu}\n"),
        [("6:15", "bad-value", "aux", "only `type: concat`, `sum` or `product` takes several sources")],
    ),
    "column of type row": (
        spec(
            "{id: u, type: b, skip: setm}",
            top="blocks:\n  b: {columns: {skip: {type: row}}, body: [{type: relu, from: =skip}]}\n",
        ),
        [("6:28", "unknown-row", "u", "no earlier row here is called `setm`")],
    ),
    "row that a when removed": (
        spec("{id: a, type: relu, when: false}", "{id: b, type: relu}", "{id: s, type: sum, from: [a, b]}"),
        [("6:31", "removed-row", "s", "`a` was removed by its `when`")],
    ),
    "when in a branch": (
        spec("id: m\n    sum:\n      a: {type: relu, when: false}\n      b: relu"),
        [
            (
                *("6:29", "when-else", "m.a", "a `when` in a branch must say what it leaves"),
                "add else: identity, or else: none",
            )
        ],
    ),
    "when that is a word": (
        spec("{id: a, type: relu, when: maybe}"),
        [("4:31", "bad-value", "a", "`when` must be true or false, or a formula that is, found `maybe`")],
    ),
    "branches in a list": (
        spec("concat: [relu, relu]"),
        [("4:13", "bad-value", "concat", "`concat` holds named branches, found a list")],
    ),
    "concat of nothing": (
        spec("concat"),
        [("4:5", "bad-value", "concat", "`type: concat` needs branches, or several rows in `from`")],
    ),
    "repeat of 0": (
        spec("{id: a, type: relu, repeat: 0}"),
        [("4:33", "bad-value", "a", "repeat must be a positive whole number, found `0`")],
    ),
    "head of an unknown row": (
        spec(end="heads:\n  aux: {from: cc, type: relu}\n"),
        [("6:15", "unknown-row", "aux", "no earlier row here is called `cc`", "did you mean `c`?")],
    ),
    "head without from": (
        spec(end="heads:\n  aux: {type: relu}\n"),
        [("6:3", "head-source", "aux", "a head says which row it reads", "add from: and the id of a row")],
    ),
    "weight of a head": (
        spec(end="heads:\n  aux: {from: c, type: relu, loss weight: -1}\n"),
        [("6:43", "bad-value", "aux", "loss weight must be a number of at least 0, found `-1`")],
    ),
    "block that uses itself": (
        spec("{id: u, type: b}", top="blocks:\n  b: {body: [{id: x, type: b}]}\n"),
        [("4:14", "cyclic-block", "u.x", "the block uses itself: b uses b")],
    ),
    "blocks that use each other": (
        spec("{id: u, type: b}", top="blocks:\n  b: {body: [{id: x, type: d}]}\n  d: {body: [{id: y, type: b}]}\n"),
        [("5:14", "cyclic-block", "u.x.y", "the block uses itself: b uses d uses b")],
    ),
    "error in a block": (
        spec(
            "{id: u, type: b, n: 3}",
            top="blocks:\n  b:\n    columns: {n: {type: int}}\n    body: {type: conv, patch: 1x1, filters: =m}\n",
        ),
        [("6:46", "unknown-name", "u", "nothing here is called `m`")],
    ),
    "column of the block around": (
        spec(
            "{id: u, type: b, n: 3}",
            top="blocks:\n  b: {columns: {n: {type: int}}, body: [{id: k, type: d}]}\n"
            "  d: {body: {type: conv, patch: 1x1, filters: =n}}\n",
        ),
        [("5:48", "unknown-name", "u.k", "nothing here is called `n`")],
    ),
    "least and most of a column": (
        spec("{type: b, n: 1}", "{type: b, n: 6}", top="blocks:\n  b: {columns: {n: {type: int, min: 2, max: 5}}, body: relu}\n"),
        [
            ("6:18", "bad-value", "b", "n must be at least 2, found `1`"),
            ("7:18", "bad-value", "b_2", "n must be at most 5, found `6`"),
        ],
    ),
    "choices of a column": (
        spec("{type: b, n: gren}", top="blocks:\n  b: {columns: {n: {type: text, choices: [red, green]}}, body: relu}\n"),
        [("6:18", "bad-value", "b", "n must be one of red, green, found `gren`")],
    ),
}

LIMITS = {
    "counts that overflow": (
        spec("{id: c, type: conv, patch: 3x3, filters: 2000000000}").replace("8x8x3", "2000000000x2000000000x3"),
        [("4:5", "overflow", "c", "the counts no longer fit in 63 bits")],
    ),
    "input that overflows": (
        spec("relu").replace("8x8x3", "2147483647x2147483647x2147483647"),
        [("4:5", "overflow", "relu", "the output no longer counts in 63 bits")],
    ),
    "blocks nested too deeply": (
        spec(
            "{id: u, type: b0}",
            top="blocks:\n"
            + "".join(f"  b{i}: {{body: [{{id: x, type: b{i + 1}}}]}}\n" for i in range(60))
            + "  b60: {body: relu}\n",
        ),
        [("43:16", "too-deep", "u" + ".x" * 40, "blocks are nested more than 40 levels")],
    ),
}


@pytest.mark.parametrize(("text", "expected"), SHAPES.values(), ids=SHAPES)
def test_shapes(text, expected, expect):
    """What comes in does not suit a row, or branches disagree: the cell at fault, or the combinator."""
    expect(text, expected)


@pytest.mark.parametrize(("text", "expected"), STRUCTURE.values(), ids=STRUCTURE)
def test_structure(text, expected, expect):
    """Sources, `when`, branches, heads, and what a block's body sees."""
    expect(text, expected)


@pytest.mark.parametrize(("text", "expected"), LIMITS.values(), ids=LIMITS)
def test_limits(text, expected, expect):
    """Networks that are too large or too deep are refused, in bounded time."""
    expect(text, expected)


def test_too_many_nodes(expect):
    """A repeat beyond 100,000 nodes is refused however large it is."""
    start = time.monotonic()
    text = spec("{id: c, type: relu, repeat: 1000000000}")
    expect(text, [("4:5", "too-many-nodes", "c", "the network has more than 100,000 nodes")])
    assert time.monotonic() - start < 60


def test_place_in_a_block_and_the_row_that_uses_it(load):
    """An error inside a body shows the body's line and, related, the row."""
    import archspec

    text = spec("{id: u, type: b}", top="blocks:\n  b: {body: [{id: k, type: max pool, patch: 9x9}]}\n")
    with pytest.raises(archspec.SpecError) as caught:
        load(text)
    (one,) = caught.value.diagnostics
    assert (one.place.line, one.place.column, one.row) == (4, 45, "u.k")
    assert [(text, at.line, at.column) for text, at in one.related] == [("in the block that row u uses", 6, 5)]
    assert str(one) == (
        "net.yaml:4:45: error[shape-mismatch]: row u.k: a 9x9 window does not fit on the 8x8 map\n"
        "    4 |   b: {body: [{id: k, type: max pool, patch: 9x9}]}\n"
        "      |                                             ^^^\n"
        "  net.yaml:6:5: in the block that row u uses\n"
        "    6 |   - {id: u, type: b}\n"
        "      |     ^"
    )
