"""A name and its arguments, as a recipe writes them, to an object: looked up among its kind, checked against its signature."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from torch.distributions import Distribution

from archspec.language.diagnostics import Problems, did_you_mean
from archspec.language.names import nearest
from archspec.language.nodes import Node, Seq, describe
from archspec.language.places import Place
from archspec.recipe.named import Named, named, value
from archspec.training.kinds import KINDS, Kind
from archspec.training.signatures import UnfitError, parameters

#: levels of transforms in transforms
_DEPTH = 8
#: characters of torch's own messages
_TEXT = 300
_WRONG = object()


@dataclass(frozen=True)
class Maker:
    """Makes objects of one kind. `given` are the parameters that are not the recipe's; what is wrong is added to `problems`."""

    kind: Kind
    problems: Problems
    given: Mapping[str, Any]
    depth: int = 0

    def made(self, one: Named) -> Any:
        """An object of the named class, or None if something is wrong."""
        before = len(self.problems)
        found = self.kind.classes.get(one.name)
        if found is None:
            message = f"`{one.name[:60]}` is no {self.kind.word} of {self.kind.home} that a recipe may name"
            self.problems.add("unknown-class", message, one.place, hint=_instead(one.name, self.kind))
            return None
        known = parameters(found)
        arguments = {key: self._argument(one, key, node) for key, node in one.arguments.items()}
        for key, parameter in known.items():
            if parameter.needed and key not in one.arguments and key not in self.kind.given:
                self._wrong(f"`{key}` of {one.name} is {_unwritable(parameter.foreign) or 'missing'}", one.place)
        if len(self.problems) > before:
            return None
        with judged(one, self.problems):
            return found(**arguments, **{key: held for key, held in self.given.items() if key in known})
        return None

    def _argument(self, one: Named, key: str, node: Node) -> Any:
        """What an argument means to its class."""
        known = {name: found for name, found in parameters(self.kind.classes[one.name]).items() if name not in self.kind.given}
        place = one.arguments.key(key).place
        if key in self.kind.given:
            return self._wrong(f"`{key}` of {one.name} is not a recipe's to give: archspec gives it", place)
        if key not in known:
            hint = did_you_mean(nearest(key, known)) or (f"its arguments are {', '.join(known)}" if known else None)
            return self._wrong(f"`{key[:60]}` is not an argument of {one.name}", place, hint)
        if key == self.kind.nested:
            return self._parts(one, key, node)
        if known[key].foreign:
            return self._wrong(f"`{key}` of {one.name} is {_unwritable(known[key].foreign)}", place)
        try:
            return known[key].takes(value(node), self.kind.limits.get(key, self.kind.limit))
        except ValueError as error:
            message = f"`{key}` of {one.name} must be {error}, found {describe(node)}"
            return self._wrong(message, node.place, error.hint if isinstance(error, UnfitError) else None)

    def _parts(self, one: Named, key: str, node: Node) -> Any:
        """A list of further names of the same kind."""
        if not isinstance(node, Seq) or not node:
            return self._wrong(f"`{key}` of {one.name} must be a list of {self.kind.word}s, found {describe(node)}", node.place)
        if self.depth == _DEPTH:
            self.problems.add("too-deep", f"`{key}` is nested more than {_DEPTH} levels", node.place)
            return _WRONG
        inner = replace(self, depth=self.depth + 1)
        parts = []
        for item in node:
            try:
                parts.append(inner.made(named(item)))
            except ValueError as error:
                self._wrong(f"each of `{key}` must be {error}, found {describe(item)}", item.place)
        return parts

    def _wrong(self, message: str, place: Place, hint: str | None = None) -> Any:
        self.problems.add("bad-argument", message, place, hint=hint)
        return _WRONG


@contextmanager
def judged(one: Named, problems: Problems) -> Iterator[None]:
    """What torch raises becomes a diagnostic at the arguments. What it only warns of passes."""
    # compiling a module, anywhere in the process, lets torch's distributions take any parameter from then on
    checked = Distribution._validate_args
    Distribution.set_default_validate_args(True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except Exception as error:
            problems.add("bad-argument", f"{one.name}: {one_line(error)}", arguments_place(one))
        finally:
            Distribution.set_default_validate_args(checked)


def arguments_place(one: Named) -> Place:
    """The first argument's name; without arguments the name's own place."""
    return next((one.arguments.key(key).place for key in one.arguments), one.place)


def one_line(error: Exception) -> str:
    """What an exception says, or what it is called."""
    return " ".join(str(error).split())[:_TEXT] or type(error).__name__


def _unwritable(foreign: str | None) -> str | None:
    return f"a {foreign}, which a recipe cannot give" if foreign else None


def _instead(name: str, kind: Kind) -> str | None:
    """What may have been meant: the same name elsewhere, or the nearest one here."""
    others = [other for other in KINDS if other is not kind and name in other.classes]
    if others:
        return f"it is a {others[0].word}, which stands under `{others[0].key}`"
    return did_you_mean(nearest(name, kind.classes))
