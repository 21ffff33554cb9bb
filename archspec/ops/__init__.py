"""The primitive ops, one class in one file; a file is imported when its op is first named.

Other packages add theirs by the entry point `archspec.ops`, and a program by the decorator `archspec.register`.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import cache
from typing import TypeVar

from archspec.language.blocks import library_names
from archspec.language.names import identifier, normal
from archspec.language.plugins import OPS, check_new, described, plugged, plugged_blocks, plugin_error
from archspec.ops.base import Cost, Op, Shape, ShapeError, column

__all__ = ["Cost", "Op", "Shape", "ShapeError", "column", "op", "op_names", "register"]

_SHARED = ("activation", "base", "modules", "window")
#: what `register` was given, by name; a program adds to it before it loads a spec
_registered: dict[str, type[Op]] = {}

T = TypeVar("T", bound=type[Op])


@cache
def _files() -> frozenset[str]:
    """The names of archspec's own ops; nothing is imported."""
    return frozenset(m.name.replace("_", " ") for m in pkgutil.iter_modules(__path__) if m.name not in _SHARED)


@cache
def _plugged() -> frozenset[str]:
    """The names of the plug-ins' ops; nothing is imported. Raises SpecError if archspec, or a block, has one of them."""
    names = frozenset(plugged(OPS))
    check_new(names, _files() | {*library_names()}, "op")
    check_new(plugged_blocks(), _files(), "block")
    return names


def op_names() -> tuple[str, ...]:
    """The names of all ops; nothing is imported."""
    return tuple(sorted(_files() | _plugged() | _registered.keys()))


def op(name: str) -> type[Op] | None:
    """The op of this (normalised) name, or None. Raises SpecError for a plug-in that is broken."""
    if name in _registered:
        return _registered[name]
    if name in _plugged():
        return _from_plugin(name)
    return _from_file(name) if name in _files() else None


@cache
def _from_file(name: str) -> type[Op]:
    module = importlib.import_module(f"archspec.ops.{identifier(name)}")
    return next(
        found
        for found in vars(module).values()
        if isinstance(found, type) and issubclass(found, Op) and found.__dict__.get("name") == name
    )


@cache
def _from_plugin(name: str) -> type[Op]:
    point = plugged(OPS)[name]
    try:
        found = point.load()
    except Exception as error:  # whatever a plug-in does when it is imported
        raise plugin_error("bad-file", f"{described(point)} cannot be imported: {error}", point) from error
    if not (inspect.isclass(found) and issubclass(found, Op)) or found.__dict__.get("name") != name:
        raise plugin_error("bad-value", f"{described(point)} is not an Op whose name is `{name}`", point)
    return found


def register(new: T) -> T:
    """Class decorator: an op of this program, known to every spec that it loads from here on.

    Raises TypeError if it is no Op with a name, ValueError (that names both) if there is an op of this name. The same
    class may be defined anew, as a notebook does.
    """
    if not (inspect.isclass(new) and issubclass(new, Op)) or not isinstance(new.__dict__.get("name"), str):
        raise TypeError(f"{new!r} is not a subclass of archspec.ops.Op with a class variable `name`")
    name = normal(new.name)
    old = op(name)
    if name != new.name or (old is not None and _words(old) != _words(new)):
        other = f"{_words(old)} has it" if old else f"it is written `{name}`"
        raise ValueError(f"{_words(new)} cannot be called `{new.name}`: {other}")
    _registered[name] = new
    return new


def _words(of: type[Op]) -> str:
    return f"{of.__module__}.{of.__qualname__}"
