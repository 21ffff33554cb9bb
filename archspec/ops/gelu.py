from __future__ import annotations

from typing import ClassVar

from archspec.language.values import Word
from archspec.ops.activation import Activation
from archspec.ops.base import column


class Gelu(Activation):
    """x times the normal distribution's share below x (Hendrycks & Gimpel 2016)."""

    name: ClassVar[str] = "gelu"
    torch_name: ClassVar[str] = "GELU"
    fact: ClassVar[str] = "gelu_elements"

    approximate: Word = column("none", choices=("none", "tanh"), about="exactly, or by the paper's formula with tanh")
