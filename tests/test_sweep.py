"""Sweeps: every variant costs what it costs alone, chunks change nothing, fronts are those of brute force, files come back."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import archspec
from archspec.cli.new import command as new
from archspec.design.pareto import Front, front
from archspec.design.rows import Objective, Rows
from archspec.design.sample import listing, permutation
from archspec.design.space import space
from archspec.design.sweep import Everything, plan, run
from archspec.design.top import Top

#: a space with all that there is: words, factors, another type, a row that goes, counts of copies, groups that do not divide
NET = """
name: net
input: 32x32x4
vars: {w: 8, deep: false, half: 4}
rows:
  - {id: c, type: conv, patch: 3x3, filters: =w}
  - {id: more, type: conv, patch: 3x3, filters: 8, when: =deep}
  - {id: grow, repeat: 2, type: convolution, patch: 3x3, filters: 12, padding: valid}
  - {id: mixed, type: inception, "#1x1": 8, "#3x3 reduce": 6, "#3x3": 7, "#5x5 reduce": 4, "#5x5": 8, pool proj: 4}
  - {id: pool, type: adaptive avg pool}
  - {id: fc, type: linear, filters: =half}
heads:
  aux: {from: c, type: linear, filters: 10}
"""
VARY = [
    "vars.w=8:16:4",
    "vars.deep=true,false",
    "mixed.n5x5=*0.5:*1.5:*0.5",
    "grow.repeat=1,3,20",
    "c.groups=1,2,3",
    "blocks.inception=@naive,@inception",
    "input=32x32x4,48x48x4",
    "more.filters=4,6",
]
LINKS = {"vars.half": "=w * 2"}


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.yaml").write_text(NET, "utf-8")
    return "net.yaml"


def totals(spec: str, changes: list[str]) -> dict[str, int] | None:
    """What one variant costs, loaded alone; None if it is wrong."""
    try:
        return dict(archspec.report(spec, set=changes).data()["totals"])
    except archspec.SpecError:
        return None


def test_every_variant_costs_what_it_costs_alone(net: str) -> None:
    made = plan(space(net, vary=VARY, links=LINKS.items()))
    kept = Everything()
    counts = run(made, [kept])
    rows = kept.rows()
    assert rows is not None
    costs = {made.space.index(steps.tolist()): at for at, steps in enumerate(rows.steps)}
    assert (counts.done, counts.valid, len(costs)) == (made.space.size, len(rows), len(rows))
    assert sum(kind.count for kind in counts.invalid.values()) == counts.done - counts.valid > 0
    for index in np.random.default_rng(0).choice(made.space.size, 60, replace=False).tolist():
        alone = totals(net, made.space.changes(made.space.steps(index)))
        assert (alone is not None) == (index in costs)
        assert alone is None or {name: rows.figures[name][costs[index]] for name in rows.figures}.items() <= alone.items()


def test_reasons_and_their_counts(net: str) -> None:
    found = archspec.sweep(net, vary={"c.groups": [1, 2, 3], "grow.repeat": [1, 20]}, set=["grow.patch=3x3", "mixed.n5x5=8"])
    assert found.invalid == {
        "row c: 3 groups do not divide the 4 channels that come in": 2,
        "row grow.15.conv: a 3x3 window does not fit on the 2x2 map": 2,
    }
    assert [kind.examples for kind in found.counts.invalid.values()] == [[4, 5], [1, 3]]
    assert sorted(found["variant"].tolist()) == [0, 2]


@pytest.mark.parametrize("samples", [None, 100])
def test_chunks_change_nothing(net: str, samples: int | None) -> None:
    axes = ["vars.w=8:16:4", "mixed.n5x5=*0.5:*1.5:*0.25", "vars.deep=true,false", "c.groups=1,2,3", "c.bias=no,yes"]
    made = plan(space(net, vary=axes, where=["params <= 4.5K and n5x5 % 2 == 0"]), samples, 3)
    results = []
    for chunk in (41, 10_000):
        sinks = [Everything(), Front([Objective("params"), Objective("depth", largest=True)]), Top(9, Objective("macs"))]
        counts = run(made, sinks, chunk=chunk)
        invalid = {key: kind.count for key, kind in counts.invalid.items()}
        results.append((counts.done, counts.valid, counts.feasible, counts.excluded, invalid))
        results.append([(rows.place.tolist(), rows.steps.tolist()) for sink in sinks if (rows := sink.rows())])
    assert results[:2] == results[2:]


def test_constraints_are_those_of_each_variant_alone(net: str) -> None:
    made = plan(space(net, vary=VARY[:3], where=["params <= 4.7K and mixed.macs > 900K", "n5x5 % 8 == 0 or vars.w > 8"]))
    kept = Everything()
    counts = run(made, [kept])
    wanted, excluded = [], [[0, 0], [0, 0], [0, 0]]
    for index in range(made.space.size):
        changes = made.space.member(index)
        data = archspec.report(net, set=made.space.changes(made.space.steps(index))).data()
        macs = next(row["macs"] for row in data["rows"] if row["id"] == "mixed")
        holds = [
            data["totals"]["params"] <= 4700,
            macs > 900_000,
            changes["mixed.n5x5"] % 8 == 0 or changes["vars.w"] > 8,
        ]
        for at, one in enumerate(holds):
            excluded[at][0] += not one
            excluded[at][1] += not one and sum(holds) == 2
        wanted += [index] if all(holds) else []
    rows = kept.rows()
    assert rows is not None
    assert [made.space.index(steps.tolist()) for steps in rows.steps] == wanted
    assert counts.excluded == excluded
    assert 0 < len(wanted) < made.space.size


def test_a_bare_column_holds_in_every_row_that_has_it() -> None:
    found = archspec.sweep("googlenet", vary={"inception_3a.n5x5": [30, 32, 40]}, where="n5x5 % 8 == 0")
    assert found["inception_3a.n5x5"].tolist() == [32, 40]
    found = archspec.sweep("googlenet", vary={"inception_3a.n5x5": [30, 32, 200]}, where="n5x5 <= n3x3")
    assert found["inception_3a.n5x5"].tolist() == [30, 32]


# samples


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 1000, 1025])
def test_a_permutation_has_every_number_once(size: int) -> None:
    assert sorted(permutation(np.arange(size), size, 5).tolist()) == list(range(size))


def test_samples_are_uniform_without_repetition_and_of_their_seed(net: str) -> None:
    made = space(net, vary=["vars.w=1:1000:1", "mixed.n1x1=1:1000:1"])
    steps = listing(made, 20_000, 1).steps(0, 20_000)
    assert len({tuple(one) for one in steps.tolist()}) == 20_000
    counts = np.bincount(steps[:, 0] // 100)
    assert np.abs(counts - 2000).max() < 5 * 2000**0.5
    assert (listing(made, 20_000, 1).steps(500, 900) == steps[500:900]).all()
    assert (listing(made, 20_000, 2).steps(0, 100) != steps[:100]).any()
    assert listing(made, 10**6, 1).steps(0, 3).tolist() == [[0, 0], [0, 1], [0, 2]]  # all of it


def test_samples_of_a_space_without_end(net: str) -> None:
    cells = [f"mixed.{name}" for name in ("n1x1", "n3x3", "n5x5", "n3x3_reduce", "n5x5_reduce", "pool_proj")]
    made = space(net, vary=[f"{cell}=1:10000:1" for cell in cells])
    assert made.size == 10**24
    steps = listing(made, 200_000, 1).steps(0, 200_000)
    assert len({tuple(one) for one in steps.tolist()}) == 200_000
    assert (listing(made, 200_000, 1).steps(60_000, 70_000) == steps[60_000:70_000]).all()
    assert steps.min() == 0
    assert steps.max() == 9999
    found = archspec.sweep(net, vary=[f"{cell}=1:10000:1" for cell in cells], samples=50, seed=4)
    assert all(int(one) == made.index(steps) for one, steps in zip(found["variant"], found.rows.steps.tolist(), strict=True))


# fronts


def brute(points: list[tuple[int, ...]]) -> list[int]:
    """The first of each point to which no other is as good and better in one."""

    def covers(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
        return one != other and all(a <= b for a, b in zip(one, other, strict=True))

    return [at for at, point in enumerate(points) if point not in points[:at] and not any(covers(one, point) for one in points)]


@settings(max_examples=200)
@given(st.data())
def test_the_front_is_that_of_brute_force(data: st.DataObject) -> None:
    dimensions = data.draw(st.integers(1, 4))
    point = st.tuples(*[st.integers(-(2**63) + 1, 2**63 - 1) | st.integers(0, 5)] * dimensions)
    points = data.draw(st.lists(point, min_size=1, max_size=40))
    values = np.array(points, dtype=np.int64)
    assert sorted(front(values).tolist()) == brute(points)
    names = [f"f{at}" for at in range(dimensions)]
    streaming = Front([Objective(name, largest=at == 1) for at, name in enumerate(names)])
    size = data.draw(st.integers(1, 40))
    for start in range(0, len(points), size):
        part = values[start : start + size]
        columns = {name: -part[:, at] if at == 1 else part[:, at] for at, name in enumerate(names)}
        streaming.add(Rows(np.arange(start, start + len(part)), np.zeros((len(part), 0), np.int32), columns))
    rows = streaming.rows()
    assert rows is not None
    assert sorted(rows.place.tolist()) == brute(points)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_the_front_of_many_points(dimensions: int) -> None:
    """The shortcut for many points changes nothing, also where many are equal."""
    values = np.random.default_rng(0).integers(0, 25, (4_500, dimensions)).astype(np.int64)
    distinct = [tuple(one) for one in values.tolist()]
    wanted = brute(list(dict.fromkeys(distinct)))
    points = list(dict.fromkeys(distinct))
    assert sorted(front(values).tolist()) == sorted(distinct.index(points[at]) for at in wanted)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=60), st.integers(1, 12), st.integers(1, 20), st.booleans())
def test_the_top_is_that_of_a_sort(values: list[int], count: int, size: int, largest: bool) -> None:
    top = Top(count, Objective("macs", largest))
    for start in range(0, len(values), size):
        part = np.array(values[start : start + size])
        top.add(Rows(np.arange(start, start + len(part)), np.zeros((len(part), 0), np.int32), {"macs": part}))
    rows = top.rows()
    assert rows is not None
    order = sorted(range(len(values)), key=lambda at: (-values[at] if largest else values[at], at))
    assert rows.place.tolist() == order[:count]


# results


def test_columns_of_the_result() -> None:
    found = archspec.sweep(
        "googlenet", vary={"inception_*.n1x1": "*0.5:*1.5:*0.5", "vars.classes": [10, 100]}, pareto="params,-macs"
    )
    assert found.columns == (
        "variant",
        "inception_*.n1x1",
        "vars.classes",
        "params",
        "macs",
        *("activations", "depth", "params_with_heads"),
    )
    assert found["params"].dtype == np.int64
    every = archspec.sweep("googlenet", vary={"inception_*.n1x1": "*0.5:*1.5:*0.5", "vars.classes": [10, 100]})
    assert every["inception_*.n1x1"].tolist() == [0.5, 0.5, 1, 1, 1.5, 1.5]
    points = list(zip(every["params"].tolist(), (-every["macs"]).tolist(), strict=True))
    assert sorted(found["variant"].tolist()) == brute(points)
    assert archspec.report("googlenet", set=found.member(0)).data()["totals"]["params"] == found["params"][0]
    with pytest.raises(archspec.SpecError, match="column is one of variant, "):
        found["parms"]


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
@pytest.mark.parametrize("options", [{}, {"top": 6, "by": "max:depth"}, {"pareto": ["params", "depth"]}])
def test_a_file_comes_back_as_specs(net: str, ending: str, options: dict[str, Any]) -> None:
    told = {"vary": VARY[:6], "links": LINKS, "set": ["mixed.pool_proj=6", "fc={bias: no}"], "where": "params < 8K"}
    found = archspec.sweep(net, **told, **options, samples=90, seed=7)
    archspec.sweep(net, **told, **options, samples=90, seed=7, output=f"out.{ending}")
    text = Path(f"out.{ending}").read_text("utf-8")
    first, *lines = text.splitlines()
    head = json.loads(first.removeprefix("#"))
    assert (head["spec"], head["seed"], head["samples"], head["size"]) == (net, 7, 90, found.plan.space.size)
    table = [*csv.DictReader(lines)] if ending == "csv" else [*map(json.loads, lines)]
    assert [int(row["variant"]) for row in table] == found["variant"].tolist()
    assert [int(row["macs"]) for row in table] == found["macs"].tolist()
    for at in (0, len(found) - 1):
        variant = found["variant"][at]
        new(Path(f"v{at}.yaml"), base=None, swept=f"out.{ending}#{variant}")
        data = archspec.report(f"v{at}.yaml").data()["totals"]
        assert {name: found[name][at] for name in ("params", "macs", "activations", "depth")}.items() <= data.items()
        assert found.spec_text(at, f"v{at}") == Path(f"v{at}.yaml").read_text("utf-8")


def archspec_run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "archspec", *words], capture_output=True, text=True, check=False)


WRONG_FILES = {
    "no number": ("out.csv", "`out.csv` is not FILE#VARIANT"),
    "another ending": ("net.yaml#1", "`.yaml` is not an extension of a sweep"),
    "no file": ("none.csv#1", "none.csv cannot be read: No such file or directory"),
    "no such row": ("out.csv#3", "no row of out.csv has the variant 3"),
    "no head": ("plain.csv#1", "plain.csv is no file of a sweep: its first line does not say what was swept"),
    "a damaged head": (
        "damaged.csv#1",
        "damaged.csv is no file of a sweep: its first line lacks one of set, vary, each, links, where",
    ),
    "a damaged row": ("rows.csv#9", "rows.csv is no file of a sweep: a row has no number of a variant"),
    "a spec elsewhere": ("far.csv#1", "its spec, /etc/passwd.yaml, is not at or below this folder"),
    "another spec": ("other.csv#0", "net.yaml is not the spec any more that was swept"),
}


@pytest.mark.parametrize(("told", "message"), WRONG_FILES.values(), ids=WRONG_FILES)
def test_wrong_files(told: str, message: str, net: str) -> None:
    from archspec.design.results import swept_member

    archspec.sweep(net, vary=["vars.w=8,12,16"], where="vars.w < 10", output="out.csv")
    head, rest = Path("out.csv").read_text().split("\n", 1)
    Path("plain.csv").write_text("variant,params\n1,2\n")
    Path("damaged.csv").write_text(head.replace('"vary"', '"varied"') + "\n" + rest)
    Path("rows.csv").write_text(head + "\n" + rest + "x,y\n")
    Path("far.csv").write_text(head.replace('"net.yaml"', '"/etc/passwd.yaml"') + "\n" + rest)
    Path("other.csv").write_text(head.replace("sha256:", "sha256:0") + "\n" + rest)
    with pytest.raises(archspec.SpecError) as wrong:
        swept_member(told)
    assert [one.message for one in wrong.value.diagnostics] == [message]


WRONG_OPTIONS: dict[str, tuple[dict[str, Any], str, str, str | None]] = {
    "a figure": ({"pareto": "params,flops"}, "--pareto", "unsupported", None),
    "a figure to sort by": ({"by": "parms", "top": 3}, "--by", "unsupported", "did you mean `params`?"),
    "no sample": ({"samples": 0}, "--samples", "bad-value", None),
    "another ending": ({"output": "out.txt"}, "-o", "unsupported", "there is: .csv, .jsonl"),
    "no folder": ({"output": "none/out.csv"}, "-o", "bad-file", "create it first"),
    "too many to list": (
        {"vary": {"vars.w": "1:100000:1", "mixed.n1x1": "1:100000:1"}},
        *("SPEC", "too-large", "draw from it: --samples 1000000"),
    ),
    "input twice": ({"vary": {"input": ["32x32x4"]}, "input": "48x48x4"}, "--input", "bad-value", None),
}


@pytest.mark.parametrize(("options", "flag", "code", "hint"), WRONG_OPTIONS.values(), ids=WRONG_OPTIONS)
def test_wrong_options(options: dict[str, Any], flag: str, code: str, hint: str | None, net: str) -> None:
    with pytest.raises(archspec.SpecError) as wrong:
        archspec.sweep(net, **options)
    (one,) = wrong.value.diagnostics
    assert (one.place.source.name, one.code) == (flag, code)
    assert hint in (None, one.hint)


def test_the_largest_variant_overflows(net: str) -> None:
    told: list[str] = []
    large = {"mixed.n3x3": [7, 2_000_000_000], "mixed.n3x3_reduce": [6, 2_000_000_000]}
    found = archspec.sweep(net, vary=large, announce=told.extend)
    row = "row mixed.b3x3.conv.conv"
    assert told == [
        "net: 2 axes, 4 variants; 4 variants will be costed",
        f"the largest variant does not fit in 63 bits ({row}: the counts no longer fit in 63 bits): such are invalid",
    ]
    alone = [totals(net, found.plan.space.changes(found.plan.space.steps(index))) for index in range(4)]
    assert found["variant"].tolist() == [index for index, one in enumerate(alone) if one]
    assert found["macs"].tolist() == [one["macs"] for one in alone if one]


def test_command(net: str) -> None:
    done = archspec_run(
        "sweep", net, "--vary", "vars.w=8:16:4", "--vary", "c.groups=1,3", "--where", "params < 1", "-o", "out.csv"
    )
    assert done.returncode == 1
    assert done.stderr == "net: 2 axes, 6 variants; 6 variants will be costed\n"
    assert "`params < 1` excludes 3, and 3 that no other constraint does\n" in done.stdout
    assert "invalid: 3, such as variant 1 (also 3, 5): row c: 3 groups do not divide the 4 channels that come in\n" in done.stdout
    assert done.stdout.endswith("wrote out.csv: 0 rows\n")


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_sweep_leaves_nothing_half_written(net: str, number: int) -> None:
    words = ["sweep", net, "--vary", "mixed.n1x1=1:100000:1", "--vary", "mixed.n5x5=1:5000:1", "-o", "out.csv"]
    with subprocess.Popen([sys.executable, "-m", "archspec", *words], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline().endswith("500,000,000 variants will be costed\n")
        time.sleep(0.5)
        process.send_signal(number)
        rest = process.stderr.read()
    assert process.returncode == (130 if number == signal.SIGINT else 143)
    assert number != signal.SIGINT or rest.endswith("of 500,000,000 variants were costed; no file was written\n")
    assert sorted(path.name for path in Path().iterdir()) == ["net.yaml"]


def test_new(net: str) -> None:
    done = archspec_run("new", "mine.yaml", "--from", net)
    assert (done.returncode, done.stdout) == (0, "wrote mine.yaml\n")
    text = Path("mine.yaml").read_text()
    assert text.startswith("extends: ./net.yaml\nname: mine\n")
    assert archspec.report("mine.yaml").data()["totals"] == archspec.report(net).data()["totals"]
    examples = re.sub(r"(?m)^  # (\w+: \{.*\}).*$", r"  \1", text)
    assert examples.count("#") < text.count("#")
    Path("edited.yaml").write_text(examples)
    assert archspec.check("edited.yaml") == ()
    again = archspec_run("new", "mine.yaml", "--from", net)
    assert again.returncode == 2
    assert "mine.yaml is there already" in again.stderr
    assert archspec_run("new", "sub.txt", "--from", net).returncode == 2
    assert archspec_run("new", "two.yaml").returncode == 2


def test_all_members_of_a_small_space(net: str) -> None:
    """The last axis turns fastest."""
    found = archspec.sweep(net, vary={"vars.w": [8, 12], "mixed.n1x1": [4, 5]})
    assert list(zip(found["vars.w"].tolist(), found["mixed.n1x1"].tolist(), strict=True)) == list(product([8, 12], [4, 5]))


def test_a_constraint_on_a_layer_and_on_a_row_that_only_some_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("some.yaml").write_text(
        """name: some
