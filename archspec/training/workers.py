"""The processes that read images for a loader."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from archspec.language.diagnostics import fail
from archspec.language.places import Place


def unheard(worker: int) -> None:
    """A terminal sends Ctrl-C to all processes; the main one still needs its workers for the step that it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def dying(place: Place) -> Iterator[None]:
    """A worker that ends by itself, for want of memory as a rule, is the user's error: of the number that `place` says."""
    try:
        yield
    except RuntimeError as error:
        if not str(error).startswith("DataLoader worker"):
            raise
        message = f"a process that reads images ended: {str(error).partition(chr(10))[0]}"
        raise fail("unsupported", message, place, hint="with 0 workers, images are read in the process that trains") from None
