"""Where a training can go on from: its state at every epoch's start and at its end, and where Ctrl-C stopped it."""

from __future__ import annotations

import io
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.plugins.io import TorchCheckpointIO

from archspec.files import write_whole
from archspec.training.order import Position

#: the epoch's counters that a state at its start must not have moved yet
_STARTED = "fit_loop", "epoch_progress"


class WholeFiles(TorchCheckpointIO):
    """Checkpoints that are written beside their place and renamed: an old one stays until the new one is whole."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any | None = None) -> None:
        buffer = io.BytesIO()  # torch's own writer answers a full disk with no OSError
        torch.save(checkpoint, buffer)
        write_whole(Path(path), lambda part: _write(part, buffer))


def _write(part: Path, buffer: io.BytesIO) -> None:
    with part.open("wb") as file:
        file.write(buffer.getbuffer())


class Boundary(Callback):
    """Saves the state as `path` at the start of every epoch and at the end, and, in a run of one process, where the first
    Ctrl-C comes; the second stops at once.

    At an epoch's end Lightning calls callbacks before the schedule goes on, so the state is taken at the next one's start,
    with the counter set back that has moved by then.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at_start = False
        #: the signal that came
        self.stopped_by: int | None = None
        self._before: dict[int, Any] = {}

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.world_size == 1 and threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.stopped_by is not None:
            raise KeyboardInterrupt
        self.stopped_by = number
        sys.stderr.write("\r\x1b[K" if sys.stderr.isatty() else "")
        sys.stderr.write("stopping as soon as the state can be saved; Ctrl-C again stops at once\n")

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._at_start = True
        try:
            trainer.save_checkpoint(self._path)
        finally:
            self._at_start = False
        self._stop()

    def on_save_checkpoint(self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]) -> None:
        if self._at_start:
            progress = checkpoint["loops"][_STARTED[0]][_STARTED[1]]
            for part in ("total", "current"):
                progress[part]["ready"] = progress[part]["started"]

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        # after this Lightning takes the first epoch of a run that goes on for a new one; before, it would leave out the step
        # of a schedule that goes by the validation
        trainer.fit_loop.restarting = False

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        stepped = (batch_idx + 1) % trainer.accumulate_grad_batches == 0
        if self.stopped_by is not None and stepped and batch_idx + 1 < trainer.num_training_batches:
            trainer.save_checkpoint(self._path)
            self._stop()

    def _stop(self) -> None:
        if self.stopped_by is not None:
            raise KeyboardInterrupt

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        trainer.save_checkpoint(self._path)

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}


def position(trainer: pl.Trainer) -> Position:
    """Where the training stands when an epoch's batches are asked for."""
    loop = trainer.fit_loop
    going_on = loop.restarting and not trainer.validating  # in the middle of an epoch
    return Position(trainer.current_epoch, loop.epoch_loop.batch_progress.current.ready if going_on else 0)
