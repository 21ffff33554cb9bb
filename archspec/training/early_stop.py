"""The end of a training whose validation gets no better, by Lightning's callback."""

from __future__ import annotations

from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import EarlyStopping

from archspec.recipe.schema import EarlyStopModel
from archspec.training.figures import SHARES
from archspec.training.module import MONITORED


class EarlyStop(EarlyStopping):
    """A run that it has ended is ended for a run that goes on, too, unless that has more patience."""

    def __init__(self, settings: EarlyStopModel) -> None:
        mode = "max" if settings.metric in SHARES else "min"
        monitor = MONITORED.format(settings.metric)
        super().__init__(monitor, settings.least, settings.patience, mode=mode, check_finite=False)
        self._patience = settings.patience

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict)
        self.patience = self._patience  # the recipe's, which may be another than before

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        super().on_train_start(trainer, pl_module)
        trainer.should_stop |= self.wait_count >= self.patience
