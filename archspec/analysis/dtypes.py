"""Bytes of weights and activations by dtype, as torch names it, without torch."""

from __future__ import annotations

from collections.abc import Mapping

from archspec.language.choices import one_of
from archspec.ops.base import Cost

#: bytes of an element
DTYPES: Mapping[str, int] = {
    "float64": 8,
    "float32": 4,
    "float16": 2,
    "bfloat16": 2,
    "float8_e4m3fn": 1,
    "float8_e5m2": 1,
    "int8": 1,
}


def element_bytes(dtype: str) -> int:
    """Bytes of one element; SpecError with the dtypes that exist if this one does not."""
    return DTYPES[one_of("--dtype", dtype, DTYPES)]


def weight_bytes(cost: Cost, dtype: str = "float32") -> int:
    """Bytes of the trained tensors and of the running statistics: the floating-point part of the state_dict."""
    return (cost.params + cost.buffers) * element_bytes(dtype)


def activation_bytes(cost: Cost, dtype: str = "float32") -> int:
    """Bytes of the outputs of convolutions and linears."""
    return cost.activations * element_bytes(dtype)
