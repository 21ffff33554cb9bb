"""The primitive ops, one class in one file; a file is imported when its op is first named."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from archspec.language.names import identifier
from archspec.ops.base import Cost, Op, Shape, ShapeError, column

__all__ = ["Cost", "Op", "Shape", "ShapeError", "column", "op", "op_names"]

_SHARED = ("activation", "base", "modules", "window")


@cache
def op_names() -> tuple[str, ...]:
    """The names of all ops; nothing is imported."""
    return tuple(sorted(m.name.replace("_", " ") for m in pkgutil.iter_modules(__path__) if m.name not in _SHARED))


@cache
def op(name: str) -> type[Op] | None:
    """The op of this (normalised) name, or None."""
    if name not in op_names():
        return None
    module = importlib.import_module(f"archspec.ops.{identifier(name)}")
    return next(
        found
        for found in vars(module).values()
        if isinstance(found, type) and issubclass(found, Op) and found.__dict__.get("name") == name
    )
