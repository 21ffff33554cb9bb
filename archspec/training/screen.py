"""A training's progress on a terminal: one line of stderr with the time left."""

from __future__ import annotations

import sys
import time
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback

_REDRAW = 0.2


def duration(seconds: float) -> str:
    """`42 s`, `3 min`, `2 h 5 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


class Progress(Callback):
    """Where the training stands and how long it still takes, by the pace of its steps so far. It keeps within one line of
    a terminal's stderr, which is empty again when something else is printed; elsewhere it shows nothing.
    """

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._begun = self._drawn = 0.0
        self._first = 0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._begun, self._first = time.perf_counter(), self._done(trainer, 0)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if not self._shown or not trainer.is_global_zero or time.perf_counter() - self._drawn < _REDRAW:
            return
        done = self._done(trainer, batch_idx + 1)
        epochs, batches = int(trainer.max_epochs or 0), int(trainer.num_training_batches)
        pace = (time.perf_counter() - self._begun) / max(1, done - self._first)
        left = duration(pace * (epochs * batches - done))
        loss = float(outputs["loss"] if isinstance(outputs, dict) else outputs) * trainer.accumulate_grad_batches
        parts = trainer.accumulate_grad_batches
        at = f"epoch {trainer.current_epoch + 1} of {epochs}, step {batch_idx // parts + 1:,} of {batches // parts:,}"
        self._draw(f"{at}, loss {loss:.4f}, {left} left")

    def on_validation_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        if self._shown and trainer.is_global_zero and time.perf_counter() - self._drawn >= _REDRAW:
            of = sum(map(int, trainer.num_val_batches))
            self._draw(f"epoch {trainer.current_epoch + 1} of {trainer.max_epochs}, validation {batch_idx:,} of {of:,}")

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.clear()

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        self.clear()

    def clear(self) -> None:
        """Leaves an empty line."""
        if self._shown:
            self._draw("")

    def _draw(self, text: str) -> None:
        sys.stderr.write("\r\x1b[K" + text)
        sys.stderr.flush()
        self._drawn = time.perf_counter()

    @staticmethod
    def _done(trainer: pl.Trainer, batches: int) -> int:
        return trainer.current_epoch * int(trainer.num_training_batches) + batches
