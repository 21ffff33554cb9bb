"""The language, as docs/language.md has it: headers, cells, values, scope, vars, sources, branches, blocks."""

from __future__ import annotations

import pytest
from conftest import nodes, spec


def columns(network, path, *names):
    """Typed columns of the node at a path."""
    (node,) = (node for node in nodes(network) if node.path == path)
    return tuple(node.columns[name] for name in names)


INCEPTION = "id: i, type: inception, {}: 1, n3x3_reduce: 2, n3x3: 3, n5x5_reduce: 4, n5x5: 5, pool_proj: 6"


@pytest.mark.parametrize("header", ['"#1x1"', "n1x1", "1x1", "1×1", '"#1×1"', "'  #1X1 '", "N1x1"])
def test_headers_have_one_form(header, load):
    """Case, × for x, a leading # and spaces do not matter, and the identifier is a header too."""
    assert columns(load(spec("{" + INCEPTION.format(header) + "}")), "i", "n1x1") == (1,)


@pytest.mark.parametrize("header", ["pool proj", "Pool Proj", "pool_proj", "POOL  PROJ"])
def test_headers_of_two_words(header, load):
    """Spaces and underscores are one."""
    row = INCEPTION.format("n1x1").replace("pool_proj", header)
    assert columns(load(spec("{" + row + "}")), "i", "pool_proj") == (6,)


@pytest.mark.parametrize("name", ["max pool", "max_pool", "Max Pool", "MAX  pool"])
def test_types_have_one_form(name, outline):
    """So do types; without an id a row is called after its type."""
    assert outline(spec(f"{{type: {name}, patch: 2x2}}")) == ["max_pool max pool 4x4x3"]


@pytest.mark.parametrize(
    ("cells", "patch", "stride"),
    [
        ("patch size/stride: 3x3/2", (3, 3), (2, 2)),
        ("patch size/stride: 3×3 / 2", (3, 3), (2, 2)),
        ("patch: 3x5/2x1", (3, 5), (2, 1)),
        ("patch: 3, stride: 2", (3, 3), (2, 2)),
        ("patch size/stride: 3x3", (3, 3), (1, 1)),
        ("patch: =in_channels, stride: =in_channels - 1", (3, 3), (2, 2)),
    ],
)
def test_patch_and_stride_are_two_columns(cells, patch, stride, load):
    """A cell holds both, or each has its own."""
    network = load(spec(f"{{id: c, type: conv, filters: 4, {cells}}}"))
    assert columns(network, "c", "patch", "stride") == (patch, stride)


def test_scalars_are_typed_by_their_column(load):
    """Text stays text until a column says what it is: YAML's guesses (0x3 is 3, no is false) do not count."""
    network = load(
        spec(
            "{id: no, type: conv, patch: 07x7, filters: '8', padding: 0x3, bias: no}",
            "{id: b, type: batch norm, eps: 1e-3, momentum: 1%}",
            "dropout (40%)",
            "{id: d, type: dropout, rate: .25}",
            top="source: {year: 2014, arxiv: 1409.4842, title: yes}\n",
        )
    )
    assert columns(network, "no", "patch", "filters", "padding", "bias") == ((7, 7), 8, (0, 3), False)
    assert columns(network, "b", "eps", "momentum") == (0.001, 0.01)
    assert columns(network, "dropout", "rate") == (0.4,)
    assert columns(network, "d", "rate") == (0.25,)


def test_names_of_rows_without_ids(outline):
    """A row is called after its type, then type_2, counted before a `when` removes any."""
    text = spec("relu", "relu", "{type: relu, when: false}", "dropout (40%)", "relu")
    assert outline(text) == [f"{name} 8x8x3" for name in ("relu relu", "relu_2 relu", "dropout dropout", "relu_4 relu")]


