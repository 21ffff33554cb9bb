"""What a model with heads returns in training: a named tuple whose class is found by its field names."""

from __future__ import annotations

from collections import namedtuple
from functools import cache
from typing import Any

import torch


@cache
def output_class(fields: tuple[str, ...]) -> Any:
    """The named tuple class of these fields; the same class for the same fields, so that it can be pickled by them."""
    made = namedtuple("Output", fields)  # type: ignore[misc]
    made.__module__ = __name__
    made.__reduce__ = _reduce  # type: ignore[method-assign]
    return made


def _reduce(self: Any) -> tuple[Any, ...]:
    return output, (self._fields, tuple(self))


# the class depends on the fields alone: torch.compile may take it as a constant
_constant_class = torch.compiler.assume_constant_result(output_class)  # type: ignore[no-untyped-call]


def output(fields: tuple[str, ...], values: tuple[Any, ...]) -> Any:
    """The named tuple `(logits, aux1, ...)`."""
    return _constant_class(fields)(*values)
