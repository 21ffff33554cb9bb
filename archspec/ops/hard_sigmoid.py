from __future__ import annotations

from typing import ClassVar

from archspec.ops.activation import Activation


class HardSigmoid(Activation):
    """min(max(x + 3, 0), 6) / 6, a sigmoid of straight lines (Howard et al. 2019)."""

    name: ClassVar[str] = "hard sigmoid"
    torch_name: ClassVar[str] = "Hardsigmoid"
    inplace: ClassVar[bool] = True
