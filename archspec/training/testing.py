"""Running a test: workers read images and cut crops, which go through all models in chunks of a bounded size.

The softmax of the logits is averaged over the crops of an image, then over the models.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from archspec.ir.tree import Network
from archspec.language.diagnostics import fail
from archspec.language.places import Place, option
from archspec.recipe.load import Recipe
from archspec.training.crops import View
from archspec.training.cut import cut
from archspec.training.data import Images, Unreadable
from archspec.training.results import TOPS, Answer, Results
from archspec.training.torch_names import checked_transforms
from archspec.training.workers import dying

#: told the images done, of how many, and the seconds left
Progress = Callable[[int, int, float | None], None]
#: an image by its number, with its crops (K x C x H x W, uint8), or why there are none
Cut = tuple[int, Tensor | Unreadable]
#: several of them with one tensor that holds all crops, which is what a worker hands over; a size stands for the crops
Packed = tuple[list[tuple[int, torch.Size | Unreadable]], Tensor]


@dataclass(frozen=True)
class Settings:
    """How a test runs: crops that go through a network at once, processes that read images, and the device."""

    batch: int = 32
    workers: int = 0
    device: str = "cpu"


class Crops(Dataset[Cut]):
    """The crops of the chosen images; an image that cannot be read is no error here."""

    def __init__(self, images: Images, view: View, chosen: Sequence[int]) -> None:
        self.images, self.view, self.chosen = images, view, chosen

    def __len__(self) -> int:
        return len(self.chosen)

    def __getitem__(self, at: int) -> Cut:
        number = self.chosen[at]
        try:
            image = self.images[number]
        except Unreadable as error:
            return number, error
        try:
            return number, cut(image, self.view)
        except ValueError as error:
            return number, Unreadable(self.images.names[number], str(error))


def run(
    models: Sequence[nn.Module],
    network: Network,
    images: Images,
    view: View,
    recipe: Recipe,
    *,
    members: Sequence[str],
    data: Place,
    settings: Settings,
    limit: int | None = None,
    progress: Progress = lambda done, of, left: None,
) -> Results:
    """Tests the models, which it moves and puts into eval mode; `limit` takes so many images, evenly from all of them.

    The same in every run, with any number of workers and, but for rounding, with any batch. Raises SpecError if no image can
    be read, or if what the transforms give does not suit the network.
    """
    count = len(images) if limit is None else min(limit, len(images))
    chosen = [at * len(images) // count for at in range(count)]
    for model in models:
        model.to(settings.device).eval()
    ensemble = _Ensemble(
        tuple(models), tuple(members), network, recipe, checked_transforms(recipe.settings.transforms.test), settings
    )
    answers: list[Answer] = []
    skipped: list[tuple[str, str]] = []
    start, done = time.monotonic(), 0
    with _seeded(recipe.settings.seed, settings.device), torch.inference_mode():
        for group in _groups(Crops(images, view, chosen), settings):
            readable = {number: crops for number, crops in group if isinstance(crops, Tensor)}
            skipped += [(one.name, one.reason) for _, one in group if isinstance(one, Unreadable)]
            if readable:
                told = [(images.names[number], int(images.labels[number])) for number in readable]
                answers += ensemble.answers(told, [*readable.values()])
            done += len(group)
            progress(done, len(chosen), (time.monotonic() - start) / done * (len(chosen) - done))
    if not answers:
        message = f"none of {len(chosen):,} images can be read" if skipped else "there are no images to test"
        raise fail("bad-data", message, data, hint=": ".join(skipped[0]) if skipped else None)
    return Results(images.classes, tuple(members), tuple(answers), tuple(skipped))


@contextmanager
def _seeded(seed: int, device: str) -> Iterator[None]:
    """Random transforms draw the same in every run, and the caller's random numbers are afterwards as they were."""
    with torch.random.fork_rng([torch.cuda.current_device()] if device == "cuda" else []):
        torch.manual_seed(seed)
        yield


