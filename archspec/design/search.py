"""A search: the trials of a study, run by this process and others until the study has so many.

Heartbeats tell which processes are alive: a trial of one that was killed is marked failed when they have stopped for the grace
period, and is run again once, by whichever process comes first. Trials that are running elsewhere keep their place, so that
the total is exceeded only by processes that ask in the same moment; at the end their outcome is waited for.
"""

from __future__ import annotations

import platform
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from archspec.design import storage
from archspec.design.objectives import Objective
from archspec.design.space import Space
from archspec.design.trials import STARTED, Point, Trials
from archspec.ir.tree import Network

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.storages import RDBStorage
    from optuna.trial import FrozenTrial

#: told of the finished trials, of how many, and of the seconds that are left (None: not known yet)
Progress = Callable[[int, int, float | None], None]


@dataclass
class Search:
    """This process's part of a study: `variant` gives the network at a step on each axis of the space, `measures` has a
    function for each objective that is measured.
    """

    study: Study
    storage: RDBStorage
    target: str
    space: Space
    objectives: Sequence[Objective]
    variant: Callable[[Sequence[int]], Network]
    measures: Mapping[str, Callable[[Network], float]]
    #: trials that have not begun: when this process first saw them, in seconds
    _seen: dict[int, float] = field(default_factory=dict)

    def run(self, total: int, progress: Progress = lambda done, of, left: None) -> None:
        """Runs trials until the study has `total`, or every variant was tried. Raises SpecError."""
        with storage.readable(self.target):
            started, at_first = time.monotonic(), counts(self.trials)["finished"]
            while True:
                trials = self._bury()
                found = counts(trials)
                done = found["finished"]
                here = done - at_first
                progress(done, total, (time.monotonic() - started) / here * (total - done) if here else None)
                places = done + found["running"] + found["waiting"]
                if found["waiting"] or (places < total and len(self.known(trials)) < self.space.size):
                    self._one()
                elif found["running"]:
                    time.sleep(min(1.0, self._grace / 4))
                else:
                    return

    @property
    def trials(self) -> list[FrozenTrial]:
        """All trials of the study, in order."""
        return self.study.get_trials(deepcopy=False)

    @cached_property
    def runner(self) -> Trials:
        """What every trial has in common."""
        return Trials(self.space, self.variant, self.objectives, self.measures, lambda: self.known(self.trials))

    def known(self, trials: Iterable[FrozenTrial]) -> dict[Point, FrozenTrial]:
        """The finished trials by what they tried, the first of each."""
        from optuna.trial import TrialState

        known: dict[Point, FrozenTrial] = {}
        for trial in trials:
            if trial.state in (TrialState.COMPLETE, TrialState.PRUNED):
                known.setdefault(self.runner.point(trial), trial)
        return known

    def _one(self) -> None:
        from optuna.exceptions import UpdateFinishedTrialError

        with suppress(UpdateFinishedTrialError):  # this process stood still for so long that another one runs it again
            self.study.optimize(self._trial, n_trials=1)

    def _trial(self, trial: Trial) -> list[float]:
        self.storage.record_heartbeat(trial._trial_id)  # Optuna has no public name for what its heartbeats are keyed by
        trial.set_user_attr(STARTED, {"trial": trial.number, "host": platform.node()})
        return self.runner.run(trial)

    @property
    def _grace(self) -> float:
        return 2 * (self.storage.heartbeat_interval or 0)

    def _bury(self) -> list[FrozenTrial]:
        """Marks the trials of dead processes as failed, which puts them back in the queue once; gives all trials."""
        import optuna

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)  # heartbeats, since 2021
            optuna.storages.fail_stale_trials(self.study)
        trials = self.trials
        for trial in trials:
            if trial.state == optuna.trial.TrialState.RUNNING and trial.user_attrs.get(STARTED, {}).get("trial") != trial.number:
                self._bury_unborn(trial)
        return trials

    def _bury_unborn(self, trial: FrozenTrial) -> None:
        """A process that is killed between asking for a trial and its first heartbeat leaves one that Optuna never finds."""
        import optuna

        if time.monotonic() - self._seen.setdefault(trial.number, time.monotonic()) <= self._grace:
            return
        try:
            self.study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
        except (ValueError, optuna.exceptions.UpdateFinishedTrialError):
            return  # another process has seen it, or it has begun after all
        again = self.storage.get_heartbeat_stale_trial_callback()
        if again is not None:
            again(self.study, trial)


def counts(trials: Iterable[FrozenTrial]) -> Counter[str]:
    """How many trials are `finished`, `running`, `waiting` and `failed`."""
    from optuna.trial import TrialState

    names = {TrialState.RUNNING: "running", TrialState.WAITING: "waiting", TrialState.FAIL: "failed"}
    return Counter(names.get(trial.state, "finished") for trial in trials)
