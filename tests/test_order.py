"""Which image comes when, and what is drawn for it: functions of counters, in any number of processes."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
import torch
from torchvision.transforms import v2

from archspec.language.places import Place, Source
from archspec.recipe.schema import DataModel
from archspec.training.data import Images, training_data
from archspec.training.order import NOT_COUNTED, Position, TestExamples, TestOrder, TrainingExamples, TrainingOrder, collate
from archspec.training.seeds import mixed, seeded

Key = tuple[int, int]


@pytest.fixture(scope="module")
def images() -> Images:
    """The digits, none held out."""
    return training_data("digits", DataModel(), lambda *keys: Place(Source("recipe", ""))).train


def order(
    images: Images, epoch: int = 0, done: int = 0, *, seed: int = 0, rank: int = 0, world: int = 1
) -> list[tuple[int, int]]:
    """The keys of one process, of steps of 24 images in two parts for each process."""
    return [*TrainingOrder(images, seed, 24, 12 // world, lambda: Position(epoch, done), rank, world)]


def test_every_image_comes_at_most_once_and_whole_batches_only(images: Images) -> None:
    keys = order(images, 5)
    assert len(keys) == len(TrainingOrder(images, 0, 24, 24, lambda: Position(0, 0), 0, 1)) == 1797 // 24 * 24
    assert {epoch for epoch, _ in keys} == {5}
    assert max(Counter(number for _, number in keys).values()) == 1


def test_the_order_is_one_of_seed_and_epoch(images: Images) -> None:
    orders = [[number for _, number in order(images, epoch, seed=seed)] for seed in (0, 1) for epoch in (0, 1)]
    assert orders[0] == [number for _, number in order(images)]
    assert len({tuple(one) for one in orders}) == 4, "seed 0 in epoch 1 is not seed 1 in epoch 0"
    assert all(one != sorted(one) for one in orders)


def test_processes_share_the_steps_of_one(images: Images) -> None:
    one, (first, second) = order(images), (order(images, rank=rank, world=2) for rank in (0, 1))
    for start, end in pairwise(range(0, len(one) + 1, 24)):
        shares = [*first[start // 2 : end // 2], *second[start // 2 : end // 2]]
        assert sorted(shares) == sorted(one[start:end])


def test_an_epoch_goes_on_after_the_batches_that_were_done(images: Images) -> None:
    assert order(images, 3, 7) == order(images, 3)[7 * 12 :]
    assert order(images, 3, 7, rank=1, world=2) == order(images, 3, rank=1, world=2)[7 * 6 :]


def test_a_test_sees_every_image_once_and_as_many_in_each_process(images: Images) -> None:
    orders = [TestOrder(images, rank, 4) for rank in range(4)]
    assert {len(one) for one in orders} == {len([*one]) for one in orders} == {450}
    keys = [key for one in orders for key in one]
    assert sorted(number for number, counts in keys if counts) == [*range(1797)]
    examples = TestExamples(images, lambda image: image, 0, (1, 8, 8))
    assert sum(label != NOT_COUNTED for label in collate([examples[key] for key in keys]).labels.tolist()) == 1797


def test_augmentation_is_one_of_seed_epoch_and_image(images: Images) -> None:
    transform = v2.Compose([v2.RandomAffine(30), v2.RandomErasing(), v2.ColorJitter(0.5)])
    examples, other = (TrainingExamples(images, transform, seed, (1, 8, 8)) for seed in (0, 1))
    before = torch.get_rng_state()
    found = examples[2, 17][0]
    assert torch.equal(torch.get_rng_state(), before), "nothing else is drawn otherwise"
    torch.rand(5)
    assert torch.equal(found, examples[2, 17][0])
    assert not torch.equal(found, examples[3, 17][0])
    assert not torch.equal(found, other[2, 17][0])


def test_seeds_differ_in_each_of_their_parts() -> None:
    parts = [(0, "order", 1), (1, "order", 0), (0, "step", 1), (0, "order", 1, 0), ("0", "order", 1)]
    assert len({mixed(*one) for one in parts}) == len(parts)
    assert all(0 <= mixed(*one) < 2**63 for one in parts)
    with seeded(1, 2):
        first = torch.rand(3)
    with seeded(1, 2):
        assert torch.equal(torch.rand(3), first)
