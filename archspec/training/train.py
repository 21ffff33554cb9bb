"""A network, a recipe and the name of data to a run: everything is looked at before anything long starts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.optim.lr_scheduler import ReduceLROnPlateau
from torchvision.transforms import v2

from archspec.compiler.module import Model, build_model
from archspec.compiler.weights import Loaded, load_weights
from archspec.ir.tree import Network
from archspec.language.diagnostics import Problems, fail
from archspec.language.places import Place, option
from archspec.recipe.load import Recipe
from archspec.training import torch_names
from archspec.training.crops import View, view
from archspec.training.cut import cut
from archspec.training.data import Images, Splits, Unreadable, check_suits, training_data
from archspec.training.figures import SHARES, tops
from archspec.training.fit import Fitted, fit
from archspec.training.history import Row
from archspec.training.loaders import Loaders
from archspec.training.machine import Machine, parts_of, statistics_per_process
from archspec.training.module import Classifier
from archspec.training.run import Run
from archspec.training.seeds import mixed
from archspec.training.sources import Progress

#: tensors that are named
_NAMED = 5
#: images that are looked at before anything starts
_LOOKS = 10


@dataclass(frozen=True)
class Start:
    """Where a training starts: at the spec's scheme, at weights of a file, or where a run was left."""

    weights: Path | None = None
    partial: bool = False
    resume: bool = False

    def told(self) -> dict[str, Any] | None:
        """The weights that it starts at, for the run's facts."""
        if self.weights is None:
            return None
        digest = hashlib.sha256(self.weights.read_bytes()).hexdigest()
        return {"file": str(self.weights), "digest": f"sha256:{digest}", "partial": self.partial}


def train_network(
    network: Network,
    recipe: Recipe,
    data: str,
    run: Run,
    machine: Machine,
    start: Start,
    *,
    say: Callable[[str], None],
    show: Callable[[Row], None],
    reading: Progress | None,
) -> Fitted:
    """Trains a network, in the folder of a run. Raises SpecError, and KeyboardInterrupt after Ctrl-C."""
    machine.check()
    splits = training_data(data, recipe.settings.data, recipe.place, progress=reading)
    _check(network, recipe, splits, option("--data", data))
    model, loaded = _model(network, recipe, start)
    parts = parts_of(recipe, machine, len(splits.train), model)
    made_of = {"spec": network.digest, "recipe": recipe.lasting_digest, "images": len(splits.train)}
    told = run.told() if start.resume else {}
    goes_on = start.resume and run.last.exists()
    if goes_on:
        run.check_state(made_of, recipe)
    elif start.resume:
        run.check_begun()
    facts = {
        "data": data,
        "images": len(splits.train),
        "validation": splits.how,
        "epochs": recipe.settings.epochs,
        "weights": told.get("weights") or start.told(),
        "machine": asdict(machine),
    }
    if machine.first:
        run.write(network, recipe, facts, new=not start.resume)
        for text in (*_before(recipe, splits, model, machine), *_loaded(loaded)):
            say(text)
    classifier = Classifier(network, recipe, model, made_of)
    look = view(recipe, network.input.height, network.input.width, "center")
    augment, tested = (
        torch_names.checked_transforms(names) for names in (recipe.settings.transforms.train, recipe.settings.transforms.test)
    )
    loaders = Loaders(recipe, splits, parts, network.input.tensor, augment, _Look(look, tested))
    fitted = fit(classifier, loaders, run, machine, resume=goes_on, show=show, say=say)
    if machine.first:
        run.write(network, recipe, {**facts, "finished": True, "best": fitted.best})
        say(f"wrote {run.weights}" + (f"; epoch {fitted.best['epoch']:g} was the best: {run.best}" if fitted.best else ""))
    return fitted


