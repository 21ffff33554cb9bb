"""Activations that write over their input, as a model that only predicts can have them."""

from __future__ import annotations

from torch import nn

from archspec.analysis.memory import in_place
from archspec.ir.tree import Network


def activations_in_place(model: nn.Module, network: Network) -> nn.Module:
    """Lets the activations of a built model write over their input where nothing else reads it, and returns the model.

    The numbers stay the same. It is for inference: torch refuses the backward pass of an op, such as a sigmoid, whose
    output was overwritten and is needed for its gradient.
    """
    for path in in_place(network):
        model.get_submodule(path).inplace = True  # type: ignore[assignment] # torch types every attribute as a module or a tensor
    return model
