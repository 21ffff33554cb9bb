"""The axes of sweeps and design spaces: what is written, which cells it means, and exactly what is said of wrong ones."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import archspec
from archspec.design.space import space
from archspec.design.where import constraints
from archspec.language.nodes import Text
from archspec.language.places import option

NET = """
name: net
input: 32x32x3
vars: {w: 8, wide: =w * 2, deep: false}
defaults: {max pool: {ceil: true}}
rows:
  - {id: c, type: conv, patch: 3x3, filters: =w}
  - {id: more, type: conv, patch: 3x3, filters: 8, when: =deep}
  - {id: grow, repeat: 2, type: convolution, patch: 3x3, filters: 13}
  - {id: mixed_a, type: inception, "#1x1": 8, "#3x3 reduce": 6, "#3x3": 7, "#5x5 reduce": 4, "#5x5": 8, pool proj: 1}
  - {id: mixed_b, type: inception, "#1x1": 5, "#3x3 reduce": 6, "#3x3": 7, "#5x5 reduce": 4, "#5x5": 8, pool proj: 8}
  - {id: pool, type: max pool, patch: 2x2}
  - {id: fc, type: linear, filters: 10}
heads:
  aux: {from: c, type: linear, filters: 10}
"""


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.yaml").write_text(NET, "utf-8")
    return "net.yaml"


LISTS = {
    "mixed_a.n5x5=16:96:16": (16, 32, 48, 64, 80, 96),
    "mixed_a.n5x5=96:16:-40": (96, 56, 16),
    "mixed_a.n5x5=8": (8,),
    "vars.w=0.5,1,2": (0.5, 1, 2),
    "vars.w=0.1:0.7:0.1": (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7),
    "vars.w=1:3:1,8,16:32:16": (1, 2, 3, 8, 16, 32),
    "c.bias=true,no": (True, False),
    "fc.filters=10%,0.2": (0.1, 0.2),
    "c.padding=same,valid,0:1,1": ("same", "valid", "0:1", "1"),
    "c.patch=3x3,5x5": ("3x3", "5x5"),
    "input=32x32x3,64x64x3": ("32x32x3", "64x64x3"),
    "pool=null,{type: avg pool, patch: 2x2}": ("null", "{type: avg pool, patch: 2x2}"),
    "grow.norm=none,{type: batch norm, eps: 1e-3}": ("none", "{type: batch norm, eps: 1e-3}"),
    "grow.repeat=1:4:1": (1, 2, 3, 4),
    "defaults.max_pool.ceil=true,false": (True, False),
    "aux.filters=5,10": (5, 10),
    "heads.aux.filters=5,10": (5, 10),
}


@pytest.mark.parametrize(("text", "values"), LISTS.items(), ids=LISTS)
def test_values_are_what_is_written(text: str, values: tuple[object, ...], net: str) -> None:
    (axis,) = space(net, vary=[text]).axes
    assert axis.values == values
    assert [*map(type, axis.values)] == [*map(type, values)]
    assert axis.given == {axis.name: values}


def test_one_axis_moves_all_cells_and_each_makes_one_a_cell(net: str) -> None:
    (axis,) = space(net, vary=["mixed_*.#1x1=8,16"]).axes
    assert (axis.name, axis.cells, axis.given) == ("mixed_*.n1x1", ("mixed_a.n1x1", "mixed_b.n1x1"), {"mixed_*.n1x1": (8, 16)})
    made = space(net, each=["mixed_*.#1x1=8,16"])
    assert [(one.name, one.cells) for one in made.axes] == [(name, (name,)) for name in axis.cells]
    assert made.size == 4
    assert [made.member(at) for at in (0, 1, 2)] == [
        {"mixed_a.n1x1": 8, "mixed_b.n1x1": 8},
        {"mixed_a.n1x1": 8, "mixed_b.n1x1": 16},
        {"mixed_a.n1x1": 16, "mixed_b.n1x1": 8},
    ]


def test_factors_are_of_the_own_value_round_half_up_and_leave_one(net: str) -> None:
    made = space(net, vary=["mixed_*.#1x1=*0.5:*1.5:*0.5", "mixed_*.pool_proj=*0.1,*1", "vars.w=*0.5,*2", "grow.filters=*0.5,*1"])
    given = {path: values for axis in made.axes for path, values in axis.given.items()}
    assert given == {
        "mixed_a.n1x1": (4, 8, 12),
        "mixed_b.n1x1": (3, 5, 8),  # 2.5 and 7.5 go up
        "mixed_a.pool_proj": (1, 1),
        "mixed_b.pool_proj": (1, 8),
        "vars.w": (4, 16),
        "grow.filters": (7, 13),
    }
    assert made.axes[0].values == (0.5, 1, 1.5)


def test_choices_of_blocks(net: str) -> None:
    made = space(net, vary=["blocks.inception=@naive,@inception", "mixed_*.n3x3_reduce=6,8"])
    assert made.axes[0].values == ("naive inception", "inception")
    macs = [archspec.costs(net, set=made.changes(made.steps(at))).macs[0] for at in range(made.size)]
    assert macs[0] == macs[1] != macs[2] != macs[3]  # the naive block has no reduction
    rows = {"mixed_*": {"type": "naive inception"}}
    changed = archspec.report(net, set=[f"{path}.type={cells['type']}" for path, cells in rows.items()])
    assert macs[0] == changed.data()["totals"]["macs"]


def test_a_cell_that_only_other_values_bring(net: str) -> None:
    made = space(net, vary=["more.filters=4,8", "vars.deep=true,false"])
    assert [axis.late for axis in made.axes] == [True, False]
    assert archspec.report(net, set=made.changes((0, 0))).data()["rows"][1]["id"] == "more"


def test_the_largest_space_is_counted_exactly(net: str) -> None:
    cells = [f"mixed_{row}.{column}" for row in "ab" for column in ("n1x1", "n3x3", "n5x5", "n3x3_reduce", "n5x5_reduce")]
    made = space(net, vary=[f"{cell}=1:1000:1" for cell in cells])
    assert made.size == 1000**10
    assert made.member(made.size - 1) == dict.fromkeys(cells, 1000)
    assert made.index(made.steps(10**29 + 7)) == 10**29 + 7


@given(st.lists(st.integers(1, 5), min_size=1, max_size=5), st.data())
def test_numbers_and_steps_are_one_to_one(sizes: list[int], data: st.DataObject) -> None:
    axes = tuple(replace(CLASSES.axes[0], values=CLASSES.axes[0].values[:size]) for size in sizes)
    made = replace(CLASSES, axes=axes)
    index = data.draw(st.integers(0, made.size - 1))
    assert made.index(made.steps(index)) == index


CLASSES = space("lenet5", vary=["vars.classes=1:5:1"])


@given(st.fractions(0, 100, max_denominator=64), st.integers(1, 50), st.fractions(Fraction(1, 64), 9, max_denominator=64))
def test_a_range_has_both_ends(first: Fraction, steps: int, step: Fraction) -> None:
    from archspec.design.ranges import listed

    texts = [f"{float(one):.12g}" for one in (first, first + steps * step, step)]
    exact = [Fraction(text) for text in texts]
    if (exact[1] - exact[0]) / exact[2] != steps:
        return  # not written exactly
    text = ":".join(texts)
    values = listed([Text(text, option("--vary", text))]).values
    assert len(values) == steps + 1
    assert (values[0], values[-1]) == (float(exact[0]), float(exact[1]))


PATHS = "is neither a row nor a column of a row"
RANGE = "a range is first:last:step, such as 16:96:16"
WRONG = {
    "a path that meets nothing": (
        "mixed_a.n5x6=1,2",
        1,
        "unknown-path",
        f"`mixed_a.n5x6` {PATHS}",
        "did you mean `mixed_a.n5x5`?",
    ),
    "a pattern that meets nothing": (
        "miixed_*.n5x5=1,2",
        1,
        "unknown-path",
        f"`miixed_*.n5x5` {PATHS}",
        "did you mean `mixed_b.n5x5`?",
    ),
    "a var": ("vars.v=1,2", 1, "unknown-path", "the spec has no var `v`", "the vars are w, wide, deep"),
    "a default": ("defaults.max_pool.cel=1", 1, "unknown-column", "`cel` is not a column of max pool", "did you mean `ceil`?"),
    "no values": (
        "c.filters=",
        1,
        "bad-change",
        "`c.filters=` is not path=values",
        "for example --vary inception_3a.n5x5=16:96:16",
    ),
    "a step that misses": (
        "c.filters=16:100:16",
        14,
        "bad-value",
        "steps of 16 from 16 miss 100",
        "the nearest end is 96: 16:96:16",
    ),
    "a step that misses, of factors": (
        *("c.filters=*0.5:*1.4:*0.25", 16, "bad-value", "steps of *0.25 from *0.5 miss *1.4"),
        "the nearest end is *1.5: *0.5:*1.5:*0.25",
    ),
    "no step": ("c.filters=16:96", 11, "bad-value", "the range `16:96` has no step", RANGE),
    "a step of nothing": ("c.filters=16:96:0", 11, "bad-value", "the step of `16:96:0` does not lead from 16 to 96", RANGE),
    "a step away": ("c.filters=16:96:-8", 11, "bad-value", "the step of `16:96:-8` does not lead from 16 to 96", RANGE),
    "an empty value": ("c.filters=16,,32", 14, "bad-value", "a value is empty", "values stand apart by commas: 16,32,64"),
    "an open quote": ("c.filters='16,32", 11, "bad-value", "`'16,32` has an open quote", None),
    "a value twice": ("c.filters=16,32,16", 17, "bad-value", "16 stands twice", None),
    "too many": ("c.filters=1:2000000:1", 11, "bad-value", "an axis has at most 100,000 values, found 2,000,000", None),
    "factors and numbers": (
        *("c.filters=16,*2", 11, "bad-value", "`16` is no factor, and the others are"),
        "write *1 for the cell's own value",
    ),
    "a factor that is none": ("c.filters=*x", 11, "bad-value", "`*x` is no factor", "a factor is a number after *, such as *0.5"),
    "a factor of 0": ("c.filters=*0,*1", 11, "bad-value", "a factor is more than 0, found `*0`", None),
    "a factor of a formula": (
        *("vars.wide=*2", 11, "bad-value", "a factor needs a number in `vars.wide`: what it holds cannot be told"),
        "list the values themselves",
    ),
    "a factor of a flag": (
        *("c.bias=*2", 8, "bad-value", "a factor needs a number in `c.bias`: it holds `true`", "list the values themselves"),
    ),
    "a type that is not there": (
        "blocks.inceptoin=@naive",
        1,
        "unknown-path",
        "no row has the type `inceptoin`",
        "did you mean `inception`?",
    ),
    "a block that is not there": ("blocks.inception=@naif", 19, "unknown-type", "`naif` is not a block of the library", None),
    "a section": ("name=a,b", 1, "unknown-path", f"`name` {PATHS}", None),
}


@pytest.mark.parametrize(("text", "column", "code", "message", "hint"), WRONG.values(), ids=WRONG)
def test_wrong_axes(text: str, column: int, code: str, message: str, hint: str | None, net: str) -> None:
    with pytest.raises(archspec.SpecError) as wrong:
        space(net, vary=[text])
    (one,) = wrong.value.diagnostics
    assert (one.code, one.message, one.place.column, one.hint, one.place.source.name) == (code, message, column, hint, "--vary")


def test_all_that_is_wrong_is_said_at_once(net: str) -> None:
    with pytest.raises(archspec.SpecError) as wrong:
        space(
            net, vary=["c.filters=1:4:2", "d=1"], each=["c.bias=,"], where=["macs <= 1X", "parms < 3"], links=[("c.filters", "3")]
        )
    found = sorted(one.place.source.name for one in wrong.value.diagnostics)
    assert found == ["--vary", "--vary", "--vary-each", "--where", "--where", "links"]


def test_a_cell_is_on_one_axis(net: str) -> None:
    with pytest.raises(archspec.SpecError) as wrong:
        space(net, vary=["mixed_a.n1x1=1,2", "mixed_*.n1x1=3,4"])
    (one,) = wrong.value.diagnostics
    assert (one.message, one.related[0][0]) == ("`mixed_a.n1x1` is on two axes", "the other one")


CONDITIONS = {
    "unit": ("params <= 7X", 11, "formula-syntax", "`7X` is not a number"),
    "name": ("macs < 3 and parms < 3", 14, "unknown-name", "nothing here is called `parms`"),
    "cell": ("mixed_a.n5x6 < 3", 1, "unknown-name", "nothing here is called `mixed_a.n5x6`"),
    "unfinished": ("macs < 3 and", 12, "formula-syntax", "the constraint `macs < 3 and` is malformed"),
    "no condition": ("macs < 3 and params + 3", 14, "formula-value", "`params + 3` is no condition"),
    "a figure alone": ("params", 1, "formula-value", "`params` is no condition"),
    "call": ("open(1) < 3", 1, "formula-syntax", None),
    "attribute": ("(params).x < 3", 1, "formula-syntax", "formulas have no attributes"),
}


@pytest.mark.parametrize(("text", "column", "code", "message"), CONDITIONS.values(), ids=CONDITIONS)
def test_wrong_constraints(text: str, column: int, code: str, message: str | None, net: str) -> None:
    with pytest.raises(archspec.SpecError) as wrong:
        space(net, where=[text])
    (one,) = wrong.value.diagnostics
    assert (one.code, one.place.column) == (code, column)
    assert message in (None, one.message)


def test_constraints_are_taken_apart_at_and(net: str) -> None:
    made = space(net, vary=["vars.w=1,2"])
    text = "params <= 1.5M and (c.filters > 1 and n5x5 % 8 == 0 or macs < 7K) and vars.w < 3"
    found = constraints(Text(text, option("--where", text)), made.network, made.axes)
    assert [one.text for one in found] == ["params <= 1.5M", "c.filters > 1 and n5x5 % 8 == 0 or macs < 7K", "vars.w < 3"]
    assert found[0].formula == "=params <= 1500000"
    assert {name.kind for one in found for name in one.names.values()} == {"total", "cell", "column", "axis"}
    assert [one.place.column for one in found] == [1, 21, 71]


def test_a_space_is_a_file(tmp_path: Path, net: str) -> None:
    text = """extends: ./net.yaml
