"""A word out of those that exist: an option's value, a name in a list."""

from __future__ import annotations

from collections.abc import Iterable

from archspec.language.diagnostics import did_you_mean, fail
from archspec.language.names import nearest
from archspec.language.places import option


def one_of(flag: str, value: str, known: Iterable[str]) -> str:
    """The value if it is known; SpecError with those that exist otherwise."""
    known = list(known)
    if value not in known:
        hint = did_you_mean(nearest(value, known))
        raise fail("unsupported", f"{flag} is one of {', '.join(known)}, found `{value}`", option(flag, value), hint=hint)
    return value