def test_where_a_value_comes_from(load):
    """A change, else the row, else the body, else the spec's defaults, else the column's default."""
    top = "defaults: {conv: {padding: 3, bias: no}, convolution: {padding: 2}}\n"
    top += "blocks:\n  wrap: {body: {type: convolution, patch: 1x1, filters: 4, padding: 1}}\n"
    rows = (
        "{id: a, type: conv, patch: 1x1, filters: 4, padding: 0}",
        "{id: b, type: conv, patch: 1x1, filters: 4}",
        "{id: c, type: convolution, patch: 1x1, filters: 4}",
        "{id: d, type: wrap}",
    )
    network = load(spec(*rows, top=top), set=["b.padding=5"])
    assert columns(network, "a", "padding", "bias", "groups") == ((0, 0), False, 1)
    assert columns(network, "b", "padding") == ((5, 5),)
    assert columns(network, "c.conv", "padding", "bias") == ((2, 2), True)
    assert columns(network, "d.conv", "padding") == ((1, 1),)
    assert columns(load(spec(*rows, top=top)), "b", "padding") == ((3, 3),)


def test_null_in_defaults_unsets(load):
    """A default that is null is none."""
    network = load(spec(top="defaults: {conv: {bias: null}}\n"))
    assert columns(network, "c", "bias") == (True,)


def test_defaults_of_columns_see_earlier_columns(load):
    """A pool strides by its patch; a convolution's bias goes with its norm."""
    network = load(
        spec(
            "{id: p, type: max pool, patch: 2x4}",
            "{id: c, type: convolution, patch: 1x1, filters: 4, norm: batch norm}",
            "{id: d, type: convolution, patch: 1x1, output size: 4x2x5}",
        )
    )
    assert columns(network, "p", "stride") == ((2, 4),)
    assert columns(network, "c", "bias") == (False,)
    assert columns(network, "d", "bias", "filters") == (True, 5)


def test_vars_in_order(load):
    """Each var sees those before it, and formulas see all of them."""
    network = load(spec("{id: c, type: conv, patch: 1x1, filters: =b}", top="vars: {a: 2, b: =a * 3 + in_channels}\n"))
    assert columns(network, "c", "filters") == (9,)
    assert columns(load(spec("{id: c, type: conv, patch: 1x1, filters: =a}", top="vars: {a: 2}\n"), a=5), "c", "filters") == (5,)


def test_scope_is_lexical(load):
    """A body sees its own columns and vars and what entered it; a layer's formulas see what they saw where they stand."""
    top = """\
blocks:
  inner:
    columns: {n: {type: channels}, then: {type: layer}}
    vars: {twice: =2 * n}
    body:
      - {id: a, type: conv, patch: 1x1, filters: =twice}
      - {id: b, type: conv, patch: 1x1, filters: =block_in_channels + in_channels}
      - {id: then, layer: =then}
  outer:
    columns: {n: {type: channels}}
    body: [{id: k, type: inner, n: =n + 1, then: {type: conv, patch: 1x1, filters: =n}}]
"""
    network = load(spec("{id: u, type: outer, n: 10}", top=top))
    assert columns(network, "u.k", "n") == (11,)
    assert columns(network, "u.k.a", "filters") == (22,)
    assert columns(network, "u.k.b", "filters") == (3 + 22,)
    assert columns(network, "u.k.then", "filters") == (10,)


def test_layers_as_values(outline):
    """A type, a row with a type, or none; what the body writes beside it are its defaults."""
    top = """\
blocks:
  b:
    columns: {pool: {type: layer, default: none}}
    body:
      - {id: pool, layer: =pool, patch: 2x2}
      - relu
"""
    rows = ("{id: x, type: b}", "{id: y, type: b, pool: max pool}", "{id: z, type: b, pool: {type: avg pool, patch: 4x4}}")
    assert outline(spec(*rows, top=top)) == [
        *("x sequence 8x8x3", "x.relu relu 8x8x3"),
        *("y sequence 4x4x3", "y.pool max pool 4x4x3", "y.relu relu 4x4x3"),
        *("z sequence 1x1x3", "z.pool avg pool 1x1x3", "z.relu relu 1x1x3"),
    ]


