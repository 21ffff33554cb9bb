"""The primitive ops, one class in one file; a file is imported when its op is first named.

Other packages add theirs by the entry point `archspec.ops`, and a program by the decorator `archspec.register`.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from functools import cache
from typing import TypeVar

from archspec.language.blocks import library_names, taken
from archspec.language.names import STRUCTURE, identifier, normal
from archspec.language.plugins import OPS, check_new, described, plugged, plugged_blocks, plugin_error
from archspec.language.values import TYPES
from archspec.ops.base import Cost, Op, Shape, ShapeError, column

__all__ = ["Cost", "Op", "Shape", "ShapeError", "column", "op", "op_names", "register"]

_NAME = re.compile(r"[a-z0-9]+( [a-z0-9]+)*")
_SHARED = ("activation", "base", "facts", "modules", "reach", "window")
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
    points, blocks = plugged(OPS), {name: point for name, (point, _) in plugged_blocks().items()}
    for name in points.keys() & blocks.keys():
        check_new(points, [name], "op", f"{described(blocks[name])}, as a block")
    check_new(points, _files() | {*library_names()}, "op")
    check_new(blocks, _files(), "block")
    for name, point in points.items():
        if problem := _name_problem(name):
            raise plugin_error("reserved-name", f"{described(point)} brings an op whose name {problem}", point)
    return frozenset(points)


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
    except (Exception, SystemExit) as error:  # whatever a plug-in does when it is imported
        raise plugin_error("bad-file", f"{described(point)} cannot be imported: {error}", point) from error
    if not (inspect.isclass(found) and issubclass(found, Op)) or found.__dict__.get("name") != name:
        raise plugin_error("bad-value", f"{described(point)} is not an Op whose name is `{name}`", point)
    if problem := _column_problem(found):
        raise plugin_error("bad-value", f"{described(point)}: {problem}", point)
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
    other = f"it is written `{name}`" if name != new.name else _name_problem(name)
    if old is not None and _words(old) != _words(new):
        other = f"{_words(old)} has it"
    elif name in library_names():
        other = "a block of archspec or of a plug-in has it"
    if other:
        raise ValueError(f"{_words(new)} cannot be called `{new.name}`: {other}")
    if problem := _column_problem(new):
        raise ValueError(f"{_words(new)}: {problem}")
    _registered[name] = new
    return new


def _name_problem(name: str) -> str | None:
    """Why an op cannot be called so, or None."""
    if name in STRUCTURE:
        return f"`{name}` is a word of the language"
    return None if _NAME.fullmatch(name) else f"`{name}` is not words of small letters and digits"


def _column_problem(of: type[Op]) -> str | None:
    """What is wrong with the columns of an op that archspec does not bring, or None."""
    for each in of.columns().values():
        if taken(each.name) or taken(each.header):
            return f"the column `{each.name}` has a name of the language"
        if each.holds_layer or each.holds_row or each.annotation not in TYPES.values():
            return f"the column `{each.name}` has none of the types of archspec.language.values that an op can have"
    return None


def _words(of: type[Op]) -> str:
    return f"{of.__module__}.{of.__qualname__}"
