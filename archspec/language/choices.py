"""What an option takes: a word out of those that exist, a number between bounds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

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


def number_of(flag: str, value: Any, least: int, most: int) -> int:
    """The value if it is a whole number between these; SpecError otherwise."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise fail("unsupported", f"{flag} is a whole number from {least} to {most:,}", option(flag, str(value)))
    return value
