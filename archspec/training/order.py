"""Which image comes when, and what is made of it: a function of the seed, the epoch and the image's number alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils.data import Dataset, DistributedSampler, Sampler

from archspec.training.data import Images, Unreadable
from archspec.training.seeds import mixed, seeded

#: the label of an image that is not counted: it fills a batch, or could not be read
NOT_COUNTED = -1


class Batch(NamedTuple):
    """Images N x C x H x W in float, their classes N, and the names of those that could not be read."""

    images: Tensor
    labels: Tensor
    unreadable: tuple[str, ...]


@dataclass(frozen=True)
class Position:
    """Where the training stands: the epoch from 0, and how many of its batches were done already (in this process)."""

    epoch: int
    batches: int


class TrainingOrder(DistributedSampler[tuple[int, int]]):
    """Keys (epoch, number of the image) in an order of (seed, epoch), as many as whole batches of all processes take.

    It asks where the training stands when it starts: Lightning starts the first epoch of a resumed run before it has told
    samplers the epoch.
    """

    def __init__(
        self, images: Images, seed: int, batch: int, part: int, stands: Callable[[], Position], rank: int, world: int
    ) -> None:
        """`batch`: images of one step in all processes together, `part`: those of one batch of this process."""
        super().__init__(images, world, rank, shuffle=True, seed=0, drop_last=True)
        self._seed, self._part, self._stands = seed, part, stands
        self._used = len(images) // batch * batch
        self._images = len(images)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        at = self._stands()
        generator = torch.Generator().manual_seed(mixed(self._seed, "order", at.epoch))
        order = torch.randperm(self._images, generator=generator)[: self._used]
        mine = order[self.rank :: self.num_replicas][at.batches * self._part :]
        return iter([(at.epoch, number) for number in mine.tolist()])

    def __len__(self) -> int:
        return self._used // self.num_replicas


class TestOrder(Sampler[tuple[int, bool]]):
    """Keys (number of the image, whether it counts): every image once, and as many in each process."""

    __test__ = False  # no test of pytest's

    def __init__(self, images: Images, rank: int = 0, world: int = 1) -> None:
        self._images, self._rank, self._world = len(images), rank, world

    def __iter__(self) -> Iterator[tuple[int, bool]]:
        for number in range(self._rank, len(self) * self._world, self._world):
            yield number % self._images, number < self._images

    def __len__(self) -> int:
        return -(-self._images // self._world)


Example = tuple[Tensor | None, int, str | None]


@dataclass(frozen=True)
class TrainingExamples(Dataset[Example]):
    """Training images by keys of `TrainingOrder`, in the size (C, H, W) that the network reads: what the transforms draw depends
    on (seed, epoch, number) alone. One that cannot be read, or of which the transforms cannot make that, is left out by name.
    """

    images: Images
    transform: Callable[[Any], Any]
    seed: int
    size: tuple[int, ...]

    def __getitem__(self, key: tuple[int, int]) -> Example:
        epoch, number = key
        try:
            with seeded(self.seed, "augmentation", epoch, number):
                image = _transformed(self.images, number, self.transform, self.size)
        except Unreadable as error:
            return None, NOT_COUNTED, str(error)
        return image, self.images.labels[number], None


@dataclass(frozen=True)
class TestExamples(Dataset[Example]):
    """Images by keys of `TestOrder`, otherwise likewise; one that is left out is blank, and does not count."""

    __test__ = False  # no test of pytest's

    images: Images
    transform: Callable[[Any], Any]
    seed: int
    size: tuple[int, ...]

    def __getitem__(self, key: tuple[int, bool]) -> Example:
        number, counts = key
        try:
            with seeded(self.seed, "test", number):
                image = _transformed(self.images, number, self.transform, self.size)
        except Unreadable as error:
            return torch.zeros(self.size), NOT_COUNTED, str(error) if counts else None
        return image, self.images.labels[number] if counts else NOT_COUNTED, None


def _transformed(images: Images, number: int, transform: Callable[[Any], Any], size: tuple[int, ...]) -> Tensor:
    """What the transforms make of an image. Raises Unreadable for what a network cannot read."""
    image = images[number]
    given = "x".join(map(str, image.shape[1:]))
    try:
        result: Tensor = transform(image)
    except (RuntimeError, TypeError, ValueError) as error:  # what classes of torchvision raise for an image that does not suit
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise Unreadable(images.names[number], f"the transforms cannot take its {given} pixels: {reason}") from error
    if result.shape != size:
        made, wanted = ("x".join(map(str, one)) for one in (result.shape, size))
        raise Unreadable(images.names[number], f"the transforms make {made} of its {given} pixels, and {wanted} is read")
    return result


def collate(examples: Sequence[Example]) -> Batch:
    """Examples as a batch; one that could not be read is left out, unless something stands in its place."""
    names = tuple(name for _, _, name in examples if name is not None)
    kept = [(image.as_subclass(Tensor), label) for image, label, _ in examples if image is not None]
    images = torch.stack([image for image, _ in kept]) if kept else torch.empty(0)
    return Batch(images, torch.tensor([label for _, label in kept], dtype=torch.long), names)