input: 8x8x3
vars: {n: 1}
rows:
  - {id: a, type: convolution, patch: 1x1, filters: 4}
  - {id: b, when: =n > 1, type: conv, patch: 1x1, filters: =n}
  - {id: c, type: linear, filters: 2}
"""
    )

    def kept(where: str, **vary: list[object]) -> list[int]:
        found = archspec.sweep("some.yaml", vary={path.replace("__", "."): one for path, one in vary.items()}, where=where)
        return [int(number) for number in found["variant"]]

    assert kept("a.activation == 'relu'", a__activation=["relu", "silu", "hard swish"]) == [0]
    assert kept("a.activation != 'hard swish'", a__activation=["relu", "silu", "hard swish"]) == [0, 1]
    assert kept("b.filters == 3", vars__n=[1, 2, 3]) == [0, 2]  # the first lacks the row
    assert kept("b.params > 8", vars__n=[1, 2, 3]) == [1, 2]


def test_values_that_do_not_fit_in_63_bits_are_exact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("wide.yaml").write_text(
        "name: wide\ninput: 1x1x1\nvars: {n: 1}\nrows:\n  - {id: a, type: linear, filters: =1 + n % 7}\n"
    )
    values = [-1, 2**63 - 2, 2**63 - 1]
    found = archspec.sweep("wide.yaml", vary={"vars.n": values})
    assert found["params"].tolist() == [2 * (1 + value % 7) for value in values]
