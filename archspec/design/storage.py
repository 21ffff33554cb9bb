"""Where a study is kept: a SQLite file, or any database that SQLAlchemy knows by its URL; several processes share it.

A new file is made whole, beside its place, before it gets its name: what is there is a study, or it is an error.
"""

from __future__ import annotations

import os
import re
import secrets
import sqlite3
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from archspec.language.diagnostics import fail
from archspec.language.places import Place, option

if TYPE_CHECKING:
    from optuna.storages import RDBStorage

T = TypeVar("T")

#: seconds for which a process waits until another one has written
_PATIENCE = 120
_SQLITE = "sqlite:///"


def shown(target: str) -> str:
    """A file or URL, without a password."""
    return re.sub(r"(?<=://)([^/@]*?):[^/@]*@", r"\1:***@", target)


def place(target: str) -> Place:
    """The place of the option that names the study."""
    return option("--study", shown(target))


def file_of(target: str) -> Path | None:
    """The file of a study, also where it is named as a URL of SQLite; None for a database."""
    if target.startswith(_SQLITE):
        return Path(target.removeprefix(_SQLITE))
    return None if "://" in target else Path(target)


@contextmanager
def readable(target: str) -> Iterator[None]:
    """What goes wrong with the storage, as SpecError."""
    from optuna.exceptions import StorageInternalError
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (StorageInternalError, SQLAlchemyError, sqlite3.Error) as error:
        cause = error.__cause__ or error
        told = str(getattr(cause, "orig", None) or cause).partition("\n")[0]
        raise fail("bad-study", f"the study cannot be read or written: {told}", place(target)) from None


def connect(target: str, heartbeat: int, make: Callable[[RDBStorage], T]) -> RDBStorage:
    """The storage of a study. A file that is not there is made, with what `make` puts into it. Raises SpecError."""
    path = file_of(target)
    if path is None:
        with readable(target):
            try:
                return _storage(target, heartbeat)
            except ImportError as error:
                message = f"the database cannot be reached: {error}"
                raise fail("bad-study", message, place(target), hint="install what SQLAlchemy needs for it") from None
    if not path.exists():
        _create(path, target, heartbeat, make)
    _check(path, target)
    with readable(target):
        return _storage(_url(path), heartbeat)


def _create(path: Path, target: str, heartbeat: int, make: Callable[[RDBStorage], Any]) -> None:
    part = path.parent / f".{path.name[:200]}.{secrets.token_hex(6)}.part"
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        with readable(target):
            storage = _storage(_url(part), heartbeat)
            make(storage)
            storage.remove_session()
            storage.engine.dispose()
        os.link(part, path)
    except FileExistsError:
        pass  # another process was first
    except OSError as error:
        raise fail("bad-file", f"{path} cannot be written: {error.strerror or error}", place(target)) from None
    finally:
        part.unlink(missing_ok=True)


def _check(path: Path, target: str) -> None:
    """Raises SpecError for a file that is no study, or was damaged."""
    if not path.is_file():
        raise fail("bad-file", f"{path} is not a file", place(target))
    hint = "name another file, or take this one away"
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", timeout=_PATIENCE, uri=True)) as database:
            (found,) = database.execute("PRAGMA integrity_check(1)").fetchone()
            tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.OperationalError as error:
        raise fail("bad-file", f"{path} cannot be opened: {error}", place(target)) from None
    except sqlite3.DatabaseError as error:
        raise fail("bad-study", f"{path} is no study, or was damaged: {error}", place(target), hint=hint) from None
    if found != "ok":
        raise fail("bad-study", f"{path} was damaged: {found}", place(target), hint=hint)
    if "studies" not in tables:
        raise fail("bad-study", f"{path} holds no study", place(target), hint=hint)


def _url(path: Path) -> str:
    from sqlalchemy.engine import URL

    url = URL.create("sqlite", database=str(path.resolve())).render_as_string(hide_password=False)
    return url.replace("{", "{{").replace("}", "}}")  # Optuna formats the URL


def _storage(url: str, heartbeat: int) -> RDBStorage:
    import optuna

    arguments = {"connect_args": {"timeout": _PATIENCE}} if url.startswith("sqlite") else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)  # heartbeats, since 2021
        return optuna.storages.RDBStorage(
            url,
            engine_kwargs=arguments,
            heartbeat_interval=heartbeat,
            heartbeat_stale_trial_callback=optuna.storages.RetryHeartbeatStaleTrialCallback(max_retry=1),
        )
