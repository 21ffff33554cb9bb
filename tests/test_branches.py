"""Rows that may go, what a row reads, how branches come together, and heads."""

from __future__ import annotations

from conftest import nodes, spec


def test_when_in_a_list(outline):
    """The row goes and the list closes up."""
    text = spec(
        "{id: a, type: relu, when: =in_channels > 3}",
        "{id: b, type: relu, when: =in_channels == 3}",
        "{id: c, type: relu, when: true}",
    )
    assert outline(text) == ["b relu 8x8x3", "c relu 8x8x3"]


def test_when_in_a_branch(outline):
    """`else: identity` leaves what comes in; `else: none` takes the branch away."""
    text = spec(
        "id: m\n    concat:\n      x: {type: relu, when: false, else: identity}\n      y: relu\n"
        "      z: {type: relu, when: false, else: none}"
    )
    assert outline(text) == ["m concat 8x8x6", "m.x sequence 8x8x3", "m.y relu 8x8x3"]


def test_when_is_decided_before_repeat(outline):
    """A row that is not there is not repeated."""
    assert outline(spec("relu", "{id: s, type: relu, repeat: 1000000, when: false}")) == ["relu relu 8x8x3"]


def test_from(load):
    """A row reads an earlier row, the network's input, or several into a combinator."""
    rows = (
        "{id: a, type: conv, patch: 1x1, filters: 4}",
        "{id: b, type: conv, patch: 1x1, filters: 5, from: input}",
        "{id: c, type: conv, patch: 1x1, filters: 4, from: b}",
        "{id: s, type: sum, from: [a, c]}",
        "{id: t, type: concat, from: [a, s, input]}",
    )
    network = load(spec(*rows))
    assert [(row.sources, row.input.channels, row.output.channels) for row in network.rows] == [
        *(((), 3, 4), (("input",), 3, 5), (("b",), 5, 4), (("a", "c"), 4, 4), (("a", "s", "input"), 4, 11)),
    ]


def test_columns_of_type_row(outline, load):
    """A block's second input is a column: U-Net's way up, whose steps read the way down."""
    text = spec(
        "{id: enc1, type: conv, patch: 3x3, filters: 4}",
        "{id: enc2, type: conv, patch: 3x3/2, filters: 8}",
        "{id: mid, type: conv, patch: 3x3, filters: 16}",
        "{id: dec2, type: up, filters: 8, skip: enc2}",
        "{id: dec1, type: up, filters: 4, skip: mid}",
        top="""\
blocks:
  up:
    columns: {filters: {type: channels}, skip: {type: row}}
    body:
      - {id: up, type: conv, patch: 1x1, filters: =filters}
      - {id: merge, type: concat, from: [=skip, up]}
      - {id: conv, type: conv, patch: 3x3, filters: =filters}
""",
    )
    assert outline(text)[3:] == [
        *("dec2 sequence 4x4x8", "dec2.up conv 4x4x8", "dec2.merge concat 4x4x16", "dec2.conv conv 4x4x8"),
        *("dec1 sequence 4x4x4", "dec1.up conv 4x4x4", "dec1.merge concat 4x4x20", "dec1.conv conv 4x4x4"),
    ]
    assert [node.sources for node in nodes(load(text)) if node.name == "merge"] == [("enc2", "dec2.up"), ("mid", "dec1.up")]


def test_residual(outline):
    """A sum with an empty branch: what comes in is added."""
    text = spec("id: m\n    sum:\n      body: [{id: c, type: conv, patch: 3x3, filters: 3}, relu]\n      skip: []")
    assert outline(text) == [
        "m sum 8x8x3",
        "m.body sequence 8x8x3",
        "m.body.c conv 8x8x3",
        "m.body.relu relu 8x8x3",
        "m.skip sequence 8x8x3",
    ]


def test_squeeze_and_excite(outline):
    """A product in which a 1x1 map scales each channel (Hu et al. 2018)."""
    text = spec(
        "{id: c, type: conv, patch: 1x1, filters: 8}",
        "id: se\n    product:\n      map: []\n      gate:\n"
        "        - adaptive avg pool\n"
        "        - {id: down, type: conv, patch: 1x1, filters: =block_in_channels + 1}\n"
        "        - {id: up, type: conv, patch: 1x1, filters: 8}",
    )
    gate = ["se.gate.adaptive_avg_pool adaptive avg pool 1x1x8", "se.gate.down conv 1x1x4", "se.gate.up conv 1x1x8"]
    assert outline(text) == ["c conv 8x8x8", "se product 8x8x8", "se.map sequence 8x8x8", "se.gate sequence 1x1x8", *gate]


def test_split(outline):
    """Each branch gets an equal share of the channels, and the results are concatenated."""
    text = spec(
        "{id: c, type: conv, patch: 1x1, filters: 8}",
        "id: s\n    split:\n      x: []\n      y: {type: conv, patch: 1x1, filters: 6}",
    )
    assert outline(text) == ["c conv 8x8x8", "s split 8x8x10", "s.x sequence 8x8x4", "s.y conv 8x8x6"]


def test_heads(load):
    """A head reads a row, and its loss has a weight; what it gives does not flow on."""
    network = load(
        spec(
            "relu",
            end="heads:\n  aux: {from: relu, type: linear, filters: 5, loss weight: 0.3}\n  two: {from: relu, type: relu}\n",
        )
    )
    assert [(head.node.path, head.reads, head.weight, head.node.output.tensor) for head in network.heads] == [
        ("aux", ("relu",), 0.3, (5,)),
        ("two", ("relu",), 1.0, (3, 8, 8)),
    ]
    assert network.output.tensor == (3, 8, 8)
