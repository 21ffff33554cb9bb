"""A network, its losses and its optimizer as a Lightning module."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor
from torchmetrics import SumMetric

from archspec.compiler.module import Model
from archspec.ir.tree import Network
from archspec.language.diagnostics import Problems, fail
from archspec.recipe.load import Recipe
from archspec.training import torch_names
from archspec.training.figures import Means, right, tops
from archspec.training.order import NOT_COUNTED, Batch
from archspec.training.seeds import mixed

#: what EarlyStopping and a plateau's schedule look at
MONITORED = "validation {}"


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
        self.means = Means(("training loss", "loss", *map(_of_head, self._weights)), lasting=True)
        self._tops = tops(classes)
        self.tests = Means(("loss", *self._tops))
        self.skipped = SumMetric()
        self.skipped.persistent(True)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["archspec"] = self._made_of

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        self._skip(batch)
        if not len(batch.labels):
            names = "; ".join(batch.unreadable[:3])
            place = self.recipe.place("batch")
            raise fail("bad-data", f"no image of a batch can be read: {names}", place, hint="take these files away")

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        # some optimizers ask for the loss of a step several times
        torch.manual_seed(mixed(self.recipe.settings.seed, "step", self.current_epoch, batch_idx, self.global_rank))
        images, labels = batch.images, batch.labels
        if self._mix is not None:
            images, labels = self._mix(images, labels)
        outputs = self.model(images)
        logits, *heads = outputs if isinstance(outputs, tuple) else (outputs,)
        losses: dict[str, Tensor] = {"loss": self.loss(logits.flatten(1), labels)}
        total = losses["loss"]
        for (name, weight), output in zip(self._weights.items(), heads, strict=True):
            losses[_of_head(name)] = self.loss(output.flatten(1), labels)
            total = total + weight * losses[_of_head(name)]
        self.means.see({"training loss": total, **losses}, len(labels))
        return total

    def _skip(self, batch: Batch) -> None:
        self.skipped.update(len(batch.unreadable))
        self.unreadable.update(dict.fromkeys(batch.unreadable))

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        counted = batch.labels != NOT_COUNTED
        self._skip(batch)
        # also of images that are not counted: each process goes through the network as often as the others
        logits, labels = self.model(batch.images).flatten(1)[counted], batch.labels[counted]
        if len(labels):
            shares = {name: right(logits, labels, k) for name, k in self._tops.items()}
            self.tests.see({"loss": self.loss(logits, labels), **shares}, len(labels))

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


def _of_head(name: str) -> str:
    return f"{name} loss"
