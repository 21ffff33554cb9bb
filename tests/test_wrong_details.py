"""Wrong specs whose answer is a matter of care: one finding once, at the place that the user wrote."""

from collections.abc import Callable
from pathlib import Path
from time import monotonic

import pytest
from conftest import Expected, spec

import archspec

STATED = "params, ops, depth, activations, receptive field, erratum, why"
EXTENT = "a number of places such as 195, or height x width"

BASE = "name: t\ninput: 8x8x3\nrows:\n  - {id: c, type: conv, patch: 3x3, filters: 4}\n  - {id: p, type: max pool, patch: 2x2}\n"

#: name -> text, exact diagnostics
CASES: dict[str, tuple[str, list[Expected]]] = {
    "defaults of a type that is no mapping": (
        "name: t\ninput: 8x8x3\ndefaults: {conv: no}\nrows:\n  - {id: c, type: conv, patch: 3x3, filters: 4}\n",
        [("3:18", "bad-value", "-", "`conv` must be a mapping, found `no`", "-")],
    ),
    "block without a body, used": (
        "name: t\ninput: 8x8x3\nblocks:\n  b: {columns: {n: {type: int}}}\nrows:\n  - {id: u, type: b, n: 3}\n",
        [("4:6", "missing-key", "-", "the block `b` has no body", "-")],
    ),
    "min on a text column": (
        "name: t\ninput: 8x8x3\nblocks:\n  b: {columns: {n: {type: text, min: 3}}, body: relu}\nrows:\n  - {id: u, type: b, n: x}\n",
        [("4:38", "bad-value", "-", "`min` is for numbers, not for a column of type text", "-")],
    ),
    "default that names a later column": (
        "name: t\ninput: 8x8x3\nblocks:\n  b: {columns: {n: {type: int, default: =m}, m: {type: int}}, body: relu}\nrows:\n  - {id: u, type: b, m: 3}\n",
        [("4:42", "unknown-name", "u", "the default of n: nothing here is called `m`", "-")],
    ),
    "patch twice": (
        "name: t\ninput: 8x8x3\nrows:\n  - {id: c, type: conv, patch size/stride: 3x3/2, stride: 1, filters: 3}\n",
        [("4:51", "duplicate-key", "c", "`stride` and `stride` are the same key", "-")],
    ),
    "header twice in another case": (
        "name: t\ninput: 8x8x3\nrows:\n  - {id: c, type: conv, patch: 3x3, filters: 3, Filters: 4}\n",
        [("4:49", "duplicate-key", "c", "`Filters` and `filters` are the same key", "-")],
    ),
    "row key twice in another case": (
        "name: t\ninput: 8x8x3\nrows:\n  - {id: c, type: relu, output size: 8x8x3, Output Size: 8x8x3}\n",
        [("4:45", "duplicate-key", "c", "`Output Size` and `output size` are the same key", "-")],
    ),
    "two blocks of one name": (
        "name: t\ninput: 8x8x3\nblocks:\n  my b: {body: relu}\n  my_b: {body: relu}\nrows:\n  - relu\n",
        [("5:3", "duplicate-key", "-", "`my_b` and `my b` are the same block", "-")],
    ),
    "else without when": (
        "name: t\ninput: 8x8x3\nrows:\n  - {id: a, type: relu, else: none}\n",
        [("4:25", "unknown-column", "a", "`else` is for a `when` in a branch; a list closes up", "-")],
    ),
    "from of an empty list": (
        "name: t\ninput: 8x8x3\nrows:\n  - {id: a, type: relu, from: []}\n",
        [("4:31", "bad-value", "a", "`from` names no row", "-")],
    ),
    "unknown tensor in init": (
        "name: t\ninput: 8x8x3\ninit: {conv: {wieght: 1}}\nrows:\n  - {id: c, type: conv, patch: 3x3, filters: 4}\n",
        [("3:15", "unknown-key", "-", "`wieght` is not a tensor of conv", "did you mean `weight`?")],
    ),
    "var named like in_channels": (
        "name: t\ninput: 8x8x3\nvars: {in_channels: 30}\nrows:\n  - {id: c, type: conv, patch: 3x3, filters: 4}\n",
        [("3:8", "reserved-name", "-", "`in_channels` is a name that every formula has", "-")],
    ),
    "concat overflows": (
        "name: t\ninput: 8x8x3\nrows:\n  - {id: a, repeat: 70, concat: {x: [], y: []}}\n",
        [("4:5", "overflow", "a.55", "the output no longer counts in 63 bits", "-")],
    ),
    "erratum without a claim": (
        "name: t\ninput: 8x8x3\nrows:\n  - {id: a, type: relu, erratum: x}\n",
        [("4:25", "unknown-column", "a", "`erratum` explains a published figure, and the row has none", "-")],
    ),
    "why without a claim": (
        "name: t\ninput: 8x8x3\nrows:\n  - {id: a, type: relu, why: x}\n",
        [("4:25", "unknown-column", "a", "`why` explains a published figure, and the row has none", "-")],
    ),
    "why of another figure": (
        "name: t\ninput: 8x8x3\nrows:\n  - {id: a, type: relu, params: 0, why: {parms: x}}\n",
        [("4:42", "unknown-column", "a", "`why` explains `parms`, which is not stated here", "did you mean `params`?")],
    ),
    "why of another total": (
        "name: t\ninput: 8x8x3\nclaims: {depth: 0, erratum: {deph: x}}\nrows:\n  - relu\n",
        [("3:30", "unknown-key", "-", "`erratum` explains `deph`, which is not stated here", "did you mean `depth`?")],
    ),
    "why as a list": (
        "name: t\ninput: 8x8x3\nclaims: {depth: 0, why: [x]}\nrows:\n  - {id: a, type: relu, depth: 0, why: [x]}\n",
        [
            ("3:25", "bad-claim", "-", "`why` must be a text, or a mapping from figure to text, found a list", "-"),
            ("5:40", "bad-claim", "a", "why must be a text, or a mapping from figure to text, found a list", "-"),
        ],
    ),
    "why as a nested mapping": (
        "name: t\ninput: 8x8x3\nrows:\n  - {id: a, type: relu, depth: 0, why: {depth: {x: y}}}\n",
        [("4:40", "bad-claim", "a", "why must be a text, or a mapping from figure to text, found a mapping", "-")],
    ),
    "receptive field": (
        "name: t\ninput: 8x8x3\nclaims: {receptive field: all}\nrows:\n  - {id: a, type: relu, receptive field: 3x3x3}\n",
        [
            ("3:27", "bad-claim", "-", f"`receptive field` must be {EXTENT}, found `all`", "-"),
            ("5:42", "bad-claim", "a", f"receptive field must be {EXTENT}, found `3x3x3`", "-"),
        ],
    ),
    "row of a further source": (
        "name: t\ninput: 8x8x3\nelsewhere: {x: {rows: {rleu: {params: 0}}}}\nrows: [relu]\n",
        [("3:24", "unknown-row", "-", "no row of the spec is called `rleu`", "did you mean `relu`?")],
    ),
    "figure of a further source": (
        "name: t\ninput: 8x8x3\nelsewhere: {x: {claims: {params: lots}, rows: {relu: {params: few}}}}\nrows: [relu]\n",
        [
            ("3:34", "bad-claim", "-", "`params` must be a figure such as 159K, 2.7K or 118M, found `lots`", "-"),
            ("3:63", "bad-claim", "-", "`params` must be a figure such as 159K, 2.7K or 118M, found `few`", "-"),
        ],
    ),
    "key of a further source": (
        "name: t\ninput: 8x8x3\nelsewhere: {x: {titel: y}}\nrows: [relu]\n",
        [("3:17", "unknown-key", "-", "`titel` is not a key here", "did you mean `title`?")],
    ),
    "output size of a further source": (
        "name: t\ninput: 8x8x3\nelsewhere: {x: {rows: {relu: {output size: 8x8}}}}\nrows: [relu]\n",
        [("3:31", "unknown-key", "-", "`output size` is not a key here", f"the keys here are {STATED}")],
    ),
    "further source that is none": (
        "name: t\ninput: 8x8x3\nelsewhere: {x: y}\nrows: [relu]\n",
        [("3:16", "bad-value", "-", "`x` must be a mapping, found `y`", "-")],
    ),
    "params with heads in a row": (
        "name: t\ninput: 8x8x3\nrows:\n  - {id: a, type: relu, params with heads: 3}\n",
        [("4:25", "unknown-column", "a", "`params with heads` is not a column of relu", "relu has no columns")],
    ),
    "bad default, unused": (
        "name: t\ninput: 8x8x3\ndefaults: {max pool: {ceil: maybe}}\nrows:\n  - {id: c, type: conv, patch: 3x3, filters: 4}\n",
        [("3:29", "bad-value", "-", "ceil must be true or false, found `maybe`", "-")],
    ),
    "misspelt type in defaults": (
        "name: t\ninput: 8x8x3\ndefaults: {convv: {bias: no}}\nrows:\n  - {id: c, type: conv, patch: 3x3, filters: 4}\n",
        [("3:12", "unknown-type", "-", "`convv` is neither an op nor a block", "did you mean `conv`?")],
    ),
    "error in a block, no cascade": (
        "name: t\ninput: 8x8x3\nblocks:\n  b: {colums: {}, body: relu}\nrows:\n  - {id: u, type: b}\n",
        [("4:7", "unknown-key", "-", "`colums` is not a key here", "did you mean `columns`?")],
    ),
    "default of a type, once": (
        "name: t\ninput: 8x8x3\ndefaults: {conv: {bias: maybe}}\nrows:\n  - {id: c, type: conv, patch: 1x1, filters: 4}\n  - {id: d, type: conv, patch: 1x1, filters: 4}\n",
        [("3:25", "bad-value", "-", "bias must be true or false, found `maybe`", "-")],
    ),
    "error in a body, once": (
        "name: t\ninput: 8x8x3\nblocks:\n  b: {body: {type: conv, patch: 1x1, filters: x}}\nrows:\n  - {id: u, type: b}\n  - {id: v, type: b}\n",
        [("4:47", "bad-value", "u", "filters must be a positive whole number, found `x`", "-")],
    ),
    "init, once": (
        "name: t\ninput: 8x8x3\ninit: {conv: {weight: {he normall: fan in}}}\nrows:\n  - {id: c, type: conv, patch: 3x3, filters: 4}\n",
        [("3:24", "unknown-key", "-", "`he normall` is not a key here", "did you mean `he normal`?")],
    ),
    "null row, once": (
        "name: t\ninput: 8x8x3\nrows:\n  - \n  - relu\n",
        [("4:4", "missing-key", "row", "the row is empty", "a row has a type")],
    ),
    "misspelt column, once": (
        "name: t\ninput: 8x8x3\nrows:\n  - {id: c, type: conv, patch: 3x3, filtres: 4}\n",
        [("4:37", "unknown-column", "c", "`filtres` is not a column of conv", "did you mean `filters`?")],
    ),
    "misspelt row key": (
        "name: t\ninput: 8x8x3\nrows:\n  - {type: relu, outputsize: 8x8x3}\n",
        [("4:18", "unknown-column", "relu", "`outputsize` is not a column of relu", "did you mean `output size`?")],
    ),
    "misspelt head key": (
        "name: t\ninput: 8x8x3\nrows:\n  - {id: c, type: conv, patch: 3x3, filters: 4}\nheads:\n  a: {from: c, type: relu, loss wieght: 3}\n",
        [("6:28", "unknown-column", "a", "`loss wieght` is not a column of relu", "did you mean `loss weight`?")],
    ),
    "total claim": (
        "name: t\ninput: 8x8x3\nclaims: {params: lots}\nrows:\n  - {id: c, type: conv, patch: 3x3, filters: 4}\n",
        [("3:18", "bad-claim", "-", "`params` must be a figure such as 159K, 2.7K or 118M, found `lots`", "-")],
    ),
    "control character": (
        "name: t\ninput: 8x8x3\nrows:\n  - relu\n  - re\x07lu\n",
        [("5:7", "yaml-syntax", "-", "control characters are not allowed", "-")],
    ),
    "quote not closed": (
        'name: t\ninput: 8x8x3\nrows:\n  - {id: c, type: "relu}\n',
        [("4:19", "yaml-syntax", "-", "found unexpected end of stream while scanning a quoted scalar", "-")],
    ),
    "tag as it was written": (
        "name: t\ninput: 8x8x3\nrows:\n  - !!python/object:os.x {}\n",
        [("4:5", "yaml-tag", "-", "the tag !!python/object:os.x is not allowed", "a spec is data: tags construct objects")],
    ),
    "formula over two lines": (
        "name: t\ninput: 8x8x3\nrows:\n  - type: conv\n    patch: 1x1\n    filters: =4 +\n      widht\n",
        [("7:7", "unknown-name", "conv", "nothing here is called `widht`", "did you mean `in_width`?")],
    ),
    "call of an attribute": (
        'name: t\ninput: 8x8x3\nrows:\n  - {id: c, type: conv, patch: 3x3, filters: \'=__import__("os").system("x")\'}\n',
        [("4:48", "formula-syntax", "c", "formulas have no attributes", "-")],
    ),
    "truth where a number belongs": (
        "name: t\ninput: 8x8x3\nrows:\n  - {id: c, type: conv, patch: 3x3, filters: =in_channels == 3}\n",
        [("4:46", "bad-value", "c", "filters must be a positive whole number, found `true`", "-")],
    ),
    "else that is neither": (
        "name: t\ninput: 8x8x3\nrows:\n  - id: m\n    sum: {a: {type: relu, when: false, else: nothing}, b: relu}\n",
        [("5:46", "when-else", "m.a", "else must be identity or none, found `nothing`", "add else: identity, or else: none")],
    ),
    "bool of numbers": (
        "name: t\ninput: 8x8x3\nrows:\n  - {type: renormalize, mean: [1, x, 3]}\n",
        [("4:35", "bad-value", "renormalize", "mean must be a list of numbers, found `x`", "-")],
    ),
    "unbalanced closing parenthesis": (
        "name: t\ninput: 8x8x3\nrows:\n  - {id: c, type: conv, patch: 3x3, filters: =1) + (2}\n",
        [("4:48", "formula-syntax", "c", "the formula `=1) + (2` is malformed", "-")],
    ),
    "comment in a formula": (
        "name: t\ninput: 8x8x3\nrows:\n  - {id: c, type: conv, patch: 3x3, filters: '=1)#'}\n",
        [("4:50", "formula-syntax", "c", "formulas have no comments", "-")],
    ),
    "offsets count characters": (
        "name: t\ninput: 8x8x3\nrows:\n  - {id: c, type: conv, patch: 3x3, filters: \"=4 if 'é' == tt else 3\"}\n",
        [
            (
                "4:60",
                "unknown-name",
                "c",
                "nothing here is called `tt`",
                "a formula sees in_channels, in_height, in_width, block_in_channels, block_in_height, block_in_width here",
            )
        ],
    ),
    "new row of a reserved id": (
        "extends: ./base.yaml\nname: v\nrows:\n  half: {type: relu}\n",
        [("4:3", "reserved-name", "-", "`half` is an attribute of the module and cannot be an id", "-")],
    ),
    "row that a change dropped": (
        "extends: ./base.yaml\nname: v\nrows:\n  c: null\n  n: {type: sum, from: [c, p]}\n",
        [("5:25", "removed-row", "n", "`c` was removed by a change", "-")],
    ),
    "unset cell": (
        "extends: ./base.yaml\nname: v\nrows:\n  p: {patch: null}\n",
        [
            (
                "4:7",
                "missing-column",
                "p",
                "max pool needs `patch size/stride`",
                "add patch size/stride: to the row (window height x width)",
            )
        ],
    ),
    "after and before": (
        "extends: ./base.yaml\nname: v\nrows:\n  n: {type: relu, after: c, before: c}\n",
        [("4:29", "bad-change", "-", "a new row goes after a row or before one, not both", "-")],
    ),
    "branch of a split removed": (
        "name: t\ninput: 8x8x3\nrows:\n  - {id: c, type: conv, patch: 1x1, filters: 4}\n  - {id: s, split: {l: relu, r: {type: relu, when: false, else: none}}}\n",
        [("5:33", "shape-mismatch", "s", "a branch of a split cannot go: nothing would read its channels", "-")],
    ),
    "fan of a vector": (
        "name: t\ninput: 8x8x3\ninit: {batch norm: {weight: {he normal: fan in}}}\nrows:\n  - {id: c, type: conv, patch: 3x3, filters: 4}\n",
        [("3:21", "bad-value", "-", "the weight of batch norm is a vector and has no fan", "use constant, normal or uniform")],
    ),
    "negative deviation": (
        "name: t\ninput: 8x8x3\ninit: {conv: {weight: {normal: -1}}}\nrows:\n  - {id: c, type: conv, patch: 3x3, filters: 4}\n",
        [("3:32", "bad-value", "-", "`normal` must be a number of at least 0, found `-1`", "-")],
    ),
    "neighbourhood beyond the channels": (
        "name: t\ninput: 8x8x3\nrows:\n  - {type: response norm, size: 2147483647}\n",
        [("4:33", "shape-mismatch", "response_norm", "a neighbourhood of 2147483647 is more than twice the 3 channels", "-")],
    ),
    "vars of a block": (
        "name: t\ninput: 8x8x3\nblocks: {b: {columns: {n: {type: int}}, vars: {in_channels: 99, n: 6, if: 3}, body: relu}}\nrows:\n  - {type: b, n: 3}\n",
        [
            ("3:48", "reserved-name", "-", "`in_channels` is a name that every formula has", "-"),
            ("3:65", "duplicate-key", "-", "`n` is a column of the block already", "-"),
            ("3:71", "bad-value", "-", "`if` is not a name that formulas can use", "-"),
        ],
    ),
    "word where true or false belongs": (
        "name: t\ninput: 8x8x3\nvars: {a: off}\nrows:\n  - {type: relu, when: =a}\n",
        [("5:24", "bad-value", "relu", "`when` must be true or false, or a formula that is, found `off`", "-")],
    ),
    "block that no row uses": (
        "name: t\ninput: 8x8x3\nblocks: {u: {body: [{type: nonsense}, {concat: {x: [{type: relu, foo: 1}], y: []}}]}}\nrows:\n  - {id: c, type: conv, patch: 3x3, filters: 4}\n",
        [
            ("3:28", "unknown-type", "-", "`nonsense` is neither an op nor a block", "-"),
            ("3:66", "unknown-column", "-", "`foo` is not a column of relu", "relu has no columns"),
        ],
    ),
    "forgotten sign of a formula": (
        "name: t\ninput: 8x8x3\nblocks: {b: {columns: {n: {type: int}}, body: {type: conv, patch: 1x1, filters: n}}}\nrows:\n  - {id: u, type: b, n: 3}\n",
        [("3:81", "bad-value", "u", "filters must be a positive whole number, found `n`", "did you mean `=n`?")],
    ),
    "formula cut off, and another mistake": (
        "name: t\ninput: 8x8x3\nrows:\n  - {id: c, type: conv, patch: 1x1, filters: =max(3, 4)}\n  - {id: d, type: relux}\n",
        [
            (
                "4:46",
                "unbalanced-formula",
                "-",
                "the formula `=max(3` has an open parenthesis",
                "close it; a comma inside { } or [ ] ends the value, so quote the whole formula",
            ),
            ("5:19", "unknown-type", "d", "`relux` is neither an op nor a block", "did you mean `relu`?"),
        ],
    ),
    "stated size is the mistake": (
        "name: t\ninput: 8x8x3\nrows:\n  - {id: c, type: conv, patch: 3x3, filters: 16, output size: 16x8x8}\n  - {id: p, type: max pool, patch: 2x2/2, output size: 4x4x16}\n",
        [
            (
                "4:63",
                "output-size",
                "c",
                "the output size is stated as 16x8x8, but 8x8x16 comes out",
                "check its patch, stride, padding and ceil; sizes are height x width x channels",
            )
        ],
    ),
    "stride is the mistake": (
        "name: t\ninput: 8x8x3\nrows:\n  - {id: c, type: conv, patch: 3x3/2, filters: 16, output size: 8x8x16}\n  - relu\n  - {id: p, type: max pool, patch: 2x2/2, output size: 4x4x16}\n",
        [
            (
                "4:65",
                "output-size",
                "c",
                "the output size is stated as 8x8x16, but 4x4x16 comes out",
                "check its patch, stride, padding and ceil; sizes are height x width x channels",
            )
        ],
    ),
    "a mapping as a column type": (
        "name: t\ninput: 8x8x3\nblocks: {b: {columns: {n: {type: {type: int}}}, body: relu}}\nrows:\n  - relu\n",
        [("3:34", "bad-value")],
    ),
    "misspelt column type": (
        "name: t\ninput: 8x8x3\nblocks: {b: {columns: {n: {type: channel}}, body: relu}}\nrows:\n  - {id: c, type: conv, patch: 3x3, filters: 4}\n",
        [
            (
                "3:34",
                "bad-value",
                "-",
                "`type` must be one of int, count, channels, number, fraction, size, margin, padding, bool, text, numbers, layer, row (did you mean `channels`?), found `channel`",
                "-",
            )
        ],
    ),
    "rows left empty": (
        "name: t\ninput: 8x8x3\nrows:\n",
        [("3:1", "missing-key", "-", "the key `rows` is empty", "a spec has name, input and rows")],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES)
def test_a_wrong_spec_is_answered_once_and_in_its_place(text: str, expected: list[Expected], expect: Callable[..., None]) -> None:
    expect(text, expected, {"base.yaml": BASE})


def test_several_rows_with_one_mistake_in_their_block_are_one_finding(folder: Path) -> None:
    """The mistake is in the block; the rows that use it are notes."""
    blocks = "blocks:\n  b: {body: {type: conv, patch: 1x1, filters: x}}\n"
    (folder / "net.yaml").write_text(spec("{id: u, type: b}", "{id: v, type: b}", top=blocks))
    (found,) = archspec.check("net.yaml")
    assert [(note, place.line) for note, place in found.related] == [
        ("in the block that row u uses", 6),
        ("in the block that row v uses", 7),
    ]


def test_a_kernel_is_blamed_where_the_user_wrote_it(folder: Path) -> None:
    """The block only passes the patch on."""
    (folder / "net.yaml").write_text(spec("{id: c, type: convolution, patch: 9x9, padding: valid, filters: 4}"))
    (found,) = archspec.check("net.yaml")
    assert (str(found.place), found.code, found.row) == ("net.yaml:4:39", "shape-mismatch", "c.conv")
    assert found.message == "a 9x9 window does not fit on the 8x8 map"


def test_all_wrong_changes_are_reported_in_one_run(expect: Callable[..., None]) -> None:
    found = [
        ("--set:1:1", "bad-change"),
        ("--set:1:1", "unknown-path"),
        ("--set:1:11", "yaml-syntax"),
        ("--set:1:11", "bad-change"),
    ]
    expect(BASE, found, set=["c.filters", "cc=null", "c.filters=[1", "c.filters=#3"])


def test_a_wrong_input_is_said_of_the_option(expect: Callable[..., None]) -> None:
    expect(BASE, [("--input:1:1", "bad-value")], input="7x7")


def test_a_wrong_var_is_said_of_the_option(expect: Callable[..., None]) -> None:
    text = spec("{type: linear, filters: =w}", top="vars: {w: 3}\n")
    expect(text, [("--set:1:8", "bad-value", "linear", "filters must be a positive whole number, found `x`")], set=["vars.w=x"])


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        (spec("{type: relu, repeat: 1000000000}"), []),
        (spec("{id: " + "a" * 28 + ", type: relu}"), ["*a" * 14 + "*b=3"]),
        (spec(*(f"{{id: r{i}, type: zz}}" for i in range(3000))), []),
        ("extends: googlenet\nname: v\nrows:\n" + "".join(f"  '*{i}.*.*': {{x: 1}}\n" for i in range(1000)), []),
    ],
    ids=["huge repeat", "pattern of many stars", "3,000 wrong rows", "1,000 patterns"],
)
def test_hostile_specs_are_answered_in_bounded_time(folder: Path, text: str, changes: list[str]) -> None:
    """Each took seconds to hours where the work grew faster than the text; a minute is far above what a slow machine needs."""
    (folder / "net.yaml").write_text(text)
    start = monotonic()
    assert archspec.check("net.yaml", set=changes)
    assert monotonic() - start < 60
