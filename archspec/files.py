"""Files are written whole: beside their place first, then renamed over it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path


def write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Calls `write` with a temporary path in the same folder, then renames it to `path`.

    An error or an interruption leaves an old file as it was and nothing else behind. Raises OSError.
    """
    path = path.resolve()  # a link stays a link
    part = path.parent / f".{path.name[:200]}.{secrets.token_hex(6)}.part"
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    mode = part.stat().st_mode & 0o777
    try:
        write(part)
        part.chmod(path.stat().st_mode & 0o777 if path.exists() else mode)  # a writer may have made a file of its own
        with part.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Writes a text whole. Raises OSError."""

    def write(part: Path) -> None:
        part.write_text(text, "utf-8")

    write_whole(path, write)