name: sized
space:
  vary: {"mixed_*.n1x1": "*0.5:*1.5:*0.5", vars.w: [8, 16]}
  each: {"mixed_*.#5x5": 8:16:8}
  links: {vars.wide: =w * 3}
  where: [params <= 7M and n5x5 % 8 == 0]
"""
    (tmp_path / "sized.yaml").write_text(text)
    assert archspec.check("sized.yaml") == ()
    assert archspec.report("sized.yaml").data()["totals"] == archspec.report(net).data()["totals"]
    made = space("sized.yaml", vary=["c.bias=true,false"], where=["macs < 1G"])
    assert [axis.name for axis in made.axes] == ["mixed_*.n1x1", "vars.w", "mixed_a.n5x5", "mixed_b.n5x5", "c.bias"]
    assert [one.text for one in made.where] == ["params <= 7M", "n5x5 % 8 == 0", "macs < 1G"]
    assert made.member(0)["vars.wide"] == "=w * 3"
    (tmp_path / "member.yaml").write_text("extends: ./sized.yaml\nname: member\n")
    assert space("member.yaml").size == 1  # one network again


def test_wrong_space(tmp_path: Path, net: str) -> None:
    text = """extends: ./net.yaml
name: sized
space:
  vary: {mixed_a.n5x6: 1:2:1, c.filters: {a: 1}, fc.filters: [8, 1:4]}
  links: {c.bias: 3}
  where: parms < 3
