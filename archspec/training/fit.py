"""A network, a recipe and images to a trained network: everything that Lightning's trainer is given."""

from __future__ import annotations

import errno
import logging
import signal
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.loggers import TensorBoardLogger

from archspec.compiler.weights import save_weights
from archspec.language.diagnostics import fail
from archspec.training.averaging import Averaging
from archspec.training.boundary import Boundary, WholeFiles
from archspec.training.early_stop import EarlyStop
from archspec.training.history import History, Row
from archspec.training.loaders import Loaders
from archspec.training.machine import Machine
from archspec.training.module import Classifier
from archspec.training.run import RECIPE, Run
from archspec.training.screen import Progress
from archspec.training.workers import dying

#: what the system says when a file has no room, must not be written, or its folder is gone
_UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EIO, errno.ENOENT, errno.ENOTDIR)


@dataclass(frozen=True)
class Fitted:
    """What came out: a row of figures for each epoch, and the best of them."""

    rows: list[Row]
    best: Row | None


def fit(
    classifier: Classifier,
    loaders: Loaders,
    run: Run,
    machine: Machine,
    *,
    resume: bool,
    show: Callable[[Row], None],
    say: Callable[[str], None],
) -> Fitted:
    """Trains, and writes what comes out into the run's folder. Raises SpecError, and KeyboardInterrupt after Ctrl-C."""
    recipe, settings = classifier.recipe, classifier.recipe.settings
    monitored = settings.early_stop.metric if settings.early_stop else "top-1" if "top-1" in classifier.tests.sums else "loss"

    def save(path: Path) -> None:
        if trainer.is_global_zero:
            save_weights(classifier.model, classifier.network, path, {RECIPE: recipe.text})

    history = History(run.metrics, monitored, lambda: save(run.best), show, say)
    averaging = Averaging(settings.averaging) if settings.averaging else None
    boundary = Boundary(run.last)
    # each in its place: the progress leaves its line before a row is shown, the history sees the average before it is swapped
    # away, the state is saved after the average has taken a step in
    callbacks: list[Callback] = [
        Progress(),
        history,
        *([averaging] if averaging else []),
        *([EarlyStop(settings.early_stop)] if settings.early_stop else []),
        boundary,
    ]
    with _quiet():
        trainer = pl.Trainer(
            accelerator=machine.accelerator,
            devices=machine.devices,
            num_nodes=machine.nodes,
            strategy=machine.strategy,
            precision=settings.precision,
            max_epochs=settings.epochs,
            accumulate_grad_batches=settings.accumulate,
            gradient_clip_val=settings.clip,
            sync_batchnorm=machine.world > 1 and machine.on_gpu,
            callbacks=callbacks,
            logger=TensorBoardLogger(run.folder, name="", version="tensorboard"),
            plugins=[WholeFiles()],
            default_root_dir=run.folder,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            use_distributed_sampler=False,
            num_sanity_val_steps=0,
            log_every_n_steps=1,
        )
        try:
            with _interruptible(trainer, boundary), dying(recipe.place("data", "workers")):
                trainer.fit(classifier, datamodule=loaders, ckpt_path=run.last if resume else None, weights_only=True)
            if averaging is not None:
                averaging.finish(trainer, classifier)
            save(run.weights)
        except OSError as error:
            if error.errno not in _UNWRITABLE:
                raise
            raise run.unwritable(error) from None
        except torch.OutOfMemoryError as error:
            hint = "`accumulate` cuts a batch into parts that go through the network one after the other"
            message = f"a batch does not fit into the memory of the device: {str(error).splitlines()[0]}"
            raise fail("too-large", message, recipe.place("batch"), hint=hint) from None
    return Fitted(history.rows, history.best)


@contextmanager
def _interruptible(trainer: pl.Trainer, boundary: Boundary) -> Iterator[None]:
    """Lightning answers Ctrl-C with exit status 1, and leaves further ones unheard."""
    main = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    except SystemExit:
        if not trainer.interrupted:
            raise
        if boundary.stopped_by == signal.SIGTERM:
            raise SystemExit(128 + signal.SIGTERM) from None
        raise KeyboardInterrupt from None
    finally:
        if main:
            signal.signal(signal.SIGINT, before)


@contextmanager
def _quiet() -> Iterator[None]:
    """Lightning's advice is for who writes its code; errors are still said."""
    loggers = [logging.getLogger(name) for name in ("pytorch_lightning", "lightning_fabric")]
    before: list[Any] = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="pytorch_lightning|lightning_fabric|torch|torchmetrics")
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, before, strict=True):
                logger.setLevel(level)
