from __future__ import annotations

from typing import ClassVar

from archspec.ops.activation import Activation


class HardSwish(Activation):
    """x hard sigmoid(x) (Howard et al. 2019)."""

    name: ClassVar[str] = "hard swish"
    torch_name: ClassVar[str] = "Hardswish"
    inplace: ClassVar[bool] = True
