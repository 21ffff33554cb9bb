"""Plug-ins: what other installed packages add, by the entry points `archspec.ops` and `archspec.blocks`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import cache
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from pathlib import Path

from archspec.language.diagnostics import SpecError, fail
from archspec.language.names import normal
from archspec.language.places import Place, Source

OPS, BLOCKS = "archspec.ops", "archspec.blocks"


@cache
def _select() -> Callable[..., EntryPoints]:
    """Selects from the entry points of all installed packages, which are looked through once."""
    return entry_points().select


@cache
def plugged(group: str) -> dict[str, EntryPoint]:
    """The entry points of a group by normalised name. Nothing of them is imported. Raises SpecError if two have one name."""
    found: dict[str, EntryPoint] = {}
    for point in _select()(group=group):
        other = found.setdefault(normal(point.name), point)
        if other.value != point.value:
            raise plugin_error("duplicate-type", f"{described(other)} and {described(point)} have the same name", point)
    return found


@cache
def plugged_blocks() -> dict[str, tuple[EntryPoint, Path]]:
    """The YAML files of blocks by name: an entry point of `archspec.blocks` is a package whose folder holds them.

    Raises SpecError if a package cannot be found, or two files have one name.
    """
    found: dict[str, tuple[EntryPoint, Path]] = {}
    for point in plugged(BLOCKS).values():
        for path in sorted(filter(Path.is_file, _folder(point).glob("*.yaml"))):
            other = found.setdefault(normal(path.stem), (point, path))[1]
            if other is not path:
                raise plugin_error("duplicate-type", f"the block `{normal(path.stem)}` is in {path} and in {other}", point)
    return found


def _folder(point: EntryPoint) -> Path:
    """The folder of a package; the package is found, but not imported."""
    from importlib.util import find_spec

    words = point.value.split(".")
    if not all(word.isidentifier() for word in words):
        raise plugin_error("bad-file", f"{described(point)} is not a package with a folder of blocks", point)
    top, *rest = words
    found = find_spec(top)
    folders = [Path(place, *rest) for place in (found and found.submodule_search_locations) or ()]
    folder = next((one for one in folders if one.is_dir()), None)
    if folder is None:
        raise plugin_error("bad-file", f"{described(point)} is not a package with a folder of blocks", point)
    return folder


def check_new(points: Mapping[str, EntryPoint], own: Collection[str], what: str, where: str = "archspec") -> None:
    """Raises SpecError if a plug-in brings a name that `where` has."""
    for name in sorted(points.keys() & {*own}):
        point = points[name]
        raise plugin_error("duplicate-type", f"the {what} `{name}` is in {described(point)} and in {where}", point)


def described(point: EntryPoint) -> str:
    """An entry point with the distribution that brings it."""
    return f"{point.name} = {point.value}" + (f" of {point.dist.name}" if point.dist else "")


def plugin_error(code: str, message: str, point: EntryPoint) -> SpecError:
    """The error of a plug-in: its place is the entry point."""
    text = f"{point.name} = {point.value}"
    return fail(code, message, Place(Source(f"entry point {point.group}", text), width=len(text)), hint="mend or uninstall it")
