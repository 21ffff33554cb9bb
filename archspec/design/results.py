"""The file of a sweep: a first line that says what was swept, then a row for each variant; and one variant of it again."""

from __future__ import annotations

import csv
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from archspec.design.rows import Rows
from archspec.design.space import Space, space
from archspec.design.sweep import Plan
from archspec.design.where import TOTALS
from archspec.language.diagnostics import SpecError, fail
from archspec.language.places import Place, Source, option
from archspec.language.resolve import is_path

if TYPE_CHECKING:
    from archspec.language.many import Array

#: the number of the file's form
FORM = 1
#: characters of a line of a file that is read
_LINE = 1 << 20


def described(plan: Plan, samples: int | None) -> dict[str, Any]:
    """What was swept: enough to make every variant again by its number."""
    swept = plan.space
    return {
        "sweep": FORM,
        "spec": swept.spec,
        "digest": swept.network.digest,
        "set": list(swept.set),
        "input": swept.input,
        **swept.told,
        "where": [limit.text for limit in swept.where],
        "axes": [axis.name for axis in swept.axes],
        "size": swept.size,
        "samples": samples,
        "seed": plan.seed,
    }


class Writer(ABC):
    """Writes rows as they come: their numbers, what each axis lists, their figures. `needs` are these figures."""

    def __init__(self, file: TextIO, plan: Plan, head: dict[str, Any], figures: Sequence[str] = TOTALS) -> None:
        self._file, self._plan, self.needs = file, plan, tuple(figures)
        self._head = head

    @abstractmethod
    def add(self, rows: Rows) -> None:
        """Writes more rows."""

    def lines(self, rows: Rows) -> Iterator[tuple[Any, ...]]:
        """The cells of each row."""
        columns: list[list[Any]] = [numbers(self._plan.space, rows.steps)]
        columns += [axis_values(self._plan.space, rows, at) for at in range(len(self._plan.space.axes))]
        columns += [rows.figures[name].tolist() for name in self.needs]
        return zip(*columns, strict=True)


class CsvWriter(Writer):
    """Comma-separated values; the first line is a comment, which pandas skips with `comment="#"`."""

    def __init__(self, file: TextIO, plan: Plan, head: dict[str, Any], figures: Sequence[str] = TOTALS) -> None:
        super().__init__(file, plan, head, figures)
        file.write(f"# {json.dumps(head, ensure_ascii=False)}\r\n")
        self._rows = csv.writer(file, lineterminator="\r\n")
        self._rows.writerow(["variant", *(axis.name for axis in plan.space.axes), *self.needs])

    def add(self, rows: Rows) -> None:
        self._rows.writerows(self.lines(rows))


class JsonLinesWriter(Writer):
    """A JSON object a line; the first says what was swept."""

    def __init__(self, file: TextIO, plan: Plan, head: dict[str, Any], figures: Sequence[str] = TOTALS) -> None:
        super().__init__(file, plan, head, figures)
        file.write(json.dumps(head, ensure_ascii=False) + "\n")
        self._names = [axis.name for axis in plan.space.axes]

    def add(self, rows: Rows) -> None:
        count = len(self._names)
        for variant, *cells in self.lines(rows):
            axes = dict(zip(self._names, cells[:count], strict=True))
            figures = dict(zip(self.needs, cells[count:], strict=True))
            self._file.write(json.dumps({"variant": variant, "axes": axes, **figures}, ensure_ascii=False) + "\n")


#: what `-o` writes, by extension
WRITERS: dict[str, Callable[..., Writer]] = {".csv": CsvWriter, ".jsonl": JsonLinesWriter}


def opened(path: Path) -> AbstractContextManager[TextIO]:
    """A file to write rows to."""
    return path.open("w", encoding="utf-8", newline="")


def numbers(swept: Space, steps: Array) -> list[int]:
    """The numbers of the members with these steps (a row for each), exactly."""
    import numpy as np

    found = np.zeros(len(steps), dtype=np.int64 if swept.size < 1 << 63 else object)
    for at, axis in enumerate(swept.axes):
        found = found * len(axis) + steps[:, at].astype(found.dtype)
    return [int(one) for one in found.tolist()]


