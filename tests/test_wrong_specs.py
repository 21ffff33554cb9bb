"""Wrong documents and keys, each with exactly what is said, and where; and that every kind of error is said somewhere."""

from __future__ import annotations

import pytest
from conftest import conv, spec

import archspec

SIZE = "a size such as 224x224x3, height x width x channels"

YAML = {
    "empty file": ("", [("1:1", "yaml-syntax", "-", "the file is empty")]),
    "only a comment": ("# nothing\n", [("1:1", "yaml-syntax", "-", "the file is empty")]),
    "a word": ("hello\n", [("1:1", "bad-value", "-", "a spec is a mapping with name, input and rows")]),
    "a list": ("- relu\n", [("1:1", "bad-value", "-", "a spec is a mapping with name, input and rows")]),
    "not UTF-8": (
        spec().encode() + b"  # caf\xe9\n",
        [("5:8", "yaml-syntax", "-", "byte 0xe9 is not UTF-8", "save the file as UTF-8")],
    ),
    "UTF-16": (spec().encode("utf-16"), [("1:1", "yaml-syntax", "-", "byte 0xff is not UTF-8")]),
    "tab as indentation": (
        "name: t\nsource:\n\ttitle: x\n",
        [("3:1", "yaml-syntax", "-", "a tab cannot indent YAML", "indent with spaces")],
    ),
    "brace not closed": (
        spec("{id: c, type: relu", "{id: d, type: relu}"),
        [("5:5", "yaml-syntax", "-", "did not find expected ',' or '}' while parsing a flow mapping")],
    ),
    "two colons": (
        "name: t: u\ninput: 8x8x3\n",
        [("1:8", "yaml-syntax", "-", "mapping values are not allowed in this context")],
    ),
    "duplicate key": (
        conv("filters: 4, filters: 5"),
        [("4:49", "duplicate-key", "-", "the key `filters` stands twice in one mapping")],
    ),
    "duplicate key at the top": (
        "name: t\nname: u\n",
        [
            ("1:1", "missing-key", "-", "the key `input` is missing"),
            ("1:1", "missing-key", "-", "the key `rows` is missing"),
            ("2:1", "duplicate-key", "-", "the key `name` stands twice in one mapping"),
        ],
    ),
    "object tag": (
        spec("!!python/object/apply:os.system [x]").replace("!!", "!"),
        [("4:5", "yaml-tag", "-", "the tag !python/object/apply:os.system is not allowed")],
    ),
    "merge key": (
        spec("&a {id: a, type: relu}", "{<<: *a, id: b}"),
        [("5:6", "yaml-tag", "-", "the merge key << is not part of the language", "use `defaults`, a block, or `extends`")],
    ),
    "alias bomb": (
        "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"{b}: &{b} [{', '.join(['*' + a] * 10)}]\n" for a, b in zip("abcdef", "bcdefg", strict=True)),
        [("5:36", "alias-bomb", "-", "the document has more than 100,000 values")],
    ),
    "alias in itself": (spec("&r [*r]"), [("4:9", "alias-bomb", "-", "the alias *r contains itself")]),
    "alias of nothing": (spec("*r"), [("4:5", "yaml-syntax", "-", "the alias *r is not defined before")]),
    "nested too deeply": (
        "rows: " + "[" * 900,
        [("1:56", "too-deep", "-", "YAML is nested more than 50 levels")],
    ),
    "a byte too many": (
        spec().ljust((1 << 20) + 1, "#"),
        [("1:1", "bad-file", "-", "the file has more than 1,048,576 bytes, the most that a spec has")],
    ),
    "header as a comment in braces": (
        spec("{id: i, type: inception, #1x1: 64, pool proj: 3}"),
        [
            (
                *("4:30", "comment-cell", "-", "`#1x1` is not quoted, so YAML reads the rest of the line as a comment"),
                'write "#1x1": with quotes',
            )
        ],
    ),
    "key that is a list": (spec("{[a, b]: relu}"), [("4:6", "yaml-syntax", "-", "a key must be a single word or text")]),
    "more values than a network may have": (
        f"rows: [{'x, ' * 100_001}]",
        [("1:299999", "too-many-nodes", "-", "the document has more than 100,000 values")],
    ),
    "headers as comments in lines": (
        spec("id: i\n    type: inception\n    #1x1: 64\n    #3x3 reduce: 96"),
        [
            ("6:5", "comment-cell", "-", "`#1x1` is not quoted, so YAML reads the rest of the line as a comment"),
            ("7:5", "comment-cell", "-", "`#3x3 reduce` is not quoted, so YAML reads the rest of the line as a comment"),
        ],
    ),
    "comma in a formula in braces": (
        conv("filters: =min(4, in_channels)"),
        [
            (
                *("4:46", "unbalanced-formula", "-", "the formula `=min(4` has an open parenthesis"),
                "close it; a comma inside { } or [ ] ends the value, so quote the whole formula",
            )
        ],
    ),
}

