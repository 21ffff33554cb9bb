"""A spec by its name, and its network; what is wrong only because of the command line's changes is blamed on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from archspec.ir.expand import expand
from archspec.ir.tree import Network
from archspec.language.diagnostics import Diagnostic, SpecError, moved
from archspec.language.load import load
from archspec.language.places import Place
from archspec.language.spec import Spec


def loaded(name: str, set: Iterable[str] = (), input: str | None = None, scale: str | None = None) -> tuple[Spec, Network]:
    """The spec of a name with the changes of options, and its network. Raises SpecError; what only options make wrong is
    blamed on them.
    """
    spec = load(name, set=set, scale=scale, input=input)
    return spec, blamed_on_options(spec, lambda: load(name)) if spec.options else expand(spec)


def blamed_on_options(spec: Spec, plain: Callable[[], Spec]) -> Network:
    """Expands a spec that the command line changed: what is wrong only because of that is blamed on the option, or,
    if there are several, names them. `plain` gives the spec without them.
    """
    try:
        return expand(spec)
    except SpecError as error:
        try:
            expand(plain())
        except SpecError:
            raise error from None
        known = spec.problems.found
        raise SpecError(one if one in known else _blamed(one, spec.options) for one in error.diagnostics) from None


def _blamed(found: Diagnostic, options: list[Place]) -> Diagnostic:
    if any(found.place.source is option.source for option in options):
        return found
    if len(options) == 1:
        return moved(found, options[0])
    return replace(found, related=(*found.related, *(("with this change", option) for option in options)))