def _groups(crops: Crops, settings: Settings) -> Iterator[list[Cut]]:
    """Images in groups of no more crops than a batch has; one image, if it has more by itself."""
    loader: DataLoader[Cut] = DataLoader(
        crops,
        batch_size=max(1, settings.batch // len(crops.view)),
        num_workers=settings.workers,
        collate_fn=packed,
        generator=torch.Generator(),
    )
    with dying(option("--workers", str(settings.workers))):
        for told, values in loader:
            sizes = [one.numel() for _, one in told if isinstance(one, torch.Size)]
            parts = iter(values.split(sizes))
            yield [(number, next(parts).view(one) if isinstance(one, torch.Size) else one) for number, one in told]


def packed(group: Sequence[Cut]) -> Packed:
    """One tensor for all crops of a group: each tensor that a process hands over takes one of its few open files."""
    crops = [one.flatten() for _, one in group if isinstance(one, Tensor)]
    told = [(number, one.shape if isinstance(one, Tensor) else one) for number, one in group]
    return told, torch.cat(crops) if crops else torch.empty(0, dtype=torch.uint8)


@dataclass
class _Ensemble:
    """Crops to answers."""

    models: tuple[nn.Module, ...]
    members: tuple[str, ...]
    network: Network
    recipe: Recipe
    transform: Callable[[Tensor], Tensor]
    settings: Settings

    def answers(self, told: Sequence[tuple[str, int]], images: Sequence[Tensor]) -> Iterator[Answer]:
        """Of images with their names and labels, the answers. Of equally likely classes the first comes first."""
        each = self.probabilities(images)
        self._check_finite(each, told)
        labels = torch.tensor([label for _, label in told])
        mean = each.mean(0)
        best = mean.sort(dim=1, descending=True, stable=True)
        ranks, rank = _ranks(each, labels), _ranks(mean[None], labels)[0]
        for at, (name, label) in enumerate(told):
            first, likely = (one[at, : max(TOPS)].tolist() for one in (best.indices, best.values))
            yield Answer(name, label, int(rank[at]), tuple(ranks[:, at].tolist()), tuple(first), tuple(likely))

    def probabilities(self, images: Sequence[Tensor]) -> Tensor:
        """The uint8 crops of each image, K x C x H x W, to models x images x classes, in float64."""
        pieces = [piece for crops in images for piece in torch.split(crops, self.settings.batch)]
        # several images fit into one batch, or one image makes several
        batches = [pieces] if len(images) > 1 else [[piece] for piece in pieces]
        found = torch.cat([self._batch(batch) for batch in batches], dim=1)
        return found.view(len(self.models), len(images), -1, found.shape[-1]).mean(2)

    def _batch(self, pieces: Sequence[Tensor]) -> Tensor:
        """models x crops x classes."""
        try:
            # each image by itself: they may differ in channels until the transforms make them alike
            batch = torch.cat([self._transformed(piece.to(self.settings.device)) for piece in pieces])
            logits = [model(batch).flatten(1) for model in self.models]
        except torch.OutOfMemoryError:
            place = option("--batch", str(self.settings.batch))
            message = f"{self.settings.device} has no memory for so many crops at once"
            raise fail("too-large", message, place, hint="take a smaller --batch") from None
        return torch.stack([one.float().softmax(1).cpu().double() for one in logits])

    def _transformed(self, crops: Tensor) -> Tensor:
        """What the test transforms make of crops, which must be what the network reads."""
        place, before = self.recipe.place("transforms", "test"), _size(crops)
        try:
            result = self.transform(crops)
        except torch.OutOfMemoryError:
            raise
        except Exception as error:  # whatever a class of torchvision raises
            message = f"the test transforms cannot take a crop of {before}: {str(error).partition(chr(10))[0]}"
            raise fail("bad-argument", message, place) from None
        wanted = self.network.input.tensor
        if tuple(result.shape[1:]) != wanted or not result.is_floating_point():
            reads = "x".join(map(str, wanted))
            message = f"the test transforms make {_size(result)} of a crop of {before}, and the network reads {reads} (float32)"
            hint = "channels x height x width; add ToDtype: {dtype: float32, scale: true}, or Grayscale: {num_output_channels: 1}"
            raise fail("bad-argument", message, place, hint=hint)
        return result

    def _check_finite(self, each: Tensor, told: Sequence[tuple[str, int]]) -> None:
        """Not a number is no probability: it would stand anywhere in an order."""
        for member, image in (~each.isfinite()).any(2).nonzero()[:1].tolist():
            message = f"what the network makes of {told[image][0]} with these weights is not finite"
            raise fail("bad-weights", message, option("--weights", self.members[member]), hint="did the training diverge?")


def _size(crops: Tensor) -> str:
    return f"{'x'.join(map(str, crops.shape[1:]))} ({str(crops.dtype).removeprefix('torch.')})"


def _ranks(each: Tensor, labels: Tensor) -> Tensor:
    """models x images: where the label's class stands in the order of the likeliest, from 1."""
    order = each.sort(dim=2, descending=True, stable=True).indices
    found: Tensor = order == labels[None, :, None]
    return found.int().argmax(2) + 1
