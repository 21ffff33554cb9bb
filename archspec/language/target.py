"""The file that an option names for a result."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from archspec.language.diagnostics import fail
from archspec.language.places import option


def check_target(flag: str, output: Path, known: Iterable[str]) -> None:
    """An unknown extension or an unusable folder is said before any work is done. Raises SpecError."""
    place = option(flag, str(output))
    if output.suffix.lower() not in known:
        message = f"`{output.suffix or output.name}` is not an extension that {flag} writes"
        raise fail("unsupported", message, place, hint=f"there is: {', '.join(known)}")
    if output.is_dir():
        raise fail("bad-file", f"{output} is a directory", place)
    if not output.absolute().parent.is_dir():
        raise fail("bad-file", f"there is no folder {output.parent}", place, hint="create it first")
