"""Where a training runs, and whether a recipe can run there."""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch
from pytorch_lightning.utilities import rank_zero_only
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from archspec.language.choices import one_of
from archspec.language.diagnostics import fail
from archspec.language.places import option
from archspec.recipe.load import Recipe

ACCELERATORS = ("auto", "cpu", "gpu")
#: those of Lightning's whose every process has the whole network
STRATEGIES = ("auto", "ddp")


@dataclass(frozen=True)
class Machine:
    """Where a training runs, as Lightning names it; `devices` are those of each of the `nodes`."""

    accelerator: str = "auto"
    devices: int = 1
    nodes: int = 1
    strategy: str = "auto"

    @property
    def world(self) -> int:
        """Processes in all."""
        return self.devices * self.nodes

    @property
    def first(self) -> bool:
        """Whether this is the process that speaks and writes: the first of the first machine."""
        return not getattr(rank_zero_only, "rank", 0) and os.environ.get("NODE_RANK", "0") == "0"

    @property
    def on_gpu(self) -> bool:
        return self.accelerator != "cpu" and torch.accelerator.is_available()

    def check(self) -> None:
        """Raises SpecError if this machine has no such devices."""
        one_of("--accelerator", self.accelerator, ACCELERATORS)
        one_of("--strategy", self.strategy, STRATEGIES)
        if self.nodes > 1 and not any(name in os.environ for name in ("MASTER_ADDR", "SLURM_JOB_ID")):
            message = f"{self.nodes:,} machines find each other by MASTER_ADDR, MASTER_PORT and NODE_RANK, which are not set"
            raise fail(
                "unsupported", message, option("--nodes", str(self.nodes)), hint="see Lightning's documentation of clusters"
            )
        if self.accelerator == "gpu" and not self.on_gpu:
            raise fail("unsupported", "torch finds no GPU here", option("--accelerator", "gpu"), hint="--accelerator cpu")
        if self.on_gpu and self.devices > torch.accelerator.device_count():
            message = f"this machine has {torch.accelerator.device_count():,} GPUs, and {self.devices:,} are asked for"
            raise fail("unsupported", message, option("--devices", str(self.devices)))


def parts_of(recipe: Recipe, machine: Machine, images: int, model: nn.Module) -> int:
    """Into how many parts a batch is cut. Raises SpecError if it cannot be, or if there are fewer images than a batch has."""
    settings, place = recipe.settings, recipe.place("batch")
    parts = machine.world * settings.accumulate
    if settings.batch % parts:
        what = f"{machine.world:,} {'process' if machine.world == 1 else 'processes'} with {settings.accumulate:,} parts each"
        raise fail("bad-value", f"a batch of {settings.batch:,} images cannot be shared by {what}", place)
    if images < settings.batch:
        message = f"a batch has {settings.batch:,} images, and there are {images:,} to train with"
        raise fail("bad-value", message, place, hint="--recipe-set batch=N")
    if settings.batch == parts and _norms(model):
        message = "batch norm takes its statistics from a part of a batch, and a part has one image"
        raise fail("bad-value", message, place, hint="take a larger `batch`, or a smaller `accumulate`")
    return parts


def statistics_per_process(model: nn.Module, machine: Machine) -> bool:
    """Whether each process has a batch norm's statistics of its own, since they are shared on GPUs only."""
    return _norms(model) and machine.world > 1 and not machine.on_gpu


def _norms(model: nn.Module) -> bool:
    return any(isinstance(module, _BatchNorm) for module in model.modules())