"""
    (tmp_path / "sized.yaml").write_text(text)
    found = [(str(one.place), one.code) for one in archspec.check("sized.yaml")]
    assert found == [
        ("sized.yaml:4:10", "unknown-path"),
        ("sized.yaml:4:42", "bad-value"),
        ("sized.yaml:5:19", "bad-value"),
        ("sized.yaml:6:10", "unknown-name"),
    ]
    (tmp_path / "alone.yaml").write_text(NET + "space: {}\n")
    (one,) = archspec.check("alone.yaml")
    assert (one.code, one.message) == ("missing-key", "a design space extends the spec whose cells it varies")


def test_limits(tmp_path: Path, net: str) -> None:
    """A space is untrusted input: what would take too long, or does not fit on a line, is an error."""
    rows = "\n".join(f"  - {{id: c{at}, type: conv, patch: 3x3, filters: 8}}" for at in range(201))
    (tmp_path / "deep.yaml").write_text(f"name: deep\ninput: 8x8x3\nrows:\n{rows}\n")
    texts = {
        "an axis has at most 100,000 values, found 199,999": "vary: {c0.filters: [1:99999:1, 100000:199999:1]}",
        "a space has at most 100 constraints": f"where: [{', '.join(['params < 3'] * 200)}]",
        "a space has at most 10^1000 variants": "each: {'c*.filters': 1:100000:1}",
        "the patterns are too many for this many rows": "vary: {{{}}}".format(
            ", ".join(f"'x{at}*.y': 1" for at in range(12_000))
        ),
    }
    for message, text in texts.items():
        (tmp_path / "sized.yaml").write_text(f"extends: ./deep.yaml\nname: sized\nspace: {{{text}}}\n")
        assert message in {one.message for one in archspec.check("sized.yaml")}
