"""Images to batches: the loaders of training and validation, of each process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytorch_lightning as pl
from torch.utils.data import DataLoader

from archspec.recipe.load import Recipe
from archspec.training.boundary import position
from archspec.training.data import Splits
from archspec.training.order import Example, TestExamples, TestOrder, TrainingExamples, TrainingOrder, collate
from archspec.training.workers import unheard


class Loaders(pl.LightningDataModule):
    """The loaders of a recipe. `parts`: into how many batches of one process the batch of a step is cut; `size` is the
    network's input C x H x W. `augment` makes a training example of an image, `look` what is tested of one.
    """

    def __init__(
        self,
        recipe: Recipe,
        splits: Splits,
        parts: int,
        size: tuple[int, ...],
        augment: Callable[[Any], Any],
        look: Callable[[Any], Any],
    ) -> None:
        super().__init__()
        self._recipe, self._splits, self._size = recipe, splits, size
        self._batch, self._part = recipe.settings.batch, recipe.settings.batch // parts
        self._augment, self._look = augment, look

    def train_dataloader(self) -> DataLoader[Example]:
        trainer, seed, images = self._trainer(), self._recipe.settings.seed, self._splits.train
        rank, world = trainer.global_rank, trainer.world_size
        order = TrainingOrder(images, seed, self._batch, self._part, lambda: position(trainer), rank, world)
        examples = TrainingExamples(images, self._augment, seed, self._size)
        return DataLoader(examples, self._part, sampler=order, drop_last=True, **self._options())

    def val_dataloader(self) -> DataLoader[Example] | list[DataLoader[Example]]:
        images = self._splits.validation
        if images is None:
            return []
        trainer = self._trainer()
        order = TestOrder(images, trainer.global_rank, trainer.world_size)
        return DataLoader(
            TestExamples(images, self._look, self._recipe.settings.seed, self._size), self._part, sampler=order, **self._options()
        )

    def _trainer(self) -> pl.Trainer:
        assert self.trainer is not None, "Lightning asks for loaders once it has started"
        return self.trainer

    def _options(self) -> dict[str, Any]:
        workers = self._recipe.settings.data.workers
        return {
            "num_workers": workers,
            "persistent_workers": workers > 0,
            "collate_fn": collate,
            "worker_init_fn": unheard if workers else None,
        }
