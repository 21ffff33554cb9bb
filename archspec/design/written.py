"""Specs as text that only extend another: a member of a space, and a new spec, ready to edit."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from archspec.ir.tree import Network, Tree
from archspec.language.changes import option_documents
from archspec.language.diagnostics import Problems, fail
from archspec.language.documents import as_text
from archspec.language.nodes import Map, Node, Text
from archspec.language.places import Place, Source, option
from archspec.language.resolve import is_path, named

#: rows of a new spec whose cells are shown
_ROWS = 12


def extends_name(spec: str, folder: Path | None = None) -> str:
    """How a spec in `folder` (that of the other spec, if there is none) names the other one. Raises SpecError."""
    if not is_path(spec):
        return spec
    _, path, _ = named(spec)
    near = os.path.relpath(path, (folder or path.parent).resolve())
    if near.split(os.sep)[0] == os.pardir:
        hint = f"write it to {path.parent}, or to a folder above"
        raise fail("escaping-path", f"`{spec}` is not at or below the folder of the new spec", option("SPEC", spec), hint=hint)
    return f"./{Path(near).as_posix()}"


def extending(extends: str, name: str, changes: Iterable[str], about: str = "") -> str:
    """A spec that makes these changes, each as `--set` takes it, to another one."""
    problems = Problems()
    documents = option_documents("--set", changes, problems)
    problems.check()
    place = Place(Source("spec", ""))
    merged: Map = Map(place)
    for key, text in (("extends", extends), ("name", name), ("about", about)):
        if text:
            merged[Text(key, place)] = Text(text, place)
    for document in documents:
        _lay(merged, document)
    return as_text(merged)


def _lay(merged: Map, more: Map) -> None:
    """Adds what a change says; one that was there goes, since the later one is made last."""
    for key, value in more.items():
        held = merged.get(key)
        if isinstance(held, Map) and isinstance(value, Map) and key in ("rows", "vars", "defaults"):
            _merge(held, value, deep=key == "defaults")
        else:
            merged[more.key(key)] = value


def _merge(held: Map, more: Map, *, deep: bool) -> None:
    for key, value in more.items():
        old = held.get(key)
        if deep and isinstance(old, Map) and isinstance(value, Map):
            _merge(old, value, deep=False)
        else:
            _put(held, more.key(key), value)


def _put(held: Map, key: Text, value: Node) -> None:
    held.pop(key, None)
    held[key] = value


def starting(extends: str, name: str, network: Network) -> str:
    """A new spec that extends another and changes nothing yet, with what there is to change as comments."""
    last = network.rows[-1].name
    examples = [
        *_examples(network.rows),
        f"{last}: null  # takes the row away",
        f"extra: {{type: dropout, rate: 20%, before: {last}}}  # puts a new one in",
    ]
    lines = [
        f"extends: {extends}",
        f"name: {name}",
        "# about: one line of text",
        f"# input: {network.input}",
        "rows:",
        "  # a path, and the cells that change; * stands for any part of a word",
        *(f"  # {line}" for line in examples),
    ]
    return "\n".join(lines) + "\n"


def _examples(rows: Iterable[Tree]) -> Iterator[str]:
    """The cells of a row of each type, as they are."""
    seen: set[str] = set()
    for row in rows:
        cells = ", ".join(f"{_quoted(header)}: {text}" for header, text in row.cells.items())
        if cells and row.type not in seen and len(seen) < _ROWS:
            seen.add(row.type)
            yield f"{row.name}: {{{cells}}}"


def _quoted(header: str) -> str:
    return f'"{header}"' if header.startswith("#") else header
