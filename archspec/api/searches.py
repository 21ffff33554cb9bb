"""The verb search in Python: a space, a study that is shared, and what is measured of each variant."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from archspec.api.networks import all_changes, load
from archspec.api.reports import measure_settings, measured
from archspec.design.best import found
from archspec.design.objectives import Objective, objectives
from archspec.design.ranges import spelled
from archspec.design.search import Progress, Search
from archspec.design.space import Space, space
from archspec.design.study import SAMPLERS, Memory, open_study, quiet
from archspec.ir.tree import Network
from archspec.language.choices import number_of, one_of
from archspec.language.diagnostics import fail
from archspec.language.places import option
from archspec.language.spelled import (
    Axes,
    Changes,
    Input,
    Scaling,
    spelled_axes,
    spelled_names,
    spelled_size,
)
from archspec.render.search import Searched

#: what a search measures, by the name of the objective: from how it is measured, the figure of a network
MEASURES: Mapping[str, Callable[[Mapping[str, Any]], Callable[[Network], float]]] = {"latency": lambda told: _latency(told)}
#: values of an axis that a study has one by one; of a longer one it has the text
_LISTED = 50
_LEAST = {"trials": 1, "heartbeat": 1, "top": 1, "seed": 0}
_MOST = 2**31 - 1


def search(
    spec: str | os.PathLike[str],
    *,
    objective: str | Iterable[str] = "latency",
    vary: Axes = (),
    each: Axes = (),
    where: str | Iterable[str] = (),
    links: Mapping[str, str] | None = None,
    sampler: str = "tpe",
    trials: int = 100,
    study: str | os.PathLike[str] = "study.db",
    name: str = "search",
    seed: int = 0,
    heartbeat: int = 60,
    measure: Mapping[str, Any] | None = None,
    top: int = 5,
    set: Changes = (),
    scale: Scaling = None,
    input: Input = None,
    progress: Progress | None = None,
    ready: Callable[[Search], None] = lambda search: None,
    **vars: Any,
) -> Searched:
    """The best variant of a space, or the Pareto front of several objectives, as far as `trials` trials of a study find it.

    `vary`, `each`, `where` and `links` are as in `archspec.sweep`; `measure` has the fields of
    `archspec.analysis.latency.Settings`. `study` is a file, or a URL of SQLAlchemy; the same call goes on with it, also in
    several processes at once. `ready` is told the search before its first trial. Raises SpecError.
    """
    one_of("--sampler", sampler, SAMPLERS)
    for flag, value in (("trials", trials), ("heartbeat", heartbeat), ("top", top), ("seed", seed)):
        number_of(f"--{flag}", value, _LEAST[flag], _MOST)
    chosen = objectives(spelled_names(objective))
    given = space(
        os.fspath(spec),
        vary=spelled_axes(vary),
        each=spelled_axes(each),
        where=[where] if isinstance(where, str) else where,
        links=(links or {}).items(),
        set=all_changes(set, vars, scale),
        input=spelled_size(input),
    )
    if not given.axes:
        hint = "name one with --vary, such as --vary 'vars.width=0.5,1,2', or in the section `space` of a file"
        raise fail("missing-key", "there is nothing to vary", option("SPEC", given.spec), hint=hint)
    settings = _settings(chosen, measure or {})
    measures = {one.name: MEASURES[one.name](settings) for one in chosen if one.measured}
    target = os.fspath(study)
    memory = _memory(given, chosen, settings)
    with quiet():
        opened, storage = open_study(target, name, memory, chosen, sampler, seed, heartbeat)
        one = Search(opened, storage, target, given, chosen, lambda steps: _variant(given, steps), measures)
        ready(one)
        one.run(trials, progress or (lambda done, of, left: None))
        return Searched(found(one, top))


def _variant(given: Space, steps: Sequence[int]) -> Network:
    return load(given.spec, set=given.changes(steps), input=given.input)


def _settings(chosen: Iterable[Objective], told: Mapping[str, Any]) -> dict[str, Any]:
    """How it is measured; empty if nothing is. Raises SpecError."""
    if any(one.measured for one in chosen):
        return asdict(measure_settings(told))
    for name, value in told.items():
        hint = "add `latency` to the objectives"
        raise fail("unsupported", f"--{name} says how to measure", option(f"--{name}", str(value)), hint=hint)
    return {}


def _latency(told: Mapping[str, Any]) -> Callable[[Network], float]:
    """Milliseconds of a batch: the median of the repeats."""
    settings = measure_settings(told)
    return lambda network: 1000 * measured(network, option("SPEC", network.name), settings).whole.median


def _memory(given: Space, chosen: Iterable[Objective], settings: Mapping[str, Any]) -> Memory:
    listed = {
        axis.name: ",".join(map(spelled, axis.values)) if len(axis) <= _LISTED else axis.text.partition("=")[2]
        for axis in given.axes
    }
    return Memory(
        Path(given.spec).name,
        given.network.digest,
        listed,
        dict(given.links),
        tuple(one.text for one in given.where),
        tuple(one.name for one in chosen),
        settings,
    )
