from __future__ import annotations

from typing import ClassVar

from archspec.ops.activation import Activation


class Softplus(Activation):
    """log(1 + exp(x)), a smooth relu."""

    name: ClassVar[str] = "softplus"
    torch_name: ClassVar[str] = "Softplus"
