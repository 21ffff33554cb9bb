"""What is wrong, where, and what to do about it: errors as data, rendered at the end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from archspec.language.places import Place

#: Every kind of error, with what it means. docs/errors.md is held to this table by a test.
CODES: dict[str, str] = {
    "alias-bomb": "YAML aliases multiply the document beyond the limit, or contain themselves.",
    "bad-argument": "A class that a recipe names does not take an argument that it is given, or what it makes does not fit.",
    "bad-change": "A change (`--set`, or `rows:` of an `extends`) has no path, no value, or a value of the wrong form.",
    "bad-claim": "A published figure (`params`, `ops`, `depth`, `output size`) cannot be read.",
    "bad-data": "A data set is missing, empty, cannot be read, or does not suit the network.",
    "bad-file": "A file is missing, is a directory, is too large, or cannot be read or written.",
    "bad-run": "A run folder or a checkpoint is missing or unfinished, or is of something else.",
    "bad-study": "A study (of a search) cannot be read or written, was damaged, or is of something else.",
    "bad-value": "A cell or key holds something that its column does not take.",
    "bad-weights": "A weights file cannot be read, or its tensors do not fit the network.",
    "comment-cell": "A header that starts with # was not quoted, so YAML takes the rest of the line for a comment.",
    "cyclic-block": "A block uses itself, directly or through other blocks.",
    "cyclic-extends": "A spec extends itself, directly or through others.",
    "duplicate-id": "Two rows of one list, or a row and a head, have the same id.",
    "duplicate-key": "A YAML mapping has the same key twice.",
    "duplicate-type": "Two files of blocks, plug-ins, or one of them and archspec itself, define a type of the same name.",
    "escaping-path": "A spec may only extend or use shipped specs and files at or below its own folder.",
    "formula-syntax": "A formula is malformed or uses something that formulas do not have.",
    "formula-value": "A formula divides by zero, overflows, or mixes kinds of values.",
    "head-source": "A head does not say which row it reads.",
    "missing-column": "A row lacks a column that its type needs.",
    "missing-key": "A key that must be there is missing.",
    "output-size": "The stated output size is not what comes out.",
    "overflow": "A count does not fit in 63 bits.",
    "removed-row": "A row reads a row that a `when` or a change has removed.",
    "reserved-name": "A name is already in use by the language or by torch.nn.Module.",
    "shape-mismatch": "What comes in does not suit the row, or branches disagree.",
    "too-deep": "Blocks or YAML are nested beyond the limit.",
    "too-large": "The network does not fit into this machine's memory, or a sweep has too many variants.",
    "too-many-nodes": "The document has more values, or the network more nodes, than the limit.",
    "unbalanced-formula": "A formula has an open parenthesis: inside { } or [ ] a comma ends it, so it needs quotes.",
    "unknown-column": "A row has a key that is neither a row key nor a column of its type.",
    "unknown-key": "A key does not exist at this place.",
    "unknown-name": "A formula names something that does not exist there.",
    "unknown-path": "A change addresses a row or a column that does not exist.",
    "unknown-row": "`from` or a column of type row names a row that is not there, or comes later.",
    "unknown-spec": "No shipped spec has this name.",
    "unknown-type": "A row's type is neither an op nor a block.",
    "unsupported": "The value is known but is not available here.",
    "unused-row": "A row stands after the last output, and nothing reads it.",
    "when-else": "A `when` in a branch must say `else: identity` or `else: none`.",
    "yaml-syntax": "The file is not well-formed YAML, or not UTF-8.",
    "yaml-tag": "YAML tags and merge keys are not part of the language.",
}

_WIDTH = 110
#: diagnostics that are printed; all of them are in `SpecError.diagnostics`
_SHOWN = 100
#: notes of one diagnostic, when the same finding shows in many rows
_RELATED = 12


@dataclass(frozen=True)
class Diagnostic:
    """One error: a stable `code`, a free `message`, a place, the row's path, and a fix where one can be guessed."""

    code: str
    message: str
    place: Place
    row: str | None = None
    hint: str | None = None
    related: tuple[tuple[str, Place], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "code": self.code,
            "message": self.message,
            "file": self.place.source.name,
            "line": self.place.line,
            "column": self.place.column,
            "row": self.row,
            "hint": self.hint,
            "related": [
                {"message": text, "file": at.source.name, "line": at.line, "column": at.column} for text, at in self.related
            ],
        }

    def __str__(self) -> str:
        row = f"row {self.row}: " if self.row else ""
        lines = [f"{self.place}: error[{self.code}]: {row}{self.message}", *_excerpt(self.place)]
        for text, at in self.related:
            lines += [f"  {at}: {text}", *_excerpt(at)]
        if self.hint:
            lines.append(f"  help: {self.hint}")
        return "\n".join(map(_printable, lines))


