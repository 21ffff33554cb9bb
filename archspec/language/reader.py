"""YAML text to nodes. Works on PyYAML's events, so that nesting, aliases and tags are bounded before anything is built."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import yaml

from archspec.language.diagnostics import Problems, fail
from archspec.language.nodes import Map, Node, Seq, Text, describe, is_formula, is_null
from archspec.language.places import Place, Source

MAX_BYTES = 1 << 20
MAX_NODES = 100_000
MAX_NESTING = 50
TOO_DEEP = f"YAML is nested more than {MAX_NESTING} levels"

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_COMMENT_CELL = re.compile(r"(?:^|[\s,{])(#\d[\w ]*+):(?=\s|$)")


def decode(data: bytes, name: str) -> Source:
    """The text of a file, or a diagnostic that points at the first bad byte."""
    if len(data) > MAX_BYTES:
        place = Place(Source(name, ""))
        raise fail("bad-file", f"the file has more than {MAX_BYTES:,} bytes, the most that a spec has", place)
    try:
        return Source(name, data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        source = Source(name, data.decode("utf-8", "replace"))
        raise fail(
            "yaml-syntax",
            f"byte 0x{data[error.start]:02x} is not UTF-8",
            source.at(len(data[: error.start].decode("utf-8", "replace"))),
            hint="save the file as UTF-8",
        ) from None


def read(source: Source, problems: Problems | None = None, *, skip: int = 0) -> list[Node]:
    """The documents of a text. `skip` characters of a one-line text are passed over (an option's path).

    What leaves a document to go on with is added to `problems`, if given; all else raises SpecError.
    """
    reader = _Reader(source, skip)
    documents = reader.documents()
    if problems is None:
        reader.problems.check()
    else:
        for diagnostic in reader.problems.found:
            problems.include(diagnostic)
    return documents


@dataclass
class _Open:
    """A mapping or list whose end has not come; `key` waits for its value, `start` counts the nodes before it."""

    node: Map | Seq
    anchor: str | None
    start: int
    key: Text | None = None


class _Reader:
    """Builds nodes from events; `scalars` are the stretches of text that are values, for telling comments apart."""

    def __init__(self, source: Source, skip: int) -> None:
        self.source = source
        self.text = " " * skip + source.text[skip:]
        self.problems = Problems()
        self.scalars: list[tuple[int, int]] = []
        self.roots: list[Node] = []
        self.open: list[_Open] = []
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.count = 0

    def documents(self) -> list[Node]:
        handlers: dict[type, Callable[[Any, Place], None]] = {
            yaml.ScalarEvent: self.scalar,
            yaml.AliasEvent: self.alias,
            yaml.MappingStartEvent: lambda event, place: self.begin(Map(place), event, place),
            yaml.SequenceStartEvent: lambda event, place: self.begin(Seq(place), event, place),
            yaml.MappingEndEvent: self.end,
            yaml.SequenceEndEvent: self.end,
        }
        try:
            for event in yaml.parse(self.text, Loader=_Loader):
                if type(event) in handlers:
                    handlers[type(event)](event, self.place(event))
        except yaml.YAMLError as error:
            if not self.comment_cells():
                self.syntax(error)
            self.problems.check()
        if self.comment_cells():
            self.problems.check()  # what the comment swallowed cannot be judged
        return self.roots

    def scalar(self, event: Any, place: Place) -> None:
        self.tag(event, place)
        self.scalars.append((event.start_mark.index, event.end_mark.index))
        node = Text(event.value, place, not event.style)
        if event.anchor:
            self.anchors[event.anchor] = (node, 1)
        self.grow(1, place)
        self.attach(node)

    def alias(self, event: Any, place: Place) -> None:
        if event.anchor not in self.anchors:
            inside = any(parent.anchor == event.anchor for parent in self.open)
            code, text = ("alias-bomb", "contains itself") if inside else ("yaml-syntax", "is not defined before")
            raise fail(code, f"the alias *{event.anchor} {text}", place)
        node, weight = self.anchors[event.anchor]
        self.grow(weight, place)
        self.attach(node)

    def begin(self, node: Map | Seq, event: Any, place: Place) -> None:
        self.tag(event, place)
        if len(self.open) >= MAX_NESTING:
            raise fail("too-deep", TOO_DEEP, place)
        self.open.append(_Open(node, event.anchor, self.count))
        self.grow(1, place)

    def end(self, event: Any, place: Place) -> None:
        done = self.open.pop()
        if done.anchor:
            self.anchors[done.anchor] = (done.node, self.count - done.start)
        self.formulas(done.node)
        self.attach(done.node)

    def grow(self, weight: int, place: Place) -> None:
        """Counts the values that the document has once its aliases are followed."""
        self.count += weight
        if self.count > MAX_NODES:
            code = "alias-bomb" if self.anchors else "too-many-nodes"
            raise fail(code, f"the document has more than {MAX_NODES:,} values", place)

    def attach(self, node: Node) -> None:
        if not self.open:
            self.roots.append(node)
            return
        top = self.open[-1]
        if isinstance(top.node, Seq):
            top.node.append(node)
        elif top.key is not None:
            if top.key not in top.node:
                top.node[top.key] = node
            top.key = None
        elif not isinstance(node, Text):
            raise fail("yaml-syntax", "a key must be a single word or text", node.place)
        elif node == "<<" and node.plain:
            raise fail(
                "yaml-tag",
                "the merge key << is not part of the language",
                node.place,
                hint="use `defaults`, a block, or `extends`",
            )
        else:
            top.key = node
            if node in top.node:
                first = [("first here", top.node.key(node).place)]
                self.problems.add("duplicate-key", f"the key `{node}` stands twice in one mapping", node.place, related=first)

    def place(self, event: Any) -> Place:
        start, end = event.start_mark, event.end_mark
        width = end.column - start.column if end.line == start.line else 1
        return Place(self.source, start.line + 1, start.column + 1, max(1, width))

    def tag(self, event: Any, place: Place) -> None:
        if event.tag is not None:
            written = self.source.line(place.line)[place.column - 1 :]
            tag = written[max(0, written.find("!")) :].split()[0].rstrip(",]}") if "!" in written else event.tag
            raise fail("yaml-tag", f"the tag {tag} is not allowed", place, hint="a spec is data: tags construct objects")

    def formulas(self, node: Node) -> None:
        """Inside braces a comma ends a formula: say so where it happened, and take what it cut off away."""
        cut = False
        for key, value in list(node.items()) if isinstance(node, Map) else [("", value) for value in node]:
            if cut and isinstance(node, Map) and is_null(value):
                del node[key]
                cut = ")" not in key
            elif isinstance(value, Text) and value.plain and is_formula(value) and value.count("(") > value.count(")"):
                cut = value.broken = True
                self.problems.add(
                    "unbalanced-formula",
                    f"the formula {describe(value)} has an open parenthesis",
                    value.place,
                    hint="close it; a comma inside { } or [ ] ends the value, so quote the whole formula",
                )

    def comment_cells(self) -> bool:
        """Reports headers that YAML took for comments; whether there are any."""
        before = len(self.problems.found)
        text = self.text.lstrip("\n")  # a document of a stream has the lines before it as blank ones
        offset = len(self.text) - len(text)
        for line in text.splitlines(keepends=True):
            for match in _COMMENT_CELL.finditer(line):
                at = offset + match.start(1)
                if any(start <= at < end for start, end in self.scalars):
                    continue
                self.problems.add(
                    "comment-cell",
                    f"`{match[1].rstrip()}` is not quoted, so YAML reads the rest of the line as a comment",
                    self.source.at(at, len(match[1].rstrip())),
                    hint=f'write "{match[1].rstrip()}": with quotes',
                )
                break
            offset += len(line)
        return len(self.problems.found) > before

    def syntax(self, error: yaml.YAMLError) -> None:
        text = getattr(error, "problem", None) or str(getattr(error, "reason", None) or error).split("\n")[0]
        place, hint = self.mark(error), None
        if "nesting depth" in text:  # libyaml scans ahead, and from 0.2.6 on gives up at 1,000 levels
            raise fail("too-deep", TOO_DEEP, place)
        if self.source.line(place.line)[place.column - 1 : place.column] == "\t":
            text, hint = "a tab cannot indent YAML", "indent with spaces"
        context = getattr(error, "context", None) if hint is None else None
        if context and "block" in context:
            hint = "the keys of one mapping, and the items of one list, start in the same column"
        self.problems.add("yaml-syntax", f"{text} {context}" if context else text, place, hint=hint)

    def mark(self, error: yaml.YAMLError) -> Place:
        """Where the text is wrong; for something that is never closed, where it starts."""
        position = getattr(error, "position", None)
        if position is not None:  # a character that YAML does not allow; libyaml counts bytes
            return self.source.at(len(self.text.encode()[:position].decode(errors="ignore")))
        mark, start = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
        if mark is None:
            return Place(self.source)
        if start is not None and not "".join(self.source.lines[mark.line :])[mark.column :].strip():
            mark = start
        return Place(self.source, mark.line + 1, mark.column + 1)
