"""What a recipe may name: classes of torch and torchvision, by what they are for. Nothing else can be reached from a recipe."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import torch
from torch import nn
from torch.nn.modules.loss import _Loss
from torch.optim import lr_scheduler
from torchvision.transforms import v2


@dataclass(frozen=True)
class Kind:
    """One kind of class: `word` in messages, `home` is the module that exports them, `key` is where a recipe names them.

    Parameters in `given` are the program's to fill; `nested` is the parameter that holds more of the same kind. No number is
    above `limit`, or above the one in `limits` for its parameter: a recipe is not trusted, and an image of a million pixels
    a side is a way to take a machine down.
    """

    word: str
    home: str
    key: str
    classes: Mapping[str, type]
    given: tuple[str, ...] = ()
    nested: str = ""
    limit: float = 1e15
    limits: Mapping[str, float] = field(default_factory=dict)


def _exported(module: ModuleType, base: type) -> dict[str, type]:
    """The public classes of a module that derive from `base`: no base class, nothing abstract, none with a free list of arguments
    (`Lambda`), which no signature checks.
    """
    found = {name: getattr(module, name) for name in sorted(dir(module)) if not name.startswith("_")}
    return {name: one for name, one in found.items() if _usable(one, base)}


def _usable(one: Any, base: type) -> bool:
    if not isinstance(one, type) or not issubclass(one, base) or one is base or inspect.isabstract(one):
        return False
    free = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return all(parameter.kind not in free for parameter in inspect.signature(one).parameters.values())


_TRANSFORMS = _exported(v2, v2.Transform)
#: transforms of a batch with its labels
_MIXES = ("MixUp", "CutMix")
#: the parameter of a transform that holds transforms
_PARTS = "transforms"
#: of images: sides in pixels, and what takes time or memory for each of its number
_PIXELS = 4096
_LIMITS = {"side_range": 4, "scale_range": 4, "sigma": 100, "kernel_size": 999} | dict.fromkeys(
    ("num_ops", "chain_depth", "mixture_width", "severity"), 100
)

OPTIMIZERS = Kind(
    word="optimizer",
    home="torch.optim",
    key="optimizer",
    classes=_exported(torch.optim, torch.optim.Optimizer),
    given=("params",),
    limits=dict.fromkeys(("history_size", "max_iter", "max_eval", "ns_steps"), 1000),
)
SCHEDULES = Kind(
    word="schedule",
    home="torch.optim.lr_scheduler",
    key="schedule",
    classes=_exported(lr_scheduler, lr_scheduler.LRScheduler),
    given=("optimizer", "last_epoch"),
    nested="schedulers",
)
LOSSES = Kind(word="loss", home="torch.nn", key="loss", classes=_exported(nn, _Loss), given=("device", "dtype"))
TRANSFORMS = Kind(
    word="transform",
    home="torchvision.transforms.v2",
    key="transforms.train and transforms.test",
    classes={name: one for name, one in _TRANSFORMS.items() if name not in _MIXES},
    nested=_PARTS,
    limit=_PIXELS,
    limits=_LIMITS,
)
BATCH = Kind(
    word="transform of a batch",
    home="torchvision.transforms.v2",
    key="transforms.batch",
    # and what chooses among them
    classes={name: one for name, one in _TRANSFORMS.items() if name in _MIXES or _PARTS in inspect.signature(one).parameters},
    given=("num_classes",),
    nested=_PARTS,
)
KINDS = (OPTIMIZERS, SCHEDULES, LOSSES, TRANSFORMS, BATCH)
