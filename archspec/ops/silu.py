from __future__ import annotations

from typing import ClassVar

from archspec.ops.activation import Activation


class Silu(Activation):
    """x sigmoid(x), also called swish (Ramachandran et al. 2017)."""

    name: ClassVar[str] = "silu"
    torch_name: ClassVar[str] = "SiLU"
    fact: ClassVar[str] = "silu_elements"
    inplace: ClassVar[bool] = True
