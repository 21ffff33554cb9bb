"""Changes: `extends`, `--set`, and what becomes of claims under them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import nodes, spec

import archspec

BASE = spec(
    "{id: a, type: conv, patch size/stride: 3x3/2, filters: 4, bias: no, output size: 4x4x4, params: 108}",
    "{id: b, type: max pool, patch: 2x2}",
    "{id: i, concat: {x: [{id: r, type: conv, patch: 1x1, filters: 2}], y: relu}}",
    end="heads:\n  aux: {from: a, type: linear, filters: 3}\n",
)
TREE = [
    "a conv 4x4x4",
    "b max pool 2x2x4",
    "i concat 2x2x6",
    "i.x sequence 2x2x2",
    "i.x.r conv 2x2x2",
    "i.y relu 2x2x4",
    "aux linear 1x1x3",
]


@pytest.fixture
def variant(folder, outline):
    """The outline of a spec that changes the base."""
    (folder / "base.yaml").write_text(BASE)
    return lambda rows, end="": outline(f"extends: ./base.yaml\nname: v\nrows:\n{rows}{end}")


def test_base(outline):
    """What the changes below start from."""
    assert outline(BASE) == TREE


def changed(**lines: str) -> list[str]:
    """The base's outline with some lines replaced, by the node's path with _ for dots; an empty one takes a line away."""
    tree = {line.partition(" ")[0].replace(".", "_"): line for line in TREE}
    return [line for line in {**tree, **lines}.values() if line]


SMALLER = {"i": "i concat 1x1x6", "i_x": "i.x sequence 1x1x2", "i_x_r": "i.x.r conv 1x1x2", "i_y": "i.y relu 1x1x4"}
WIDER = {"i": "i concat 2x2x9", "i_x": "i.x sequence 2x2x5", "i_x_r": "i.x.r conv 2x2x5"}
EDITS = {
    "cell": ("  b: {patch: 4x4}\n", {"b": "b max pool 1x1x4", **SMALLER}),
    "path of a cell": ("  i.x.r.filters: 5\n", WIDER),
    "pattern": ("  'i.*.r': {filters: 5}\n", WIDER),
    "branch dropped": ("  i.y: null\n", {"i": "i concat 2x2x2", "i_y": ""}),
    "row dropped": ("  i: null\n", {"i": "", "i_x": "", "i_x_r": "", "i_y": ""}),
    "type of a branch": ("  i.y: {type: conv, patch: 1x1, filters: 1}\n", {"i": "i concat 2x2x3", "i_y": "i.y conv 2x2x1"}),
    "head": ("  aux: {filters: 7}\n", {"aux": "aux linear 1x1x7"}),
    "head dropped": ("  aux: null\n", {"aux": ""}),
}


@pytest.mark.parametrize(("rows", "lines"), EDITS.values(), ids=EDITS)
def test_edits(rows, lines, variant):
    """An existing path is edited; null drops a row, a branch or a head."""
    assert variant(rows) == changed(**lines)


def test_new_rows(variant):
    """A new id needs a type, and goes after or before a row of its list, or last."""
    rows = "  n1: {type: relu, after: a}\n  n2: {type: relu, before: a}\n  n3: {type: relu}\n"
    rows += "  i.x.n4: {type: relu, before: r}\n  i.z: {type: relu}\n"
    assert variant(rows, "heads:\n  aux2: {type: linear, filters: 2, from: n1}\n") == [
        *("n2 relu 8x8x3", "a conv 4x4x4", "n1 relu 4x4x4", "b max pool 2x2x4"),
        *("i concat 2x2x10", "i.x sequence 2x2x2", "i.x.n4 relu 2x2x4", "i.x.r conv 2x2x2", "i.y relu 2x2x4", "i.z relu 2x2x4"),
        *("n3 relu 2x2x10", "aux linear 1x1x3", "aux2 linear 1x1x2"),
    ]


def test_patch_alone_leaves_the_stride(load):
    """A cell `3x3/2` is split before anything merges."""
    network = load(BASE, set=["a.patch=5x5"])
    assert (network.rows[0].columns["patch"], network.rows[0].columns["stride"]) == ((5, 5), (2, 2))
    network = load(BASE, set=["a.patch size/stride=5x5/1"])
    assert (network.rows[0].columns["patch"], network.rows[0].columns["stride"]) == ((5, 5), (1, 1))


def test_unset_cell(load):
    """Null takes a cell away, and the column's default is back."""
    assert load(BASE).rows[0].columns["bias"] is False
    assert load(BASE, set=["a.bias=null"]).rows[0].columns["bias"] is True


