"""What a search found: the best trials, and what became of the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archspec.design.axes import spelled_changes
from archspec.design.objectives import Objective
from archspec.design.search import Search
from archspec.design.space import Space
from archspec.design.storage import shown
from archspec.design.trials import COSTS, INVALID, SAME, STARTED

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

#: what becomes of a trial, in the order in which it is told
FATES = ("complete", "over the budget", "invalid", "looked up", "failed", "running", "waiting")


@dataclass(frozen=True)
class Best:
    """A trial within the budget: the figure of each objective, its costs, and the changes that rebuild it as `--set` has them."""

    trial: int
    values: Mapping[str, float]
    costs: Mapping[str, int]
    changes: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """The best few of one objective, or the Pareto front of several; how many trials had each fate; by how many trials each
    constraint was broken; the reasons of invalid variants; the machines that took part.
    """

    study: str
    space: Space
    objectives: tuple[Objective, ...]
    best: tuple[Best, ...]
    fates: Mapping[str, int]
    tried: int
    broken: Mapping[str, int]
    invalid: Mapping[str, int]
    hosts: tuple[str, ...]


def found(search: Search, top: int) -> Found:
    """What a study has, `top` trials of it if it has one objective."""
    trials = search.trials
    fates = [(_fate(trial), trial) for trial in trials]
    first = [trial for fate, trial in fates if fate in FATES[:3]]
    counts = Counter(fate for fate, _ in fates)
    return Found(
        shown(search.target),
        search.space,
        tuple(search.objectives),
        tuple(_best(search, trial) for trial in _chosen(search, fates, top)),
        {fate: counts[fate] for fate in FATES},
        len(search.known(trials)),
        {one.text: sum(trial.constraints.get(one.text, 0) > 0 for trial in first) for one in search.space.where},
        Counter(reason for trial in first for reason in trial.user_attrs.get(INVALID, ())[:1]),
        tuple(sorted({trial.user_attrs[STARTED]["host"] for trial in trials if STARTED in trial.user_attrs})),
    )


def _fate(trial: FrozenTrial) -> str:
    from optuna.trial import TrialState

    if trial.state.is_finished() and trial.state != TrialState.FAIL:
        if SAME in trial.user_attrs:
            return "looked up"
        if trial.state == TrialState.PRUNED:
            return "invalid"
        return "over the budget" if any(amount > 0 for amount in trial.constraints.values()) else "complete"
    return {TrialState.FAIL: "failed", TrialState.RUNNING: "running"}.get(trial.state, "waiting")


def _chosen(search: Search, fates: Iterable[tuple[str, FrozenTrial]], top: int) -> list[FrozenTrial]:
    complete = [trial for fate, trial in fates if fate == "complete"]
    if len(search.objectives) == 1:
        sign = 1 if search.objectives[0].direction == "minimize" else -1
        return sorted(complete, key=lambda trial: sign * trial.values[0])[:top]
    front = {trial.number for trial in search.study.best_trials}
    return sorted((trial for trial in complete if trial.number in front), key=lambda trial: trial.values)


def _best(search: Search, trial: FrozenTrial) -> Best:
    costs = trial.user_attrs[COSTS]
    # Optuna has floats, costs are exact
    values = {one.name: costs.get(one.name, value) for one, value in zip(search.objectives, trial.values, strict=True)}
    changes = spelled_changes(search.space.at(search.runner.steps(trial)))
    return Best(trial.number, values, costs, (*search.space.set, *changes))