def _check(network: Network, recipe: Recipe, splits: Splits, place: Place) -> None:
    """Whether the data, the recipe and the network go together, tried with the first images that can be read."""
    first = list(_readable(splits.train, _LOOKS))
    if not first:
        raise fail("bad-data", f"none of the first {_LOOKS} images can be read", place)
    channels = sorted({image.shape[0] for image in first})
    sizes = sorted({(image.shape[1], image.shape[2]) for image in first})
    torch_names.check_recipe(recipe, network, channels, sizes, len(splits.train) // recipe.settings.batch)
    check_suits(splits.train, network, place, heads=recipe.settings.heads)
    _check_monitored(recipe, splits)


def _check_monitored(recipe: Recipe, splits: Splits) -> None:
    """Whether the figures exist that the early stop and the schedule look at, and the average ever begins."""
    settings, problems = recipe.settings, Problems()
    if settings.averaging is not None and settings.averaging.start >= settings.epochs:
        message = f"the average begins in epoch {settings.averaging.start}, counted from 0, and there are {settings.epochs:,}"
        problems.add("bad-value", message, recipe.place("averaging", "from epoch"))
    if settings.averaging is not None and settings.averaging.kind == "polyak" and settings.averaging.decay is not None:
        message = "a mean of all steps forgets none, and has no decay"
        problems.add("bad-value", message, recipe.place("averaging", "decay"), hint="kind: ema")
    plateau = settings.schedule is not None and settings.schedule.name == ReduceLROnPlateau.__name__
    if splits.validation is None:
        hint = "hold some images out: --recipe-set data.held_out.share=1/5"
        if settings.early_stop is not None:
            problems.add("bad-data", f"there is no validation to stop by: {splits.how}", recipe.place("early stop"), hint=hint)
        if plateau:
            problems.add("bad-data", f"there is no validation loss to go by: {splits.how}", recipe.place("schedule"), hint=hint)
    stop, classes = settings.early_stop, len(splits.train.classes)
    if stop is not None and stop.metric in SHARES and stop.metric not in tops(classes):
        message = f"with {classes} classes there is no {stop.metric}"
        problems.add("bad-value", message, recipe.place("early stop", "metric"))
    if plateau and settings.every == "step":
        message = "ReduceLROnPlateau goes by the validation, which comes once an epoch"
        problems.add("bad-value", message, recipe.place("schedule every"), hint="schedule every: epoch")
    problems.check()


def _readable(images: Images, most: int) -> Iterator[Any]:
    for number in range(min(most, len(images))):
        with suppress(Unreadable):
            yield images[number]


def _model(network: Network, recipe: Recipe, start: Start) -> tuple[Model, Loaded | None]:
    """The network with the weights that the recipe's seed draws, or those of a file, and what was loaded of it."""
    torch.manual_seed(mixed(recipe.settings.seed, "weights"))
    model = build_model(network, heads=recipe.settings.heads)
    loaded = load_weights(model, network, start.weights, partial=start.partial) if start.weights is not None else None
    return model, loaded


def _loaded(loaded: Loaded | None) -> Iterator[str]:
    """What a file of weights gave, and what starts by the spec's scheme."""
    if loaded is not None:
        new = [*loaded.plan.new, *loaded.plan.resized]
        more = f", and {len(new) - _NAMED:,} more" if len(new) > _NAMED else ""
        rest = f"; these start anew: {', '.join(new[:_NAMED])}{more}" if new else ""
        yield f"{loaded.tensors:,} tensors were loaded{rest}"


def _before(recipe: Recipe, splits: Splits, model: Model, machine: Machine) -> Iterator[str]:
    """What is before us, and what to heed."""
    settings = recipe.settings
    weights = sum(parameter.numel() for parameter in model.parameters())
    images = f"{len(splits.train):,} images of {len(splits.train.classes):,} classes"
    tested = f"{len(splits.validation):,} for validation ({splits.how})" if splits.validation else "none for validation"
    yield f"{weights:,} parameters, heads {', '.join(model.heads)}" if model.heads else f"{weights:,} parameters"
    epochs = "1 epoch" if settings.epochs == 1 else f"{settings.epochs:,} epochs"
    yield f"{images}, {tested}; {epochs} of {len(splits.train) // settings.batch:,} steps"
    if statistics_per_process(model, machine):
        yield "batch norm has statistics of its own in each process: they are shared on GPUs only"


@dataclass(frozen=True)
class _Look:
    """What validation sees of an image: its center, after the recipe's transforms of a crop."""

    view: View
    tested: v2.Transform

    def __call__(self, image: Tensor) -> Any:
        return self.tested(cut(image, self.view)[0])
