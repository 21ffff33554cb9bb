from __future__ import annotations

from typing import ClassVar

from archspec.language.values import Number
from archspec.ops.activation import Activation
from archspec.ops.base import column


class LeakyRelu(Activation):
    """x where it is positive, slope x elsewhere (Maas et al. 2013)."""

    name: ClassVar[str] = "leaky relu"
    torch_name: ClassVar[str] = "LeakyReLU"
    fact: ClassVar[str] = "leaky_relu_elements"
    inplace: ClassVar[bool] = True

    slope: Number = column(0.01, about="factor for negative values")