def test_repeat_and_index(outline, load):
    """Copies are numbered, also one alone, and chained; each formula sees the number of its copy."""
    text = spec("{id: s, type: conv, patch: 1x1, filters: =4 * (index + 1), stride: =2 if index == 0 else 1, repeat: 3}")
    assert outline(text) == ["s sequence 4x4x12", "s.0 conv 4x4x4", "s.1 conv 4x4x8", "s.2 conv 4x4x12"]
    assert outline(spec("{id: s, type: relu, repeat: 1}")) == ["s sequence 8x8x3", "s.0 relu 8x8x3"]


def test_redefined_block(outline):
    """A spec's own `convolution` is what the rows and the library's blocks use; in its own body the name means the library's."""
    top = """\
blocks:
  convolution:
    body:
      - {id: main, type: convolution, patch: =patch, stride: =stride, filters: =filters, activation: none}
      - dropout
"""
    own = ["{0} sequence 8x8x{1}", "{0}.main sequence 8x8x{1}", "{0}.main.conv conv 8x8x{1}", "{0}.dropout dropout 8x8x{1}"]
    text = spec(
        "{id: c, type: convolution, patch: 3x3, filters: 4}",
        "{id: r, type: reduced convolution, n3x3_reduce: 2, n3x3: 5}",
        top=top,
    )
    assert outline(text) == [
        *(line.format("c", 4) for line in own),
        "r sequence 8x8x5",
        *(line.format("r.reduce", 2) for line in own),
        *(line.format("r.conv", 5) for line in own),
    ]


def test_block_of_a_combinator_is_one_node(outline):
    """So is one of a single row; a row with an id keeps a node of its own."""
    top = "blocks:\n  m: {body: {concat: {x: relu, y: []}}}\n  one: {body: {type: relu}}\n  named: {body: {id: k, type: relu}}\n"
    assert outline(spec("{id: a, type: m}", "{id: b, type: one}", "{id: c, type: named}", top=top)) == [
        *("a concat 8x8x6", "a.x relu 8x8x3", "a.y sequence 8x8x3", "b relu 8x8x6", "c sequence 8x8x6", "c.k relu 8x8x6"),
    ]


def test_erratum_excuses_a_claim(load):
    """An output size that the source has wrong is no error where the row says why; the rows go on with what comes out."""
    network = load(spec("{id: a, type: relu, output size: 9x9x3, erratum: misprint}", "{id: b, type: relu, output size: 8x8x3}"))
    assert network.rows[0].claims["output size"].erratum == "misprint"
    assert [row.output.tensor for row in network.rows] == [(3, 8, 8), (3, 8, 8)]


def test_a_patch_in_parentheses_is_split_like_any_other(load):
    network = load(spec("max pool (2x2/1)"))
    assert (network.rows[0].columns["patch"], network.rows[0].columns["stride"]) == ((2, 2), (1, 1))


def test_when_sees_the_size_that_its_row_would_read(load):
    """Of a row with `from`, and of a head."""
    rows = [
        "{id: c, type: conv, patch: 1x1, filters: 8}",
        "{id: d, type: conv, patch: 1x1, filters: 4}",
        "{id: e, type: relu, from: c, when: =in_channels == 8}",
    ]
    heads = ["h: {from: c, type: relu, when: =in_channels == 8}", "g: {from: d, type: relu, when: =in_channels == 8}"]
    network = load(spec(*rows, end="heads:\n  {}\n  {}\n".format(*heads)))
    assert [row.name for row in network.rows] == ["c", "d", "e"]
    assert [head.node.name for head in network.heads] == ["h"]


def test_a_network_without_rows_is_refused(expect):
    rows = "every row was removed: the network is empty"
    expect(spec("{type: relu, when: false}"), [("4:3", "bad-value", "-", rows)])


def test_defaults_see_what_enters_the_network(load):
    network = load(spec("{type: conv, patch: 1x1}", top="defaults: {conv: {filters: =2 * block_in_channels}}\n"))
    assert network.output.channels == 6
