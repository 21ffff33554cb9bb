"""Initialisation as the spec's scheme says: op type -> tensor -> distribution."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import init

from archspec.ir.tree import Network, leaves

_DRAW: dict[str, Callable[[Tensor, Any], Any]] = {
    "constant": init.constant_,
    "normal": lambda tensor, std: init.normal_(tensor, 0.0, std),
    "uniform": lambda tensor, bound: init.uniform_(tensor, -bound, bound),
    "he_normal": lambda tensor, mode: init.kaiming_normal_(tensor, mode=mode.replace(" ", "_"), nonlinearity="relu"),
    "he_uniform": lambda tensor, mode: init.kaiming_uniform_(tensor, mode=mode.replace(" ", "_"), nonlinearity="relu"),
    "xavier_normal": lambda tensor, gain: init.xavier_normal_(tensor, gain),
    "xavier_uniform": lambda tensor, gain: init.xavier_uniform_(tensor, gain),
}


@torch.no_grad()
def initialise(model: nn.Module, network: Network) -> None:
    """Draws the tensors that the scheme names; the others keep torch's own start. Uses torch's global generator."""
    modules = dict(model.named_modules())
    for root in (network.body, *(head.node for head in network.heads)):
        for leaf in leaves(root):
            for tensor_name, distribution in network.init.get(leaf.op.name, {}).items():
                tensor = getattr(modules.get(leaf.path), tensor_name, None)
                if tensor is not None:
                    (kind,) = distribution.model_fields_set
                    _DRAW[kind](tensor, getattr(distribution, kind))
