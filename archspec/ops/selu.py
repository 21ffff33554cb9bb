from __future__ import annotations

from typing import ClassVar

from archspec.ops.activation import Activation


class Selu(Activation):
    """Scaled exponential linear unit (Klambauer et al. 2017)."""

    name: ClassVar[str] = "selu"
    torch_name: ClassVar[str] = "SELU"
    inplace: ClassVar[bool] = True
