from __future__ import annotations

from typing import ClassVar

from archspec.ops.activation import Activation


class Tanh(Activation):
    """The hyperbolic tangent."""

    name: ClassVar[str] = "tanh"
    torch_name: ClassVar[str] = "Tanh"