def axis_values(swept: Space, rows: Rows, at: int) -> list[Any]:
    """What an axis lists for each row."""
    values = swept.axes[at].values
    return [values[step] for step in rows.steps[:, at].tolist()]


def swept_member(told: str) -> tuple[Space, int]:
    """The space of a file of a sweep, and the number of a variant that stands in it: `FILE#17`. Raises SpecError."""
    name, mark, number = told.rpartition("#")
    place = option("--from-sweep", told)
    if not mark or not name or not number.isdecimal() or len(number) > 1001:
        raise fail(
            "bad-value",
            f"`{told}` is not FILE#VARIANT",
            place,
            hint="for example out.csv#17, with a number of its column variant",
        )
    path, variant = Path(name), int(number)
    if path.suffix.lower() not in WRITERS:
        raise fail(
            "unsupported",
            f"`{path.suffix or name}` is not an extension of a sweep",
            place,
            hint=f"there is: {', '.join(WRITERS)}",
        )
    try:
        with path.open(encoding="utf-8", newline="") as file:
            head = _head(file.readline(_LINE), name)
            swept = _space(head, path, place)
            if not any(one == variant for one in _variants(file, path.suffix.lower(), name)):
                raise fail("bad-value", f"no row of {name} has the variant {variant:,}", place)
    except (OSError, UnicodeDecodeError) as error:
        message = getattr(error, "strerror", None) or error
        raise fail("bad-file", f"{name} cannot be read: {message}", place) from None
    if variant >= swept.size:
        raise _wrong(name, f"the space has {swept.size:,} variants, and a row has the number {variant:,}")
    return swept, variant


def _wrong(name: str, message: str) -> SpecError:
    return fail("bad-file", f"{name} is no file of a sweep: {message}", Place(Source(name, "")))


def _head(line: str, name: str) -> dict[str, Any]:
    try:
        head = json.loads(line.removeprefix("#"))
    except (ValueError, RecursionError):
        raise _wrong(name, "its first line does not say what was swept") from None
    texts = ("set", "vary", "each", "links", "where")
    if not isinstance(head, dict) or head.get("sweep") != FORM or not isinstance(head.get("spec"), str):
        raise _wrong(name, "its first line does not say what was swept")
    if not all(isinstance(head.get(key), list) and all(isinstance(one, str) for one in head[key]) for key in texts):
        raise _wrong(name, f"its first line lacks one of {', '.join(texts)}")
    if not isinstance(head.get("input"), str | None):
        raise _wrong(name, "its input is no size")
    return head


def _space(head: dict[str, Any], path: Path, place: Place) -> Space:
    """The space that the first line of a file tells of, whose spec has to be what it was."""
    spec = head["spec"]
    if is_path(spec):
        found = Path(spec).resolve()
        if not any(found.is_relative_to(folder.resolve()) for folder in (Path.cwd(), path.parent)):
            hint = "call it from the folder of the spec"
            raise fail("escaping-path", f"its spec, {spec}, is not at or below this folder", place, hint=hint)
    links = [link.partition("=")[::2] for link in head["links"]]
    made = space(spec, vary=head["vary"], each=head["each"], links=links, set=head["set"], input=head["input"])
    if made.network.digest != head.get("digest") or made.size != head.get("size"):
        raise fail("bad-file", f"{spec} is not the spec any more that was swept", place, hint="sweep it again")
    return made


def _variants(file: TextIO, suffix: str, name: str) -> Iterator[int]:
    """The numbers of the rows."""
    try:
        if suffix == ".csv":
            rows = csv.reader(iter(lambda: file.readline(_LINE), ""))
            next(rows, None)
            yield from (int(row[0]) for row in rows if row)
        else:
            yield from (json.loads(line)["variant"] for line in iter(lambda: file.readline(_LINE), ""))
    except (ValueError, KeyError, TypeError, RecursionError, csv.Error):
        raise _wrong(name, "a row has no number of a variant") from None
