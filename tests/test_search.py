"""A search: what it finds, what it measures, and how it takes wrong words and files."""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from test_cli import run

import archspec
from archspec.analysis.costs import network_cost
from archspec.analysis.variants import cost_alone
from archspec.api import searches
from archspec.design import storage
from archspec.design.budget import violation
from archspec.design.space import space
from archspec.ir.tree import Network
from archspec.render.search import Searched

optuna = pytest.importorskip("optuna")
event = pytest.importorskip("sqlalchemy.event")

NET = """
name: net
input: 16x16x3
vars: {width: 8}
rows:
  - {id: one, type: conv, patch: 3x3, filters: =width}
  - {id: two, type: conv, patch: 3x3, filters: 16, groups: 1}
  - {id: pool, type: global avg pool}
  - {id: fc, type: linear, filters: 10}
"""
WIDTHS, FILTERS = range(4, 33, 4), range(8, 49, 8)
AXES = ["vars.width=4:32:4", "two.filters=8:48:8"]
BUDGET = "params <= 5K and macs >= 500K"


@pytest.fixture
def net(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the spec; studies are written without waiting for the disk, which only loses them with the machine."""
    (folder / "net.yaml").write_text(NET)
    before = storage._storage

    def fast(url: str, heartbeat: int) -> Any:
        made = before(url, heartbeat)
        event.listen(made.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))
        made.engine.dispose()
        return made

    monkeypatch.setattr(storage, "_storage", fast)
    return folder


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """In place of a clock: a latency that the parameters tell. What was measured is noted."""
    measured: list[int] = []

    def latency(network: Network) -> float:
        params = network_cost(network).total.params
        measured.append(params)
        return abs(params - 3000) / 1000

    monkeypatch.setitem(searches.MEASURES, "latency", lambda told: latency)
    return measured


def totals(width: int, filters: int) -> dict[str, int]:
    found: dict[str, int] = archspec.report("net.yaml", set={"two.filters": filters}, width=width).data()["totals"]
    return found


def within(**told: int) -> bool:
    return told["params"] <= 5000 and told["macs"] >= 500_000


@pytest.mark.parametrize("sampler", ["tpe", "nsga2"])
def test_the_best_within_a_budget_is_found(net: Path, sampler: str) -> None:
    """Of 48 variants, of which the budget leaves 11, in 40 trials; all 48 are counted here to know which is the best."""
    every = {(w, f): totals(w, f) for w, f in itertools.product(WIDTHS, FILTERS)}
    kept = {point: told for point, told in every.items() if within(**told)}
    assert 0 < len(kept) < len(every) // 3
    least = min(told["activations"] for told in kept.values())
    made = archspec.search("net.yaml", vary=AXES, where=BUDGET, objective="activations", sampler=sampler, trials=40, seed=3)
    assert made.best[0].values["activations"] == least
    for best in made.best:
        told = archspec.report("net.yaml", set=best.changes).data()["totals"]
        assert within(**told)
        assert best.costs["params"] == told["params"]


def test_several_objectives_give_their_pareto_front(net: Path) -> None:
    made = archspec.search("net.yaml", vary=AXES, objective="params,depth,macs", trials=15)
    values = [tuple(best.values.values()) for best in made.best]
    assert values
    for one, other in itertools.permutations(values, 2):
        assert not all(mine <= theirs for mine, theirs in zip(one, other, strict=True))


def test_a_point_is_measured_once_and_one_over_the_budget_never(net: Path, timed: list[int]) -> None:
    """A space of 6 variants: the search ends when all were tried, whatever the number of trials."""
    made = archspec.search("net.yaml", vary="two.filters=8:48:8", where="params <= 3K", trials=500)
    assert len(timed) == len(set(timed))
    assert all(params <= 3000 for params in timed)
    fates = made.found.fates
    assert made.found.tried == fates["complete"] + fates["over the budget"] == 6
    assert len(timed) == fates["complete"] == sum(totals(8, filters)["params"] <= 3000 for filters in FILTERS)
    assert "every variant was tried" in str(made)
    again = archspec.search("net.yaml", vary="two.filters=8:48:8", where="params <= 3K", trials=500)
    assert again.data() == made.data()


def test_invalid_variants_count_and_are_never_best(net: Path, timed: list[int]) -> None:
    made = archspec.search("net.yaml", vary="two.groups=1,2,3,5,7", trials=30)
    assert made.data()["invalid"] == [
        {"reason": "two: 3 groups do not divide the 8 channels that come in", "trials": 1},
        {"reason": "two: 5 groups do not divide the 8 channels that come in", "trials": 1},
        {"reason": "two: 7 groups do not divide the 8 channels that come in", "trials": 1},
    ]
    assert len(made.best) == len(timed) == 2
    study = optuna.load_study(study_name="search", storage="sqlite:///study.db")
    for trial in study.trials:
        assert (trial.state.name == "PRUNED") is (trial.constraints.get("valid", 0) > 0)


def test_latency_is_measured_on_the_built_module(net: Path) -> None:
    (best,) = archspec.search("net.yaml", vary="two.filters=8,16", trials=2, top=1, measure={"repeats": 2}).best
    assert 0 < best.values["latency"] < 1000
    assert best.changes[0].startswith("two.filters=")


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("params <= 2000", -(1 - 1562 / 2000)),
        ("params >= 2000", 1 - 1562 / 2000),
        ("2000 <= params", 1 - 1562 / 2000),
        ("params < 1562", 1e-9),
        ("params == 1562", 0),
        ("params != 1562", 1e-9),
        ("1000 < params < 1500", 1 - 1500 / 1562),
        ("params <= 1500 or two.filters % 8 == 0", 0),
        ("not two.filters % 8 == 0", 1),
        ("groups == 1", 0),  # in each of both rows that have it
        ("filters <= 12", 1 - 12 / 16),  # the worst of three rows
        ("vars.width == 8", 0),
        ("two.params <= 1K", 1 - 1000 / 1168),
    ],
)
def test_by_how_much_a_constraint_is_broken(net: Path, text: str, amount: float) -> None:
    """The plain network: 1,562 parameters, 1,168 of them in the row two."""
    given = space("net.yaml", vary=["vars.width=8,16"], where=[text])
    costs = cost_alone(given.network)
    assert costs.total.params == 1562
    assert violation(given.where[0], costs, {"vars.width": 8}) == pytest.approx(amount)


def other(**told: Any) -> Callable[[], Searched]:
    plain: dict[str, Any] = {"vary": AXES, "objective": "macs", "trials": 2}
    return lambda: archspec.search("net.yaml", **{**plain, **told})


@pytest.mark.parametrize(
    ("told", "flag", "message"),
    [
        ({"vary": AXES[:1]}, "--vary", "the axis two.filters was `8,16,24,32,40,48`, and is not there"),
        ({"vary": ["vars.width=4,8", AXES[1]]}, "--vary", "the axis vars.width was `4,8,12,16,20,24,28,32`, and is `4,8`"),
        ({"objective": "macs,params"}, "--objective", "the objective was `macs`, and is `macs,params`"),
        ({"where": "params <= 7M"}, "--where", "the budget was not there, and is `params <= 7M`"),
        ({"input": "32x32x3"}, "SPEC", "the spec was `net.yaml (...)`, and is `net.yaml (...)`"),
    ],
)
def test_a_study_does_not_go_on_with_something_else(net: Path, told: dict[str, Any], flag: str, message: str) -> None:
    other()()
    with pytest.raises(archspec.SpecError) as caught:
        other(**told)()
    (one,) = caught.value.diagnostics
    assert (one.code, one.place.source.name) == ("bad-study", flag)
    start, _, rest = message.partition("(...)")
    assert one.message.startswith(f"the study study.db is of something else: {start}")
    assert rest.count("(") == 0 or one.message.count("net.yaml (") == 2


def damaged(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096 : 4096 * 8] = b"\xff" * (4096 * 7)
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path: path.write_text("hello"), "study.db is no study, or was damaged: file is not a database"),
        (lambda path: path.write_bytes(b""), "study.db holds no study"),
        (lambda path: path.write_bytes(path.read_bytes()[:60_000]), "study.db is no study, or was damaged: ..."),
        (damaged, "study.db ..."),
        (lambda path: sqlite3.connect(path).execute("DROP TABLE studies").connection.close(), "study.db holds no study"),
    ],
    ids=["text", "empty", "cut", "damaged", "tables"],
)
def test_a_damaged_study_is_an_error_and_stays_as_it_is(net: Path, spoil: Callable[[Path], Any], message: str) -> None:
    path = net / "study.db"
    other()()
    spoil(path)
    before = path.read_bytes()
    with pytest.raises(archspec.SpecError) as caught:
        other()()
    (one,) = caught.value.diagnostics
    assert one.code == "bad-study"
    assert one.message.startswith(message.removesuffix("..."))
    assert path.read_bytes() == before
    assert [*net.glob(".*.part")] == []


@pytest.mark.parametrize(
    ("told", "code", "message"),
    [
        (
            {"objective": "lat"},
            "unsupported",
            "--objective is one of latency, params, macs, activations, depth, memory, found `lat`",
        ),
        ({"objective": "macs,macs"}, "unsupported", "`macs` stands twice among the objectives"),
        ({"sampler": "grid"}, "unsupported", "--sampler is one of tpe, nsga2, found `grid`"),
        ({"trials": 0}, "unsupported", "--trials is a whole number from 1 to 2,147,483,647"),
        ({"measure": {"batch": 2}}, "unsupported", "--batch says how to measure"),
        ({"vary": ()}, "missing-key", "there is nothing to vary"),
        ({"vary": "two.filter=8,16"}, "unknown-path", "`two.filter` is neither a row nor a column of a row"),
        ({"where": "parms <= 7M"}, "unknown-name", "nothing here is called `parms`"),
        ({"study": "no/study.db"}, "bad-file", "no/study.db cannot be written: No such file or directory"),
        ({"study": "."}, "bad-file", ". is not a file"),
        ({"study": "nosql://u:secret@h/db"}, "bad-study", "the study cannot be read or written: ..."),
    ],
)
def test_wrong_words(net: Path, told: dict[str, Any], code: str, message: str) -> None:
    with pytest.raises(archspec.SpecError) as caught:
        other(**told)()
    (one,) = caught.value.diagnostics
    assert one.code == code
    assert one.message.startswith(message.removesuffix("...")) if message.endswith("...") else one.message == message
    assert "secret" not in str(one)
    assert not (net / "study.db").exists()


def test_how_it_is_measured_wrongly_ends_the_search(net: Path) -> None:
    """It is no fault of a variant: nothing is counted as invalid."""
    if __import__("torch").cuda.is_available():
        pytest.skip("there is a CUDA device")
    with pytest.raises(archspec.SpecError, match="torch finds no CUDA device"):
        archspec.search("net.yaml", vary=AXES, trials=5, measure={"device": "cuda"})
    (trial,) = optuna.load_study(study_name="search", storage="sqlite:///study.db").trials
    assert trial.state.name == "FAIL"


def test_the_command_prints_a_table_or_json(net: Path) -> None:
    words = ("search", "net.yaml", "--vary", AXES[1], "--objective", "macs", "--trials", "3")
    done = run(*words, folder=net)
    assert (done.returncode, done.stderr) == (0, "6 variants; 0 of 3 trials are done\n")
    lines = done.stdout.splitlines()
    assert lines[0] == "net   the best of study.db by macs"
    assert lines[2].split() == ["trial", "multiply-adds", "parameters"]
    done = run(*words, "--format", "json", folder=net)
    assert done.stderr == "6 variants; 3 of 3 trials are done\n"
    data = json.loads(done.stdout)
    assert data["objectives"] == [{"name": "macs", "unit": "of convolutions and linears, without bias", "direction": "minimize"}]
    best = data["best"][0]
    assert archspec.report(net / "net.yaml", set=best["set"]).data()["totals"]["macs"] == best["values"]["macs"]


@pytest.mark.parametrize(
    "where", [BUDGET, "filters % 16 == 0 and two.macs < 200K", "params < 1K or not vars.width <= 8", "groups == 2"]
)
def test_a_constraint_is_broken_where_a_sweep_excludes(net: Path, where: str) -> None:
    swept = archspec.sweep("net.yaml", vary=AXES, where=where)
    given = space("net.yaml", vary=AXES, where=[where])
    kept = []
    for member in range(given.size):
        steps = given.steps(member)
        network = archspec.load("net.yaml", set=given.changes(steps))
        listed = {axis.name: value for axis, value in zip(given.axes, given.values(steps), strict=True)}
        if all(violation(one, cost_alone(network), listed) <= 0 for one in given.where):
            kept.append(member)
    assert kept == list(swept["variant"])
