"""What a recipe names, tried on next to nothing before anything long starts."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torchvision.transforms import v2
from torchvision.tv_tensors import Image

from archspec.ir.tree import Network
from archspec.language.diagnostics import Problems
from archspec.language.places import Place
from archspec.ops.base import Shape
from archspec.recipe.named import Named
from archspec.training.made import arguments_place, judged, one_line

#: how often random transforms are tried
_DRAWS = 3
#: values of an image, the most that a transform may make of a small one
_VALUES = 1 << 26
#: steps of a schedule that are tried
_STEPS = 100_000
#: classes of the logits that a loss is tried on
_CLASSES = 1000
Steps = Sequence[tuple[Named, v2.Transform]]


def parameters() -> list[nn.Parameter]:
    """One for each number of dimensions that a network's have: of a bias, a linear and a convolution."""
    return [nn.Parameter(torch.ones(shape)) for shape in ((4,), (4, 3), (4, 3, 3, 3))]


def try_step(one: Named, optimizer: Optimizer, problems: Problems) -> None:
    """One step towards zero."""

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = torch.stack([p.square().sum() for group in optimizer.param_groups for p in group["params"]]).sum()
        loss.backward()  # type: ignore[no-untyped-call] # torch does not annotate it
        return loss

    with judged(one, problems):
        optimizer.step(closure)  # type: ignore[arg-type] # a tensor is a loss too


def try_schedule(one: Named, schedule: Any, problems: Problems, steps: int | None) -> None:
    """Some steps, and whether it goes on for as many as the training has, if that is known."""
    ends = getattr(schedule, "total_steps", None)  # of a schedule that has an end
    if steps is not None and ends is not None and ends < steps:
        message = f"{one.name} ends after {ends:,} steps, and the training takes {steps:,}"
        problems.add("bad-argument", message, arguments_place(one))
        return
    plateau = isinstance(schedule, torch.optim.lr_scheduler.ReduceLROnPlateau)
    with judged(one, problems), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # no step of the optimizer comes before
        for _ in range(min(steps or 1, _STEPS)):
            schedule.step(*([1.0] if plateau else []))  # it looks at a validation's loss


def try_loss(one: Named, loss: nn.Module, classes: int, problems: Problems, mixed: bool) -> None:
    """Logits N x classes against N numbers of classes, and if batches are mixed against N x classes probabilities."""
    classes = min(classes, _CLASSES)
    images = 2 if classes != 2 else 3  # another number, or a loss that compares number by number would take them
    labels = torch.arange(images) % classes
    targets = [("the numbers of classes", labels)]
    if mixed:
        targets.append(("the probabilities of mixed classes", nn.functional.one_hot(labels, classes).float()))
    for told, target in targets:
        logits = torch.zeros(images, classes, requires_grad=True)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", UserWarning)  # torch only warns of targets of another size
                result = loss(logits, target)
        except Exception as error:
            message = f"{one.name} does not take {told}: {one_line(error)}"
            problems.add("bad-argument", message, arguments_place(one), hint="CrossEntropyLoss does")
            continue
        if not isinstance(result, Tensor) or result.ndim or not result.requires_grad:
            message = f"{one.name} must make one number of a batch"
            problems.add("bad-argument", message, arguments_place(one), hint="with `reduction: mean`, the default")
            continue
        twice = loss(torch.cat([logits, logits]), torch.cat([target, target]))
        if not torch.isclose(twice, result):
            message = f"{one.name} must be a mean over images: twice the batch makes {twice.item():g} of {result.item():g}"
            problems.add("bad-argument", message, arguments_place(one), hint="with `reduction: mean`, the default")


