"""Weights averaged over the steps of a training (Polyak & Juditsky 1992), by Lightning's callback."""

from __future__ import annotations

from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import WeightAveraging
from pytorch_lightning.utilities.types import STEP_OUTPUT
from torch.optim.swa_utils import get_ema_avg_fn

from archspec.recipe.schema import AveragingModel


class Averaging(WeightAveraging):
    """The mean of the weights after every step from an epoch on: of all alike, or one that forgets. Validation and the
    result use it; before that epoch there is none, and they use the weights themselves.
    """

    def __init__(self, settings: AveragingModel) -> None:
        decay = 0.999 if settings.decay is None else settings.decay
        ema = get_ema_avg_fn(decay) if settings.kind == "ema" else None  # type: ignore[no-untyped-call] # torch does not annotate it
        super().__init__(avg_fn=ema)
        self._start = settings.start
        self._begun = False

    @property
    def averages(self) -> bool:
        """Whether there is a mean yet."""
        return self._average_model is not None and bool(self._average_model.n_averaged)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: STEP_OUTPUT, batch: Any, batch_idx: int
    ) -> None:
        self._begun = trainer.current_epoch >= self._start
        if not self._begun:  # a step before this epoch is none that Lightning has missed
            self._latest_update_step = trainer.global_step
        super().on_train_batch_end(trainer, pl_module, outputs, batch, batch_idx)

    def should_update(self, step_idx: int | None = None, epoch_idx: int | None = None) -> bool:
        return step_idx is not None and self._begun

    def on_validation_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self.averages:
            super().on_validation_epoch_start(trainer, pl_module)

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self.averages:
            super().on_validation_epoch_end(trainer, pl_module)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Leaves the weights as they are: the last checkpoint is of the training, which may go on. See `finish`."""

    def finish(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Gives the module the mean, once the training is over."""
        if self.averages:
            super().on_train_end(trainer, pl_module)