def test_change_of_type(load):
    """Columns that the new type lacks are dropped; the id, the claims and what the types share stay."""
    row = load(BASE, set=["a.type=max pool"]).rows[0]
    assert (row.path, row.type, row.output.tensor) == ("a", "max pool", (3, 3, 3))
    assert row.columns == {"patch": (3, 3), "stride": (2, 2), "padding": "valid", "ceil": False}
    assert {key: (claim.text, claim.inherited) for key, claim in row.claims.items()} == {
        "params": ("108", True),
        "output size": ("4x4x4", True),
    }


def test_set_by_identifier_and_header(load):
    """A column goes by either; a later change wins over an earlier one."""
    text = spec('{id: i, type: inception, "#1x1": 1, n3x3_reduce: 2, n3x3: 3, n5x5_reduce: 4, n5x5: 5, pool_proj: 6}')
    network = load(text, set=["i.#3x3 reduce=7", "i.n1x1=8", "i.Pool Proj=9", "i.n1x1==4 * 4", "i.b5x5.conv.patch=3x3"])
    row = network.rows[0]
    assert [row.columns[name] for name in ("n1x1", "n3x3_reduce", "pool_proj")] == [16, 7, 9]
    assert [node.columns["patch"] for node in nodes(network) if node.path == "i.b5x5.conv.conv"] == [(3, 3)]
    assert network.output.tensor == (16 + 3 + 5 + 9, 8, 8)


def test_set_of_vars_defaults_and_input(load):
    """Sections of a spec have paths too; the rows follow."""
    text = spec("{id: c, type: conv, patch: 3x3, filters: =w}", top="vars: {w: 4}\n")
    network = load(text, set=["vars.w=5", "defaults.conv.padding=valid", "input=16x12x1"])
    assert (network.input.tensor, network.output.tensor) == ((1, 16, 12), (5, 14, 10))
    assert load(text, input="16x12x1", w=6).output.tensor == (6, 16, 12)


def test_variant_of_a_variant(folder, load):
    """Changes are laid over each other in order, base first; the last name stays."""
    (folder / "base.yaml").write_text(BASE)
    (folder / "two.yaml").write_text("extends: ./net.yaml\nname: two\nrows:\n  a: {filters: 7}\n")
    network = load("extends: ./base.yaml\nname: one\nrows:\n  a: {filters: 5, bias: yes}\n")
    assert (network.name, network.rows[0].columns["filters"], network.rows[0].columns["bias"]) == ("one", 5, True)
    network = archspec.load("two.yaml")
    assert (network.name, network.rows[0].columns["filters"], network.rows[0].columns["bias"]) == ("two", 7, True)


def test_sections_of_a_variant(folder, load):
    """Vars, defaults and sections merge by their keys; a block by its parts, each whole."""
    top = "vars: {w: 4, v: 2}\ndefaults: {conv: {bias: no, padding: 1}}\n"
    top += "blocks:\n  b:\n    columns: {n: {type: channels, default: 9}}\n    body: {type: conv, patch: 1x1, filters: =n}\n"
    (folder / "base.yaml").write_text(spec("{id: c, type: conv, patch: 3x3, filters: =w * v}", "{id: d, type: b}", top=top))
    network = load(
        "extends: ./base.yaml\nname: v\nvars: {w: 5}\ndefaults: {conv: {padding: 0}}\n"
        "blocks:\n  b:\n    body: {type: conv, patch: 1x1, filters: =n + 1}\n"
    )
    assert [row.output.tensor for row in network.rows] == [(10, 6, 6), (10, 6, 6)]
    assert network.rows[0].columns["bias"] is False


def test_inherited_claims_are_no_errors(load):
    """Under any change they only stay to be compared."""
    assert [claim.inherited for claim in load(BASE).rows[0].claims.values()] == [False, False]
    for options in ({"set": ["a.filters=5"]}, {"input": "16x16x3"}):
        row = load(BASE, **options).rows[0]
        assert [claim.inherited for claim in row.claims.values()] == [True, True]


