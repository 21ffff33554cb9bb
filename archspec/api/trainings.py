"""A spec trained by a recipe: train. Takes a path or the name of a shipped spec, and of a shipped recipe."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archspec.api.networks import load
from archspec.ir.tree import Network
from archspec.language.diagnostics import SpecError, fail
from archspec.language.places import option
from archspec.language.spelled import Changes, Input, Scaling, spelled_changes
from archspec.recipe.load import MAY_CHANGE, Recipe
from archspec.recipe.load import load as load_recipe
from archspec.training.run import Run, weights_file


@dataclass(frozen=True)
class Trained:
    """What a training has come to: a row of figures for each epoch (those of metrics.csv), the best of them (None without a
    validation), and the run's folder.
    """

    rows: list[dict[str, float]]
    best: dict[str, float] | None
    folder: Path

    @property
    def weights(self) -> Path:
        """The weights at the end, averaged if the recipe says so."""
        return Run(self.folder).weights


def train(
    spec: str | os.PathLike[str] | None = None,
    *,
    recipe: str | os.PathLike[str] | None = None,
    data: str | None = None,
    output: str | os.PathLike[str],
    resume: bool = False,
    recipe_set: Changes = (),
    weights: str | os.PathLike[str] | None = None,
    partial: bool = False,
    accelerator: str = "auto",
    devices: int = 1,
    nodes: int = 1,
    strategy: str = "auto",
    set: Changes = (),
    scale: Scaling = None,
    input: Input = None,
    say: Callable[[str], None] = lambda text: None,
    show: Callable[[dict[str, float]], None] = lambda row: None,
    reading: Callable[[int, int], None] | None = None,
    **vars: Any,
) -> Trained:
    """Trains a spec by a recipe on data, in the folder `output`. Raises SpecError.

    `data` is `digits`, a folder of images by class, or a torchvision data set as `NAME:PATH`. `recipe_set` changes the recipe
    as `set` does the spec: `"epochs=5"`. `weights` start the training in place of the spec's scheme (`partial`: those that
    fit). `resume` goes on with the run in `output`, which knows its spec, recipe and data. `accelerator`, `devices` (of each
    of the `nodes`) and `strategy` are Lightning's. `say` hears what is before us and what to heed, `show` gets a row of
    figures after each epoch, `reading` how many images were read, of how many, where that takes time.
    """
    from archspec.compiler.checks import check_memory

    if resume and weights is not None:
        message = "a run that goes on has weights of its own"
        raise fail("unsupported", message, option("--weights", os.fspath(weights)), hint="leave --weights or --resume out")
    run = Run(Path(output))
    told = run.told() if resume else {}
    changed = bool(set or scale or input or vars)
    names = _named(spec, run.spec, resume, "SPEC"), _named(recipe, run.recipe, resume, "--recipe")
    network, rules = _loaded(
        lambda: load(names[0], set=set, scale=scale, input=input, **vars),
        lambda: load_recipe(names[1], set=spelled_changes(recipe_set)),
    )
    if resume and (spec is not None or changed):
        _check_same(run, told, network, os.fspath(spec or run.spec))
    if resume and (recipe is not None or recipe_set):
        _check_recipe(run, rules)
    images = _named(data, told.get("data"), resume, "--data")
    check_memory(network, option("SPEC", os.fspath(spec or run.spec)), heads=rules.settings.heads)
    if partial and weights is None:
        given = option("--partial", "--partial")
        raise fail("unsupported", "--partial says how to load weights", given, hint="add --weights FILE")
    beginning = None if weights is None else weights_file(os.fspath(weights))
    from archspec.training.machine import Machine
    from archspec.training.train import Start, train_network

    machine = Machine(accelerator, devices, nodes, strategy)
    start = Start(beginning, partial, resume)
    fitted = train_network(network, rules, images, run, machine, start, say=say, show=show, reading=reading)
    return Trained(fitted.rows, fitted.best, run.folder)


def _loaded(spec: Callable[[], Network], recipe: Callable[[], Recipe]) -> tuple[Network, Recipe]:
    """Both. Raises SpecError with what is wrong with either."""
    try:
        network = spec()
    except SpecError as wrong:
        try:
            recipe()
        except SpecError as too:
            raise SpecError((*wrong.diagnostics, *too.diagnostics)) from None
        raise
    return network, recipe()


_HINTS = {
    "SPEC": "a path, or the name of a shipped spec",
    "--recipe": "a path, or the name of a shipped recipe, such as digits",
    "--data": "digits, a folder of images by class, or NAME:PATH of a torchvision data set",
}


def _named(told: str | os.PathLike[str] | None, before: str | os.PathLike[str] | None, resume: bool, flag: str) -> str:
    """What was told, or what the run that goes on was made of."""
    found = told if told is not None else before if resume else None
    if found is None:
        raise fail("missing-option", f"a new run needs {flag}", option(flag, ""), hint=_HINTS[flag])
    return os.fspath(found)


def _check_same(run: Run, told: dict[str, Any], network: Network, name: str) -> None:
    """Raises SpecError if the run is of another spec."""
    made = told.get("spec", {})
    if made.get("digest") != network.digest:
        what = f"the run in {run.folder} is of `{made.get('name')}`"
        message = f"{what}, and this is another spec" if made.get("name") != network.name else f"{what}, whose text was another"
        raise fail("bad-run", message, option("SPEC", name), hint="leave SPEC and its changes out: the run knows its spec")


def _check_recipe(run: Run, rules: Recipe) -> None:
    """Raises SpecError if the run was made by another recipe, but for what may change."""
    try:
        before = load_recipe(str(run.recipe)).lasting
    except SpecError:
        raise fail("bad-run", f"{run.recipe} cannot be read: it was damaged", run.place) from None
    now = rules.lasting
    keys = _differing(before, now)
    if keys:
        hint = f"a run that goes on may have other {', '.join(MAY_CHANGE)}, and nothing else"
        raise fail("bad-run", f"the run in {run.folder} has another `{keys[0]}`", rules.place(*keys), hint=hint)


def _differing(before: Any, now: Any) -> tuple[str, ...]:
    """The keys that lead to the first difference of nested mappings; none if there is no difference."""
    if isinstance(before, dict) and isinstance(now, dict):
        for key in {**before, **now}:
            if before.get(key) != now.get(key):
                return (key, *_differing(before.get(key), now.get(key)))
    return ()
