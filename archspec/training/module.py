"""A network, its losses and its optimizer as a Lightning module."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn
from torchmetrics import MeanMetric, Metric, SumMetric
from torchmetrics.classification import MulticlassAccuracy

from archspec.compiler.module import Model
from archspec.ir.tree import Network
from archspec.language.diagnostics import Problems, fail
from archspec.recipe.load import Recipe
from archspec.training import torch_names
from archspec.training.order import NOT_COUNTED, Batch
from archspec.training.seeds import mixed

#: what EarlyStopping and a plateau's schedule look at
MONITORED = "validation {}"


#: the share of images whose class is among the k likeliest, by its name
TOPS = {"top-1": 1, "top-5": 5}


class Classifier(pl.LightningModule):
    """Trains a network by a recipe. The loss is that of the logits, plus those of the heads with the weights that the spec
    states; dropout draws from a seed of (seed, epoch, batch, process).
    """

    def __init__(self, network: Network, recipe: Recipe, model: Model, made_of: Mapping[str, Any]) -> None:
        """`made_of` is what a checkpoint has to tell of the run that it is of. Raises SpecError for a name of the recipe that
        torch does not have.
        """
        super().__init__()
        self.model, self.network, self.recipe = model, network, recipe
        self._made_of = dict(made_of)
        #: names of images that could not be read, in the order in which they were met
        self.unreadable: dict[str, None] = {}
        settings, problems = recipe.settings, Problems()
        classes = network.output.channels
        loss = torch_names.loss(settings.loss, problems)
        mixes = settings.transforms.batch
        self._mix = torch_names.batch_transforms(mixes, classes, problems) if mixes else None
        problems.check()
        assert loss is not None, "what is wrong was reported"
        self.loss = loss
        self._weights = {head.node.name: head.weight for head in network.heads if head.node.name in model.heads}
        #: over an epoch of the training, and over a validation
        self.means = Figures({name: MeanMetric() for name in ("total", "loss", *map(_of_head, self._weights))}, lasting=True)
        known = {name: k for name, k in TOPS.items() if k < classes}
        tops = {name: MulticlassAccuracy(classes, k, "micro", ignore_index=NOT_COUNTED) for name, k in known.items()}
        self.tests = Figures({"loss": MeanMetric(), **tops})
        self.skipped = SumMetric()
        self.skipped.persistent(True)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["archspec"] = self._made_of

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        seed = self.recipe.settings.seed
        torch.manual_seed(mixed(seed, "step", self.current_epoch, batch_idx, self.global_rank))

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        if not len(batch.labels):
            names = ", ".join(batch.unreadable[:3])
            place = self.recipe.place("batch")
            raise fail("bad-data", f"no image of a batch can be read: {names}", place, hint="take these files away")
        images, labels = batch.images, batch.labels
        if self._mix is not None:
            images, labels = self._mix(images, labels)
        outputs = self.model(images)
        logits, *heads = outputs if isinstance(outputs, tuple) else (outputs,)
        loss: Tensor = self.loss(logits.flatten(1), labels)
        total, count = loss, len(labels)
        for (name, weight), output in zip(self._weights.items(), heads, strict=True):
            one = self.loss(output.flatten(1), labels)
            total = total + weight * one
            self.means.see(_of_head(name), one.detach(), count)
        self.means.see("loss", loss.detach(), count)
        self.means.see("total", total.detach(), count)
        self._skip(batch)
        return total

    def _skip(self, batch: Batch) -> None:
        self.skipped.update(len(batch.unreadable))
        self.unreadable.update(dict.fromkeys(batch.unreadable))

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        counted = batch.labels != NOT_COUNTED
        self._skip(batch)
        if not counted.any():
            return
        logits = self.model(batch.images).flatten(1)[counted]
        labels = batch.labels[counted]
        self.tests.see("loss", self.loss(logits, labels), len(labels))
        for name in self.tests:
            if name != "loss":
                self.tests.see(name, logits, labels)

    def check_finite(self, values: Mapping[str, float]) -> None:
        """Raises SpecError if a loss has left the numbers."""
        if not all(map(math.isfinite, values.values())):
            message = f"the training diverged in epoch {self.current_epoch + 1}: its loss is no number any more"
            hint = "take a smaller learning rate, or clip the gradients with `clip norm`"
            raise fail("diverged", message, self.recipe.place("optimizer"), hint=hint)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        settings, problems = self.recipe.settings, Problems()
        optimizer = torch_names.optimizer(settings.optimizer, self.model.parameters(), problems)
        problems.check()
        assert optimizer is not None, "what is wrong was reported"
        if settings.schedule is None:
            return optimizer
        schedule = torch_names.schedule(settings.schedule, optimizer, problems)
        problems.check()
        assert schedule is not None, "what is wrong was reported"
        monitor = MONITORED.format("loss")
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": settings.every, "monitor": monitor}}


class Figures(nn.ModuleDict):
    """Metrics by name. Those that are `lasting` are part of a checkpoint, which may be taken in the middle of an epoch."""

    def __init__(self, metrics: Mapping[str, Metric], *, lasting: bool = False) -> None:
        super().__init__(metrics)
        for metric in metrics.values():
            metric.persistent(lasting)

    def see(self, name: str, *values: Any) -> None:
        """Counts something in."""
        metric = self[name]
        assert isinstance(metric, Metric)
        metric.update(*values)

    def taken(self) -> dict[str, float]:
        """The figures of all processes together, which begin anew; every process has to ask. Nothing seen, no figure."""
        metrics = {name: metric for name, metric in self.items() if isinstance(metric, Metric)}
        found = {name: float(metric.compute()) for name, metric in metrics.items() if metric.update_called}
        for metric in metrics.values():
            metric.reset()
        return found


def _of_head(name: str) -> str:
    return f"{name} loss"