def test_restated_claims_are_checked(folder, load):
    """A claim that the variant states is its own."""
    (folder / "base.yaml").write_text(BASE)
    network = load("extends: ./base.yaml\nname: v\nrows:\n  a: {filters: 5, output size: 4x4x5}\n")
    assert {key: claim.inherited for key, claim in network.rows[0].claims.items()} == {"params": True, "output size": False}
    with pytest.raises(archspec.SpecError, match=r"stated as 4x4x6, but 4x4x5 comes out"):
        load("extends: ./base.yaml\nname: v\nrows:\n  a: {filters: 5, output size: 4x4x6}\n")


def test_filters_from_an_output_size_survive_another_input(load):
    """They are taken before the change."""
    text = spec("{id: c, type: conv, patch: 3x3, output size: 8x8x16}")
    assert load(text, input="20x10x3").output.tensor == (16, 20, 10)


OPTIONS = [
    ("base", {}),
    ("base", {"set": ["a.filters=5", "i.x=null", "a.padding==0 if in_channels == 3 else 1"], "input": "32x32x3"}),
    ("googlenet", {}),
    ("googlenet-torchvision", {}),
    ("googlenet-separable", {"set": ["inception_3a.#5x5=64", "inception_*.b3x3.conv.activation={type: relu}", "aux1=null"]}),
    ("googlenet", {"input": "256x256x3", "classes": 10, "renormalize": True}),
]


@pytest.mark.parametrize(("name", "options"), OPTIONS)
def test_text_of_a_network_is_the_whole_spec(name, options, folder):
    """Written to a file and loaded again, it gives the same network: paths, types, shapes, columns."""
    (folder / "base.yaml").write_text(BASE)
    network = archspec.load("base.yaml" if name == "base" else name, **options)
    (folder / "again.yaml").write_text(network.text)
    again = archspec.load("again.yaml")
    assert [(n.path, n.type, n.input, n.output, n.sources, n.cells) for n in nodes(again)] == [
        (n.path, n.type, n.input, n.output, n.sources, n.cells) for n in nodes(network)
    ]
    assert (again.name, again.input, again.text, again.digest) == (network.name, network.input, network.text, network.digest)


def test_a_variant_takes_a_claim_away(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(spec("{type: conv, patch: 3x3, filters: 4}") + "claims: {depth: 3, params: 112}\n")
    (tmp_path / "variant.yaml").write_text("extends: ./base.yaml\nname: v\nclaims: {depth: null, ops: 7K}\n")
    assert list(archspec.load(tmp_path / "variant.yaml").claims) == ["params", "ops"]


def test_a_change_inside_of_a_broken_row_is_not_called_wrong(expect: Callable[..., None]) -> None:
    """What a row holds is not known once it is broken, or once what comes in is; a path that is nowhere is still said."""
    rows = ("{id: a, type: convolution, patch: 3x3, filters: 8}", "{id: b, type: convolution, patch: 3x3, filters: 8, repeat: 2}")
    expected = [
        ("--set:1:1", "unknown-path", "-", "`c.x` is neither a row nor a column of a row"),
        ("--set:1:10", "shape-mismatch", "a.conv", "5 groups do not divide the 3 channels that come in"),
    ]
    expect(spec(*rows), expected, set=["a.groups=5", "b.1.conv.bias=false", "c.x=5"])


def test_a_square_size_serves_where_a_number_is_wanted(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    body = "{type: conv, patch: 3x3, stride: =stride, filters: =filters}"
    block = f"{{columns: {{filters: {{type: channels}}, stride: {{type: count}}}}, body: {body}}}"
    path.write_text(spec("{id: s, type: stage, block: mine, filters: 8, n: 2, stride: 2}", end=f"blocks: {{mine: {block}}}\n"))
    assert str(archspec.load(path).output) == "4x4x8"


def test_a_library_block_says_that_it_does_not_see_a_var(expect: Callable[..., None]) -> None:
    hint = "`step` is a var of the spec, and a library block sees only its own columns and vars"
    expected = [("--set:1:19", "unknown-name", "a.linear", "nothing here is called `step`", hint)]
    text = spec("{id: a, type: fully connected, filters: 8}", end="vars: {step: 3}\n")
    expect(text, expected, set="a.linear.filters==step * 8")
