from __future__ import annotations

from typing import ClassVar

from archspec.ops.activation import Activation


class Mish(Activation):
    """x tanh(softplus(x)) (Misra 2019)."""

    name: ClassVar[str] = "mish"
    torch_name: ClassVar[str] = "Mish"
    inplace: ClassVar[bool] = True
