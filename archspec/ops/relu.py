from __future__ import annotations

from typing import ClassVar

from archspec.ops.activation import Activation


class Relu(Activation):
    """Rectified linear unit, max(x, 0)."""

    name: ClassVar[str] = "relu"
    torch_name: ClassVar[str] = "ReLU"
    fact: ClassVar[str] = "relu_elements"
    inplace: ClassVar[bool] = True
