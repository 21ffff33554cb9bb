"""A study remembers what is searched: it goes on with the same spec, space, objectives and way of measuring, or not at all."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archspec.design import storage
from archspec.design.objectives import Objective
from archspec.language.diagnostics import Problems, fail
from archspec.language.places import option

if TYPE_CHECKING:
    from optuna import Study
    from optuna.samplers import BaseSampler
    from optuna.storages import RDBStorage

#: the attribute of a study that has its memory
_MEMORY = "archspec"
#: seconds until another process has written the memory of a study that it has just made
_PATIENCE = 10


def _tpe(seed: int) -> BaseSampler:
    from optuna.samplers import TPESampler

    return TPESampler(seed=seed)


def _nsga2(seed: int) -> BaseSampler:
    from optuna.samplers import NSGAIISampler

    return NSGAIISampler(seed=seed, population_size=20)


#: by the word of `--sampler`: what makes one from a seed
SAMPLERS: Mapping[str, Callable[[int], BaseSampler]] = {"tpe": _tpe, "nsga2": _nsga2}


@contextmanager
def quiet() -> Iterator[None]:
    """Without what Optuna tells of each trial on stderr."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)


@dataclass(frozen=True)
class Memory:
    """What a study is of. `measure` is how it is measured, empty if nothing is."""

    spec: str
    digest: str
    axes: Mapping[str, str]
    links: Mapping[str, str]
    where: Sequence[str]
    objectives: Sequence[str]
    measure: Mapping[str, Any]

    def parts(self) -> Iterator[tuple[str, str, str]]:
        """What must be the same, one by one: the option that says it, what it is, and its value in words."""
        yield "SPEC", "the spec", f"{self.spec} ({self.digest[:12]})"
        for name, values in self.axes.items():
            yield "--vary", f"the axis {name}", values
        for path, formula in self.links.items():
            yield "--vary", f"the link {path}", formula
        yield "--where", "the budget", " and ".join(self.where)
        yield "--objective", "the objective", ",".join(self.objectives)
        for name, value in self.measure.items():
            yield f"--{name}", f"--{name}", "" if value is None else str(value)


def open_study(
    target: str, name: str, memory: Memory, objectives: Sequence[Objective], sampler: str, seed: int, heartbeat: int
) -> tuple[Study, RDBStorage]:
    """The study of this name at a file or URL, made if it is not there. Raises SpecError for a study of something else."""
    import optuna

    directions = [one.direction for one in objectives]
    made: list[str] = []

    def make(kept: RDBStorage) -> None:
        try:
            study = optuna.create_study(storage=kept, study_name=name, directions=directions)
        except optuna.exceptions.DuplicatedStudyError:
            return
        made.append(name)
        study.set_user_attr(_MEMORY, _plain(memory))

    kept = storage.connect(target, heartbeat, make)
    with storage.readable(target):
        make(kept)
        study = optuna.load_study(storage=kept, study_name=name)
        _compare(_remembered(study, target), _plain(memory), target)
        study.sampler = SAMPLERS[sampler](seed if made else _other(seed, len(study.get_trials(deepcopy=False))))
    return study, kept


def _plain(memory: Memory) -> list[list[str]]:
    return [list(part) for part in memory.parts()]


def _remembered(study: Study, target: str) -> list[list[str]]:
    """What a study was made for; another process may have made it just now."""
    for _ in range(10 * _PATIENCE):
        told = study.user_attrs.get(_MEMORY)
        if told is not None:
            return list(told)
        time.sleep(0.1)
    raise fail("bad-study", f"the study `{study.study_name}` was not made by archspec", storage.place(target))


def _compare(then: Sequence[Sequence[str]], now: Sequence[Sequence[str]], target: str) -> None:
    """Raises SpecError with everything that differs."""
    problems = Problems()
    told = {what: (flag, value) for flag, what, value in then}
    said = {what: (flag, value) for flag, what, value in now}
    for what in dict.fromkeys((*told, *said)):
        (_, old), (flag, new) = told.get(what, ("", None)), said.get(what, ("", None))
        if old != new:
            message = f"the study {storage.shown(target)} is of something else: {what} was {_said(old)}, and is {_said(new)}"
            flag = flag or told[what][0]
            hint = "what it was goes on with the study; for anything else name another one with --study"
            problems.add("bad-study", message, option(flag, new or old or ""), hint=hint)
    problems.check()


def _said(value: str | None) -> str:
    return f"`{value}`" if value else "not there"


def _other(seed: int, trials: int) -> int:
    """A seed for a process that joins a study: neither the first one's, nor that of another process."""
    import numpy as np

    words = f"{seed} {trials} {os.getpid()} {platform.node()} {time.time_ns()}".encode()
    return int(np.random.SeedSequence(list(words)).generate_state(1)[0])
