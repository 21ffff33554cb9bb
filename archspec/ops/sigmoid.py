from __future__ import annotations

from typing import ClassVar

from archspec.ops.activation import Activation


class Sigmoid(Activation):
    """1 / (1 + exp(-x)), a gate between 0 and 1."""

    name: ClassVar[str] = "sigmoid"
    torch_name: ClassVar[str] = "Sigmoid"