KEYS = {
    "top": (spec(top="inputs: 8x8x3\n"), [("3:1", "unknown-key", "-", "`inputs` is not a key here", "did you mean `input`?")]),
    "source": (
        spec(top="source: {titel: x}\n"),
        [("3:10", "unknown-key", "-", "`titel` is not a key here", "did you mean `title`?")],
    ),
    "counts": (
        spec(top="source: {counts: {param: {K: 1000}}}\n"),
        [("3:19", "unknown-key", "-", "`param` is not a key here", "did you mean `params`?")],
    ),
    "counts of parameters": (
        spec(top="source: {counts: {params: {biass: true}}}\n"),
        [("3:28", "unknown-key", "-", "`biass` is not a key here", "did you mean `bias`?")],
    ),
    "claims": (
        spec(top="claims: {parms: 3K}\n"),
        [("3:10", "unknown-key", "-", "`parms` is not a key here", "did you mean `params`?")],
    ),
    "block": (
        spec(top="blocks:\n  b: {colums: {}, body: relu}\n"),
        [("4:7", "unknown-key", "-", "`colums` is not a key here", "did you mean `columns`?")],
    ),
    "column of a block": (
        spec(top="blocks:\n  b: {columns: {n: {type: int, defalt: 3}}, body: relu}\n"),
        [("4:32", "unknown-key", "-", "`defalt` is not a key here", "did you mean `default`?")],
    ),
    "row": (
        conv("filters: 4, bais: no"),
        [("4:49", "unknown-column", "c", "`bais` is not a column of conv", "did you mean `bias`?")],
    ),
    "row, like nothing": (
        conv("filters: 4, colour: red"),
        [
            (
                *("4:49", "unknown-column", "c", "`colour` is not a column of conv"),
                "conv has patch size/stride, stride, filters, padding, dilation, groups, bias",
            )
        ],
    ),
    "paper's header": (
        spec(
            '{id: i, type: inception, n1x1: 1, "#3x3 redcue": 2, n3x3_reduce: 2, n3x3: 3, n5x5_reduce: 4, n5x5: 5, pool_proj: 6}'
        ),
        [("4:39", "unknown-column", "i", "`#3x3 redcue` is not a column of inception", "did you mean `#3x3 reduce`?")],
    ),
    "head": (
        spec(end="heads:\n  aux: {from: c, type: linear, filters: 3, bais: no}\n"),
        [("6:44", "unknown-column", "aux", "`bais` is not a column of linear", "did you mean `bias`?")],
    ),
    "layer": (
        spec("{id: c, type: convolution, patch: 3x3, filters: 4, norm: {type: batch norm, epss: 1e-3}}"),
        [("4:81", "unknown-column", "c.norm", "`epss` is not a column of batch norm", "did you mean `eps`?")],
    ),
    "defaults": (
        spec(top="defaults: {conv: {bais: no}}\n"),
        [("3:19", "unknown-column", "-", "`bais` is not a column of conv", "did you mean `bias`?")],
    ),
    "value in parentheses": (spec("relu (3)"), [("4:5", "unknown-column", "relu", "relu takes no value in parentheses")]),
    "key of a head in a row": (
        spec("{type: relu, loss weight: 3}"),
        [("4:18", "unknown-column", "relu", "`loss weight` is a key of a head")],
    ),
    "key of a new row in a base": (
        spec("{id: a, type: relu, after: b}"),
        [("4:25", "unknown-column", "a", "`after` is a key of a new row of a change")],
    ),
    "row that is two things": (
        spec("{id: a, type: relu, concat: {x: relu, y: relu}}"),
        [("4:25", "unknown-column", "a", "a row is one thing, found `type` and `concat`")],
    ),
    "columns of one header": (
        spec(top="blocks:\n  b: {columns: {n: {type: int, header: x}, m: {type: int, header: x}}, body: relu}\n"),
        [("4:44", "duplicate-key", "-", "the columns `n` and `m` go by the same header")],
    ),
    "column by two names": (
        spec('{id: i, type: inception, n1x1: 1, "#1x1": 1, n3x3_reduce: 2, n3x3: 3, n5x5_reduce: 4, n5x5: 5, pool_proj: 6}'),
        [("4:39", "duplicate-key", "i", "the column #1x1 stands twice in one row")],
    ),
    "column in parentheses and by name": (
        spec("{type: dropout (40%), rate: 3%}"),
        [("4:27", "duplicate-key", "dropout", "the column rate stands twice in one row")],
    ),
    "all three keys missing": (
        "about: x\n",
        [("1:1", "missing-key", "-", f"the key `{key}` is missing") for key in ("name", "input", "rows")],
    ),
    "section that is a word": (
        spec(top="claims: none\n"),
        [("3:9", "bad-value", "-", "`claims` must be a mapping, found `none`")],
    ),
    "heads as a list": (
        spec(end="heads:\n  - {from: c, type: relu}\n"),
        [("6:3", "bad-value", "-", "`heads` must be a mapping, found a list")],
    ),
    "rows as a mapping": (
        "name: t\ninput: 8x8x3\nrows:\n  c: {type: relu}\n",
        [("4:3", "bad-value", "-", "`rows` must be a list; it is a mapping of changes only in a spec that extends another")],
    ),
    "no rows": ("name: t\ninput: 8x8x3\nrows: []\n", [("3:7", "bad-value", "-", "`rows` has no row")]),
    "input without channels": (
        spec().replace("8x8x3", "8x8"),
        [("2:8", "bad-value", "-", f"`input` must be {SIZE}, found `8x8`")],
    ),
    "input of 0": (spec().replace("8x8x3", "8x0x3"), [("2:8", "bad-value", "-", f"`input` must be {SIZE}, found `8x0x3`")]),
    "unknown initialisation": (
        spec(top="init: he fan inn\n"),
        [("3:7", "bad-value", "-", "there is no initialisation called `he fan inn`", "there are: he fan out, torch")],
    ),
    "unit of the counts": (
        spec(top="source: {counts: {ops: {unit: macs}, tolerance: big}}\n"),
        [
            ("3:31", "bad-value", "-", "`unit` must be one of multiply-adds or flops, found `macs`"),
            ("3:49", "bad-value", "-", "`tolerance` must be a share from 0 to below 1, such as 0.4 or 40%, found `big`"),
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), YAML.values(), ids=YAML)
def test_text_that_is_not_a_spec(text, expected, expect):
    """What the reader refuses: encodings, syntax, tags, aliases, sizes."""
    expect(text, expected)


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 100_000, "\n".join(" " * n + "a:" for n in range(1400))])
def test_nesting_that_yaml_itself_refuses(text, tmp_path):
    """Some releases of libyaml give up before the spec's own bound is reached; the place is then theirs."""
    path = tmp_path / "net.yaml"
    path.write_text(text)
    assert [found.code for found in archspec.check(path)] == ["too-deep"]


