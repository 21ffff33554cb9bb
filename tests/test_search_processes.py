"""Several processes at one study, one of which is killed; a process that is killed before its first heartbeat."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import archspec
from archspec.api import searches
from archspec.design.trials import SAME

optuna = pytest.importorskip("optuna")

NET = """
name: net
input: 16x16x3
rows:
  - {id: one, type: conv, patch: 3x3, filters: 8}
  - {id: two, type: conv, patch: 3x3, filters: 8}
"""
AXES = ("one.filters=1:8:1", "two.filters=1:8:1")
HEARTBEAT, TRIALS, PROCESSES = 1, 14, 3
#: a latency that takes its time, and is noted in a file when it begins and when it ends
WORKER = f"""
import os, sys, time
from archspec.analysis.costs import network_cost
from archspec.api import searches

def note(what, params):
    with open("log", "a") as log:
        log.write(f"{{what}} {{os.getpid()}} {{params}}\\n")

def latency(network):
    params = network_cost(network).total.params
    note("begin", params)
    time.sleep(0.5)
    note("end", params)
    return params

searches.MEASURES["latency"] = lambda told: latency
searches.search("net.yaml", vary={AXES!r}, trials=int(sys.argv[1]), heartbeat={HEARTBEAT})
"""


def start(folder: Path, trials: int) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", WORKER, str(trials)], cwd=folder, stderr=subprocess.PIPE, text=True)


def noted(folder: Path) -> list[list[str]]:
    log = folder / "log"
    return [line.split() for line in log.read_text().splitlines()] if log.exists() else []


def measuring(folder: Path, process: int) -> bool:
    mine = Counter(what for what, at, _ in noted(folder) if at == str(process))
    return mine["begin"] > mine["end"] >= 1


def until(condition: Any, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def trials_of(folder: Path) -> list[Any]:
    return list(optuna.load_study(study_name="search", storage=f"sqlite:///{folder / 'study.db'}").trials)


def by_state(trials: list[Any]) -> Counter[str]:
    return Counter(trial.state.name for trial in trials)


def test_a_process_that_is_killed_costs_nothing_but_its_trial(folder: Path) -> None:
    (folder / "net.yaml").write_text(NET)
    processes = [start(folder, TRIALS) for _ in range(PROCESSES)]
    victim = processes[1]
    until(lambda: measuring(folder, victim.pid) or victim.poll() is not None)
    os.kill(victim.pid, signal.SIGKILL)
    killed = datetime.now()
    for process in processes:
        _, told = process.communicate(timeout=60)
        assert process.returncode == (-signal.SIGKILL if process is victim else 0), told

    trials = trials_of(folder)
    states = by_state(trials)
    assert TRIALS <= states["COMPLETE"] < TRIALS + PROCESSES
    assert states["RUNNING"] == states["WAITING"] == 0
    (failed,) = (trial for trial in trials if trial.state.name == "FAIL")
    # heartbeats stop for twice their interval, which the database tells in whole seconds; then the next trial ends
    assert (failed.datetime_complete - killed).total_seconds() < 2 * HEARTBEAT + 4
    (again,) = (trial for trial in trials if trial.system_attrs.get("failed_trial") == failed.number)
    assert (again.state.name, again.params) == ("COMPLETE", failed.params)

    measured = [trial for trial in trials if trial.state.name == "COMPLETE" and SAME not in trial.user_attrs]
    log = noted(folder)
    ends = Counter(int(params) for what, _, params in log if what == "end")
    assert ends == Counter(int(trial.value) for trial in measured)  # what was measured is in the study, and nothing else
    assert Counter(what for what, _, _ in log)["begin"] == len(measured) + 1
    assert not [*folder.glob(".*.part")]

    # the same command goes on, and measures what is new only
    more = start(folder, TRIALS + 2)
    _, told = more.communicate(timeout=60)
    assert more.returncode == 0, told
    assert by_state(trials_of(folder))["COMPLETE"] == max(TRIALS + 2, states["COMPLETE"])


def test_a_trial_that_never_began_is_run_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Optuna alone never finds it: it has no heartbeat that could stop."""
    (folder / "net.yaml").write_text(NET)
    monkeypatch.setitem(searches.MEASURES, "latency", lambda told: lambda network: 1.0)
    archspec.search("net.yaml", vary=AXES, trials=1, heartbeat=1)
    study = optuna.load_study(study_name="search", storage="sqlite:///study.db")
    with_params = study.ask()
    with_params.suggest_int("one.filters", 1, 8)
    archspec.search("net.yaml", vary=AXES, trials=3, heartbeat=1)
    trials = trials_of(folder)
    assert by_state(trials) == {"COMPLETE": 3, "FAIL": 1}
    (again,) = (trial for trial in trials if trial.system_attrs.get("failed_trial") == with_params.number)
    assert again.state.name == "COMPLETE"
    assert again.params["one.filters"] == with_params.params["one.filters"]


def test_processes_draw_other_points_and_a_search_alone_the_same(folder: Path) -> None:
    (folder / "net.yaml").write_text(NET)
    drawn = []
    for study, seed in (("a.db", 7), ("b.db", 7), ("c.db", 8)):
        archspec.search("net.yaml", vary=AXES, objective="macs", trials=4, study=study, seed=seed)
        kept = optuna.load_study(study_name="search", storage=f"sqlite:///{study}")
        drawn.append([trial.params for trial in kept.trials])
    assert drawn[0] == drawn[1] != drawn[2]
    archspec.search("net.yaml", vary=AXES, objective="macs", trials=8, study="a.db", seed=7)  # joins: another process
    kept = optuna.load_study(study_name="search", storage="sqlite:///a.db")
    assert [trial.params for trial in kept.trials][4:] != drawn[0]
