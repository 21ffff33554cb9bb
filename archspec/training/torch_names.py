"""The optimizer, schedule, loss and transforms that a recipe names, as objects of torch and torchvision."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torchvision.transforms import v2

from archspec.ir.tree import Network
from archspec.language.diagnostics import Problems
from archspec.recipe.load import Recipe
from archspec.recipe.named import Named
from archspec.training.kinds import BATCH, LOSSES, OPTIMIZERS, SCHEDULES, TRANSFORMS
from archspec.training.made import Maker
from archspec.training.trial import Steps, parameters, try_batch, try_loss, try_schedule, try_step, try_transforms


def optimizer(named: Named, parameters: Iterable[nn.Parameter], problems: Problems) -> Optimizer | None:
    """The optimizer of these parameters. None if something is wrong, which is added to `problems`; the same holds below."""
    found: Optimizer | None = Maker(OPTIMIZERS, problems, {"params": list(parameters)}).made(named)
    return found


def schedule(named: Named, optimizer: Optimizer, problems: Problems) -> LRScheduler | None:
    """The schedule of an optimizer's learning rate."""
    found: LRScheduler | None = Maker(SCHEDULES, problems, {"optimizer": optimizer}).made(named)
    return found


def loss(named: Named, problems: Problems) -> nn.Module | None:
    """The loss between logits and classes. It has no parameters: nothing would train them."""
    with torch.device("meta"):  # where tensors take no memory
        found: nn.Module | None = Maker(LOSSES, problems, {}).made(named)
    if found is not None and any(True for _ in found.parameters()):
        problems.add("bad-argument", f"{named.name} has parameters of its own, which nothing would train", named.place)
        return None
    return found


def transforms(names: Sequence[Named], problems: Problems) -> v2.Transform:
    """The transforms of an image, one after the other; those that are wrong are left out."""
    return _composed([transform for _, transform in _steps(names, Maker(TRANSFORMS, problems, {}))])


def checked_transforms(names: Sequence[Named]) -> v2.Transform:
    """The same. Raises SpecError with all that is wrong."""
    problems = Problems()
    made = transforms(names, problems)
    problems.check()
    return made


def batch_transforms(names: Sequence[Named], classes: int, problems: Problems) -> v2.Transform:
    """The transforms of a batch: N x C x H x W images and N numbers of so many classes, to images and N x classes probabilities;
    labels stay numbers where nothing was mixed.
    """
    return _composed([transform for _, transform in _steps(names, Maker(BATCH, problems, {"num_classes": classes}))])


def _steps(names: Sequence[Named], maker: Maker) -> Steps:
    """Each name with its transform, those that are wrong left out."""
    return [(one, transform) for one in names if (transform := maker.made(one)) is not None]


def _composed(found: Sequence[v2.Transform]) -> v2.Transform:
    return v2.Compose(found) if found else v2.Identity()


def check_recipe(
    recipe: Recipe,
    network: Network,
    channels: Sequence[int] = (1, 3),
    sizes: Sequence[tuple[int, int]] | None = None,
    steps: int | None = None,
) -> None:
    """Makes all that a recipe names, and tries it on next to nothing. `channels` are those that images may have, `sizes` are
    heights and widths of some of them, and `steps` is the number of steps of an epoch; what is not known is not held against
    the recipe. Raises SpecError with all that is wrong.
    """
    problems = Problems()
    settings = recipe.settings
    _check_network(network, settings.heads, problems)
    if settings.precision == "16-mixed" and not torch.accelerator.is_available():
        message = "`16-mixed` needs a GPU, and this machine has none"
        problems.add("unsupported", message, recipe.place("precision"), hint="use bf16-mixed or 32-true")
    _check_optimizer(recipe, problems, steps)
    classes = network.output.channels
    if (found := loss(settings.loss, problems)) is not None:
        try_loss(settings.loss, found, classes, problems, mixed=bool(settings.transforms.batch))
    _check_transforms(recipe, network, problems, channels, sizes)
    problems.check()


def _check_network(network: Network, heads: bool, problems: Problems) -> None:
    """A classifier gives one number for each class, and so does each of its heads."""
    place = network.rows[-1].place
    if network.outputs:
        message = f"{network.name} returns {network.returns}, and a recipe trains a classifier, which returns logits"
        problems.add("unsupported", message, place, hint="take `outputs` away")
    elif (network.output.height, network.output.width) != (1, 1):
        message = f"{network.name} returns {network.output}, and a recipe trains a classifier, which returns 1x1xclasses"
        problems.add("unsupported", message, place, hint="end it with a `global avg pool` and a `linear`")
    for head in network.heads if heads else ():
        if head.node.output[:3] != network.output[:3]:
            message = f"head {head.node.name} returns {head.node.output}, and {network.name} returns {network.output}"
            problems.add("unsupported", message, head.node.place, hint="give them the same, or say `heads: false` in the recipe")


def _check_optimizer(recipe: Recipe, problems: Problems, steps: int | None) -> None:
    """The optimizer and its schedule, one step each. The schedule is looked at without the optimizer too."""
    settings = recipe.settings
    named = settings.optimizer
    found = optimizer(named, parameters(), problems)
    if found is not None:
        try_step(named, found, problems)
    if settings.schedule is not None:
        stand_in = found or torch.optim.SGD(parameters(), momentum=0.9)
        if (made_ := schedule(settings.schedule, stand_in, problems)) is not None:
            taken = steps if settings.every == "step" else 1
            try_schedule(settings.schedule, made_, problems, None if taken is None else settings.epochs * taken)


def _check_transforms(
    recipe: Recipe,
    network: Network,
    problems: Problems,
    channels: Sequence[int],
    sizes: Sequence[tuple[int, int]] | None,
) -> None:
    """Those of training on whole images, those of the test on crops of the network's size, those of a batch on one."""
    written = recipe.settings.transforms
    crop = ((network.input.height, network.input.width),)
    for key, names, given in (("train", written.train, sizes), ("test", written.test, crop)):
        if not names:
            hint = "images are uint8, and a network reads float32: at least ToDtype: {dtype: float32, scale: true}"
            problems.add("missing-key", f"`transforms` has no `{key}`", recipe.place("transforms"), hint=hint)
            continue
        before = len(problems)
        steps = _steps(names, Maker(TRANSFORMS, problems, {}))
        if len(problems) == before:
            place = recipe.place("transforms", key)
            try_transforms(key, place, steps, network, problems, channels, given)
    before, classes = len(problems), network.output.channels
    steps = _steps(written.batch, Maker(BATCH, problems, {"num_classes": classes}))
    if len(problems) == before:
        try_batch(steps, classes, problems)
