"""`uses`: files of blocks, which a spec takes as if they stood in its own `blocks`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from archspec.language.diagnostics import Problems, fail
from archspec.language.names import normal
from archspec.language.nodes import Map, Node, Seq, Text, is_null
from archspec.language.places import Place, Source
from archspec.language.reader import MAX_BYTES, read
from archspec.language.resolve import named_in

#: files that one spec may use, those that they use included
_MAX_FILES = 100
#: the keys of a file that holds only blocks
_KEYS = ("about", "blocks", "uses")


@dataclass
class Budget:
    """How much text the documents of one spec may still take from files of blocks, each time that one is used."""

    left: int = MAX_BYTES

    def take(self, source: Source, place: Place) -> None:
        self.left -= len(source.text)
        if self.left < 0:
            raise fail("bad-file", f"the files of blocks of a spec have more than {MAX_BYTES:,} bytes in all", place)


def with_used_blocks(document: Map, path: Path, root: Path, budget: Budget, problems: Problems) -> Map:
    """The document with the blocks of the files that it uses in front of its own, and without `uses`. Raises SpecError."""
    if "uses" not in document:
        return document
    blocks: dict[str, tuple[Text, Node]] = {}
    _collect(document, path, root, blocks, [path], budget, problems)
    own = document.get("blocks")
    if isinstance(own, Map):
        _add(own, blocks, problems)
    elif own is not None and not is_null(own):
        return document  # reported with the rest of the document
    merged = Map(document["uses"].place, dict(blocks.values()))
    parts = {document.key(key): value for key, value in document.items() if key not in ("uses", "blocks")}
    return Map(document.place, {**parts, document.key("uses"): document["uses"], Text("blocks", merged.place): merged})


def _collect(
    document: Map,
    path: Path,
    root: Path,
    blocks: dict[str, tuple[Text, Node]],
    seen: list[Path],
    budget: Budget,
    problems: Problems,
) -> None:
    """Adds the blocks of every file that a document uses; each file is read once."""
    node = document["uses"]
    names = node if isinstance(node, Seq) else [node]
    for name in names:
        if not isinstance(name, Text) or is_null(name) or not name:
            raise fail("bad-value", "`uses` is a file of blocks, or a list of them", getattr(name, "place", node.place))
        source, found, below = named_in(name, name.place, path, root)
        if found in seen:
            continue
        seen.append(found)
        if len(seen) > _MAX_FILES:
            raise fail("bad-file", f"more than {_MAX_FILES} files of blocks", name.place)
        budget.take(source, name.place)
        nodes = read(source, problems)
        if len(nodes) != 1 or not isinstance(nodes[0], Map) or not isinstance(nodes[0].get("blocks"), Map):
            message = f"`{name}` is not a file of blocks: one document, a mapping with `blocks`"
            raise fail("bad-file", message, name.place)
        file = nodes[0]
        if "rows" not in file:  # of a spec, only its blocks are taken
            for key in file:
                if key not in _KEYS:
                    message = f"`{key}` is not a key of a file of blocks"
                    problems.add("unknown-key", message, file.key(key).place, hint="it has about, blocks, uses")
        if "uses" in file:
            _collect(file, found, below, blocks, seen, budget, problems)
        _add(cast(Map, file["blocks"]), blocks, problems)


def _add(section: Map, blocks: dict[str, tuple[Text, Node]], problems: Problems) -> None:
    for name, body in section.items():
        key = section.key(name)
        first = blocks.setdefault(normal(name), (key, body))[0]
        if first is not key and first.place.source is not key.place.source:
            defined_twice(name, key.place, first.place, problems)
        elif first is not key:
            blocks[f"{normal(name)} "] = (key, body)  # two spellings in one file: reported with the rest of the document


def defined_twice(name: str, place: Place, other: Place, problems: Problems) -> None:
    """Reports a block that two files define."""
    message = f"the block `{name}` is in {place.source.name} and in {other.source.name}"
    problems.add("duplicate-type", message, place, hint="rename one of them", related=[("the other", other)])