def try_transforms(
    key: str,
    place: Place,
    steps: Steps,
    network: Network,
    problems: Problems,
    channels: Sequence[int],
    sizes: Sequence[tuple[int, int]] | None,
) -> None:
    """Images of so many channels, at least one of these numbers, must come out as the network's input: of all these sizes,
    height and width. If they are not known, only a size that the transforms make of any image must be the network's.
    """
    wanted = network.input
    side = (wanted.height, wanted.width)
    first: Problems | None = None
    for count in sorted(channels, key=lambda one: one != wanted.channels):
        looks = [_looked(steps, Shape(count, *size)) for size in sizes or (side, (side[0] + 8, side[1] + 8))]
        fixed = sizes is not None or len({_size(result) for look in looks for result in look.results}) == 1
        for look in looks:
            for result in look.results:
                _check_result(f"transforms.{key}", place, result, network, look, fixed)
        wrong = [look.problems for look in looks if len(look.problems)]
        if not wrong or (sizes is None and len(wrong) < len(looks)):
            return
        first = first or wrong[0]
    for diagnostic in first.found if first else ():
        problems.include(diagnostic)


@dataclass(frozen=True)
class _Look:
    """What came out of an image in some draws, and what is wrong with that."""

    image: Shape
    results: list[Any] = field(default_factory=list)
    problems: Problems = field(default_factory=Problems)


def _looked(steps: Steps, image: Shape) -> _Look:
    look = _Look(image)
    with _seeded():
        while len(look.results) < _DRAWS:
            result: Any = Image(torch.zeros(image.channels, image.height, image.width, dtype=torch.uint8))
            for one, transform in steps:
                with judged(one, look.problems):
                    result = transform(result)
                if isinstance(result, Tensor) and result.numel() > _VALUES:
                    message = f"{one.name} makes an image of {result.numel():,} values, and {_VALUES:,} is the most"
                    look.problems.add("bad-argument", message, arguments_place(one))
                if len(look.problems):
                    return look
            look.results.append(result)
    return look


def _size(result: Any) -> tuple[int, ...]:
    """Height and width."""
    return tuple(result.shape[-2:]) if isinstance(result, Tensor) else ()


def try_batch(steps: Steps, classes: int, problems: Problems) -> None:
    """Two images with their labels, mixed."""
    before = len(problems)
    with _seeded():
        for _ in range(_DRAWS):
            batch: Any = (torch.zeros(2, 1, 8, 8), torch.arange(2) % classes)
            for one, transform in steps:
                with judged(one, problems):
                    batch = transform(*batch)
                if len(problems) > before:
                    return


@contextmanager
def _seeded() -> Iterator[None]:
    """Draws are the same each time, and those of the training are not touched."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        yield


def _check_result(key: str, place: Place, result: Any, network: Network, look: _Look, fixed: bool) -> None:
    """Whether it is a float32 tensor of the network's input size; if its size is not fixed, height and width may be others."""
    wanted = network.input
    hint = None
    if isinstance(result, Tensor) and result.ndim == 3:
        missing = {
            f"Grayscale: {{num_output_channels: {wanted.channels}}}": len(result) != wanted.channels,
            f"Resize: {{size: [{wanted.height}, {wanted.width}]}}": fixed and _size(result) != (wanted.height, wanted.width),
            "ToDtype: {dtype: float32, scale: true}": result.dtype != torch.float32,
        }
        needed = [f"`{written}`" for written, is_needed in missing.items() if is_needed]
        if not needed:
            return
        if len(result) == wanted.channels or wanted.channels in (1, 3):  # Grayscale makes no others
            hint = f"add or change {' and '.join(needed)}"
    message = f"`{key}` makes {_described(result)} of an image of {look.image}, and {network.name} reads float32 {wanted}"
    look.problems.add("bad-argument", message, place, hint=hint)


def _described(result: Any) -> str:
    """What came out: a tensor by its numbers and its size, all else by its class."""
    if not isinstance(result, Tensor):
        return f"{type(result).__module__}.{type(result).__name__}".removeprefix("builtins.")
    size = str(Shape(*result.shape)) if result.ndim == 3 else "x".join(map(str, result.shape))
    return f"{str(result.dtype).removeprefix('torch.')} {size}"