class SpecError(Exception):
    """A spec, an option or a file is wrong; holds every diagnostic that was found in the run."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__(self.diagnostics)

    def __str__(self) -> str:
        shown = [str(diagnostic) for diagnostic in self.diagnostics[:_SHOWN]]
        more = len(self.diagnostics) - len(shown)
        return "\n\n".join([*shown, f"and {more:,} more errors"] if more else shown)


class Problems:
    """Collects diagnostics so that one run reports them all; the same finding in several rows is one, with the rows named."""

    def __init__(self, found: Iterable[Diagnostic] = ()) -> None:
        self._found = {(one.code, one.message, one.place): one for one in found}

    @property
    def found(self) -> list[Diagnostic]:
        return list(self._found.values())

    def add(
        self,
        code: str,
        message: str,
        place: Place,
        *,
        row: str | None = None,
        hint: str | None = None,
        related: Iterable[tuple[str, Place]] = (),
    ) -> None:
        assert code in CODES, code
        self.include(Diagnostic(code, message, place, row, hint, tuple(related)))

    def include(self, new: Diagnostic) -> None:
        """Adds a diagnostic, or the places of another use to the one that is there."""
        key = (new.code, new.message, new.place)
        old = self._found.get(key)
        if old is not None and len(old.related) < _RELATED:
            new = replace(old, related=tuple(dict.fromkeys((*old.related, *new.related))))
        if old is None or len(old.related) < _RELATED:
            self._found[key] = new

    def __len__(self) -> int:
        return len(self._found)

    def back_to(self, number: int) -> None:
        """Forgets all but the first so many."""
        for key in list(self._found)[number:]:
            del self._found[key]

    def check(self) -> None:
        """Raise what was collected, if anything was."""
        if self._found:
            raise SpecError(in_order(self.found))


def in_order(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """By place: the sources in the order in which they first appear, each from top to bottom."""
    found = list(diagnostics)
    sources = {name: number for number, name in enumerate(dict.fromkeys(one.place.source.name for one in found))}
    return sorted(found, key=lambda one: (sources[one.place.source.name], one.place.line, one.place.column))


def fail(
    code: str,
    message: str,
    place: Place,
    *,
    hint: str | None = None,
    related: Iterable[tuple[str, Place]] = (),
) -> SpecError:
    """The exception for a single error after which nothing more can be said."""
    problems = Problems()
    problems.add(code, message, place, hint=hint, related=related)
    return SpecError(problems.found)


def moved(diagnostic: Diagnostic, place: Place) -> Diagnostic:
    """The same finding, blamed on `place`; where it showed becomes a note."""
    return replace(diagnostic, place=place, related=(("shows here", diagnostic.place), *diagnostic.related))


def did_you_mean(nearest: str | None) -> str | None:
    return f"did you mean `{nearest}`?" if nearest else None


def _printable(text: str) -> str:
    """A spec's text may hold escapes that a terminal would obey."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def _excerpt(place: Place) -> list[str]:
    line = place.source.line(place.line).replace("\t", " ")
    if not line.strip():
        return []
    start = 0 if place.column <= _WIDTH - 10 else place.column - _WIDTH // 2
    shown = line[start : start + _WIDTH]
    carets = "^" * max(1, min(place.width, len(shown) - (place.column - 1 - start)))
    margin = f"{place.line:>5} | "
    return [margin + shown.rstrip(), " " * (len(margin) - 2) + "| " + " " * (place.column - 1 - start) + carets]
