"""Where a row stands in the walk, and what it gave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from archspec.ir.scope import Scope
from archspec.ir.tree import Inner, Tree
from archspec.language.places import Place
from archspec.ops.base import Shape

Path = tuple[str, ...]


@dataclass(frozen=True)
class At:
    """Where a row stands: its path, what it sees, and the shape that flows in (None if an error hides it)."""

    path: Path
    scope: Scope
    shape: Shape | None

    def to(self, name: str, shape: Shape | None) -> At:
        return At((*self.path, name), self.scope, shape)

    @property
    def dotted(self) -> str:
        return ".".join(self.path)


@dataclass(frozen=True)
class Outcome:
    """What a row gave: its node (None after an error) and the shape that the next row gets (None if not known)."""

    node: Tree | None
    output: Shape | None
    #: the size that the row states, if it is not what comes out: what follows shows which of them was meant
    stated: Shape | None = None
    #: where the row is there, if only in some variants, and what takes it away elsewhere
    there: Any = True
    gone: Gone | None = None


@dataclass(frozen=True)
class Gone:
    """A row that is not there, and what took it away: `its `when`` or `a change`."""

    by: str


class StopError(Exception):
    """A limit was passed, and was reported: going on would only take time."""


def inner(kind: str, children: Sequence[Tree | None], at: At, output: Shape | None, place: Place) -> Outcome:
    """An inner node, if nothing in it is broken."""
    whole = tuple(child for child in children if child is not None)
    if at.shape is None or output is None or len(whole) < len(children):
        return Outcome(None, output)
    return Outcome(Inner(at.dotted, kind, at.shape, output, place, kind=kind, children=whole), output)