@pytest.mark.parametrize(("text", "expected"), KEYS.values(), ids=KEYS)
def test_keys(text, expected, expect):
    """A key that does not exist is an error at every level, with the nearest that does; so is a missing or a mistaken one."""
    expect(text, expected)


def test_all_errors_in_one_run(expect):
    """One run reports every error of a file, from top to bottom, and no row is blamed for the row above it."""
    text = """name: t
inputt: 8x8x3
input: 8x8x3
source: {counts: {tolerance: big}}
vars: {w: =1 / 0}
defaults: {conv: {bais: no}}
rows:
  - {id: a, type: conv, patch: 3x3, filters: many}
  - {id: b, type: convv}
  - {id: c, type: conv, patch: 3x3, filters: =w}
  - {id: d, type: conv, patch: 3x3, filters: 4, padding: sam, output size: 8x8x4}
  - {id: half, type: max pool, patch: 9x9}
  - {id: e, type: relu, from: z}
  - {id: a, type: relu}
heads:
  aux: {type: linear, filters: 3}
"""
    expect(
        text,
        [
            ("2:1", "unknown-key", "-", "`inputt` is not a key here", "did you mean `input`?"),
            ("4:30", "bad-value", "-", "`tolerance` must be a share from 0 to below 1, such as 0.4 or 40%, found `big`"),
            ("5:12", "formula-value", "-", "1 / 0 divides by zero"),
            ("6:19", "unknown-column", "-", "`bais` is not a column of conv", "did you mean `bias`?"),
            ("8:46", "bad-value", "a", "filters must be a positive whole number, found `many`"),
            ("9:19", "unknown-type", "b", "`convv` is neither an op nor a block", "did you mean `conv`?"),
            ("11:58", "bad-value", "d", "padding must be same, valid, tf same, or a size such as 1, 0x3 or 0:1x0:1, found `sam`"),
            ("12:10", "reserved-name", "-", "`half` is an attribute of the module and cannot be an id"),
            ("12:39", "shape-mismatch", "half", "a 9x9 window does not fit on the 8x8 map"),
            ("13:31", "unknown-row", "e", "no earlier row here is called `z`"),
            ("14:10", "duplicate-id", "a", "the id `a` stands twice in one list"),
            ("16:3", "head-source", "aux", "a head says which row it reads"),
        ],
    )
