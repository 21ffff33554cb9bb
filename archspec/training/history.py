"""What a training has reached: a row of figures for every epoch, as CSV, for TensorBoard, and on the screen."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback

from archspec.files import write_text
from archspec.training.figures import SHARES
from archspec.training.module import MONITORED, Classifier

Row = dict[str, float]
#: of so many steps one is told to TensorBoard
_STEPS = 50
#: unreadable images that are named
_NAMED = 10


class History(Callback):
    """Keeps a row for every epoch, writes them as `path`, and calls `best` in a validation that is better than all before;
    the rows are part of a checkpoint, so that a run that goes on has the same ones. It stands before the averaging, which
    takes its weights away at a validation's end.
    """

    def __init__(
        self, path: Path, monitored: str, best: Callable[[], None], show: Callable[[Row], None], say: Callable[[str], None]
    ) -> None:
        self._path, self._monitored, self._best, self._show, self._say = path, monitored, best, show, say
        self._named: set[str] = set()
        self.rows: list[Row] = []
        self._validation: Row = {}
        self._rate = 0.0
        self._started = time.perf_counter()

    @property
    def best(self) -> Row | None:
        """The epoch with the best figure of those that were monitored, the first of several."""
        rows = [row for row in self.rows if MONITORED.format(self._monitored) in row]
        return min(rows, key=self._worth, default=None)

    def _worth(self, row: Row) -> float:
        """Less is better."""
        return row[MONITORED.format(self._monitored)] * (-1 if self._monitored in SHARES else 1)

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._started = time.perf_counter()  # a run that goes on in the middle of an epoch starts none

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._started = time.perf_counter()

    def on_train_batch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int) -> None:
        self._rate = trainer.optimizers[0].param_groups[0]["lr"]  # after the step the schedule may have gone on

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        due = trainer.global_step % _STEPS == 0 and (batch_idx + 1) % trainer.accumulate_grad_batches == 0
        if due and trainer.is_global_zero and trainer.logger is not None:
            loss = float(outputs["loss"]) * trainer.accumulate_grad_batches
            trainer.logger.log_metrics({"loss of a step": loss}, trainer.global_step)

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        assert isinstance(pl_module, Classifier)
        found = pl_module.tests.taken()
        self._validation = {MONITORED.format(name): value for name, value in found.items()}
        for name, value in self._validation.items():
            pl_module.log(name, value, logger=False)
        pl_module.check_finite(found)
        before = self.best
        if found and (before is None or self._worth(self._validation) < self._worth(before)):
            self._best()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        assert isinstance(pl_module, Classifier)
        found = pl_module.means.taken()
        skipped = int(pl_module.skipped.compute())
        pl_module.skipped.reset()
        pl_module.check_finite(found)
        row = {
            "epoch": trainer.current_epoch + 1,
            "step": trainer.global_step,
            "learning rate": self._rate,
            **found,
            **self._validation,
            "skipped": skipped,
            "seconds": round(time.perf_counter() - self._started, 3),
        }
        self._validation = {}
        self.rows.append(row)
        unreadable = _of_all(trainer, [*pl_module.unreadable])
        if trainer.is_global_zero:
            self._write()
            assert trainer.logger is not None
            trainer.logger.log_metrics({name: value for name, value in row.items() if name != "step"}, trainer.global_step)
            self._show(row)
            self._tell_unreadable(unreadable)

    def _tell_unreadable(self, names: list[str]) -> None:
        """Says which images could not be read, each once."""
        new = [name for name in names if name not in self._named]
        self._named.update(new)
        if new:
            images = "1 image cannot be read, and is" if len(new) == 1 else f"{len(new):,} images cannot be read, and are"
            more = f"; and {len(new) - _NAMED:,} more" if len(new) > _NAMED else ""
            self._say(f"{images} skipped: {'; '.join(new[:_NAMED])}{more}")

    def _write(self) -> None:
        text = io.StringIO()
        names = dict.fromkeys(name for row in self.rows for name in row)
        writer = csv.DictWriter(text, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        write_text(self._path, text.getvalue())

    def state_dict(self) -> dict[str, Any]:
        return {"rows": self.rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.rows = list(state_dict["rows"])


def _of_all(trainer: pl.Trainer, names: list[str]) -> list[str]:
    """The names that any process has, each once."""
    parts: list[Any] = [names]
    if trainer.world_size > 1:
        parts = [None] * trainer.world_size
        torch.distributed.all_gather_object(parts, names)
    return [*dict.fromkeys(name for part in parts for name in part)]
