from __future__ import annotations

from typing import ClassVar

from archspec.language.values import Number
from archspec.ops.activation import Activation
from archspec.ops.base import column


class Elu(Activation):
    """x where it is positive, alpha (exp(x) - 1) elsewhere (Clevert et al. 2015)."""

    name: ClassVar[str] = "elu"
    torch_name: ClassVar[str] = "ELU"
    fact: ClassVar[str] = "elu_elements"
    inplace: ClassVar[bool] = True

    alpha: Number = column(1.0, about="minus the limit for negative values")
