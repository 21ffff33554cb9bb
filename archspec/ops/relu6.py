from __future__ import annotations

from typing import ClassVar

from archspec.ops.activation import Activation


class Relu6(Activation):
    """min(max(x, 0), 6) (Howard et al. 2017)."""

    name: ClassVar[str] = "relu6"
    torch_name: ClassVar[str] = "ReLU6"
    fact: ClassVar[str] = "relu6_elements"
    inplace: ClassVar[bool] = True
