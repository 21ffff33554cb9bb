"""Which text a name means: a shipped spec or recipe, or a file; and which files one may name.

One resolver serves a checkout, an editable install and a wheel: the shipped specs lie in
`archspec/specs` of a wheel (its build maps them there) and in `specs` beside the package of a checkout; recipes likewise.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from archspec.language.diagnostics import SpecError, did_you_mean, fail
from archspec.language.names import nearest
from archspec.language.places import Place, Source, option
from archspec.language.reader import MAX_BYTES, decode

_PACKAGE = Path(__file__).parent.parent


@dataclass(frozen=True)
class Shelf:
    """What is shipped of one kind, by name: the word for one of it, and its folder."""

    word: str

    @property
    def folder(self) -> Path:
        """Where it is."""
        name = f"{self.word}s"
        return _PACKAGE / name if (_PACKAGE / name).is_dir() else _PACKAGE.parent / name

    @property
    def known(self) -> dict[str, Path]:
        """Its files by name."""
        return _files(self)


SPECS, RECIPES = Shelf("spec"), Shelf("recipe")
#: where the command line names one
_OPTIONS = {SPECS: "SPEC", RECIPES: "--recipe"}


@cache
def _files(shelf: Shelf) -> dict[str, Path]:
    """Those of spaces last: they are less often meant."""
    return {path.stem: path for path in sorted(shelf.folder.rglob("*.yaml"), key=lambda path: path.parent.name == "spaces")}


@cache
def specs_folder() -> Path:
    """Where the shipped specs are."""
    return SPECS.folder


@cache
def shipped() -> dict[str, Path]:
    """Shipped specs of networks by name."""
    return {name: path for name, path in SPECS.known.items() if path.parent.name != "spaces"}


@cache
def spaces() -> dict[str, Path]:
    """Shipped design spaces by name: specs too, whose plain network is that of the spec that they extend."""
    return {path.stem: path for path in sorted((specs_folder() / "spaces").glob("*.yaml"))}


def is_path(name: str) -> bool:
    return name.endswith((".yaml", ".yml")) or "/" in name or os.sep in name


def named(name: str, shelf: Shelf = SPECS) -> tuple[Source, Path, Path]:
    """The spec (or recipe) that a user names: its text, its path, and the folder that it may read. Raises SpecError."""
    if not is_path(name):
        path = _shipped(name, option(_OPTIONS[shelf], name), Path(), shelf)
        return _text(path, _display(path), None), path, shelf.folder
    try:
        path = Path(name).resolve()
    except (OSError, ValueError, RuntimeError) as error:
        raise fail("bad-file", f"the path cannot be used: {error}", Place(Source(name, ""))) from None
    return _text(path, name, None), path, path.parent


def named_in(name: str, place: Place, path: Path, root: Path, shelf: Shelf = SPECS) -> tuple[Source, Path, Path]:
    """The spec that the one at `path` names: a shipped name, or a file at or below `root`, links resolved. Raises SpecError
    at `place`.
    """
    if not is_path(name):
        found = _shipped(name, place, path.parent, shelf)
        return _text(found, _display(found), place), found, shelf.folder
    try:
        target = (path.parent / name).resolve()
    except (OSError, ValueError, RuntimeError):
        raise fail("bad-file", f"`{name}` is not a usable path", place) from None
    if not target.is_relative_to(root.resolve()):
        raise fail(
            "escaping-path",
            f"`{name}` leaves the folder of the {shelf.word}",
            place,
            hint=f"name a shipped {shelf.word}, or a file at or below that folder",
        )
    return _text(target, _display(target), place), target, root


def _shipped(name: str, place: Place, folder: Path, shelf: Shelf) -> Path:
    known, word = shelf.known, shelf.word
    if name not in known:
        files = [f"{name}{ending}" for ending in (".yaml", ".yml") if os.path.isfile(folder / f"{name}{ending}")]
        hint = did_you_mean(files[0] if files else nearest(name, known)) or f"there are {', '.join(known)}"
        if os.path.isfile(folder / name):
            hint = f"a {word} is a file that ends in .yaml or .yml; one with another ending is named with ./ before it"
        raise fail("unknown-spec", f"no shipped {word} is called `{name}`", place, hint=hint)
    return known[name]


def _display(path: Path) -> str:
    for base in (Path.cwd(), specs_folder().parent):
        if path.is_relative_to(base):
            return str(path.relative_to(base))
    return str(path)


def _text(path: Path, shown: str, place: Place | None) -> Source:
    """Reads at most MAX_BYTES of a regular file; a pipe or a device is refused before it is opened."""
    try:
        if not path.exists():
            hint = did_you_mean(path.stem) if path.stem in (*shipped(), *spaces()) else None
            if place is not None:
                hint = hint or "a file is named from the folder of the spec that names it"
            raise _unreadable(shown, "there is no such file", place, hint)
        if not path.is_file():
            raise _unreadable(shown, "this is a directory" if path.is_dir() else "this is not a regular file", place)
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise _unreadable(shown, f"the file cannot be read: {getattr(error, 'strerror', None) or error}", place) from None
    return decode(data, shown)


def _unreadable(shown: str, message: str, place: Place | None, hint: str | None = None) -> SpecError:
    named_here = message if place is None else f"{shown}: {message}"
    return fail("bad-file", named_here, place or Place(Source(shown, "")), hint=hint)
