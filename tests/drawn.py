"""A generated spec: its files and options as YAML, and whether its text is a network that is small enough to run often."""

from __future__ import annotations

import json
import os
import re
import tempfile
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings

import archspec
from archspec.analysis.costs import network_cost

#: more examples of everything: ARCHSPEC_EXAMPLES=20 pytest tests/test_generated.py; they are then drawn at random
TIMES = int(os.environ.get("ARCHSPEC_EXAMPLES", "1"))


def examples(count: int) -> settings:
    """The settings of a test with so many examples: always the same ones, unless more are wanted."""
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture]
    return settings(
        max_examples=count * TIMES,
        deadline=None,
        derandomize=TIMES == 1,
        database=None,
        phases=[Phase.generate],  # a spec is small as it is, and to shrink one takes minutes
        suppress_health_check=checks,
    )


# YAML


def flow(value: Any) -> str:
    """A value as YAML writes it in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{flow(key)}: {flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    return text if re.fullmatch(r"[\w=./%(+* -]([\w=./%()+* <>-]|:(?=\w))*", text) and text.strip() == text else json.dumps(text)


def document(parts: dict[str, Any]) -> str:
    """A document: a line for each key, and for each row."""
    lines = [f"{key}: {flow(value)}" for key, value in parts.items() if key != "rows"]
    rows = parts.get("rows", [])
    if isinstance(rows, dict):
        return "\n".join([*lines, f"rows: {flow(rows)}"]) + "\n"
    return "\n".join([*lines, "rows:", *(f"  - {flow(row)}" for row in rows)]) + "\n"


# Specs


@dataclass
class Drawn:
    """A spec, net.yaml beside other files, with options, and what is in it."""

    files: dict[str, str]
    options: dict[str, Any] = field(default_factory=dict)
    tags: set[str] = field(default_factory=set)

    def load(self, folder: Path | None = None) -> Any:
        """Its network."""
        where = folder or scratch()
        for name, text in self.files.items():
            (where / name).write_text(text)
        return archspec.load(where / "net.yaml", **self.options)

    def __repr__(self) -> str:
        return "\n".join(f"# {name}\n{text}" for name, text in self.files.items()) + f"# {self.options}"


@cache
def scratch() -> Path:
    """A folder of this process."""
    folder = tempfile.TemporaryDirectory(prefix="archspec-generated-")
    scratch.kept = folder
    return Path(folder.name)


#: what a row that does not fit may be answered with; anything else is a mistake of archspec or of these strategies
UNFIT = {
    "shape-mismatch",
    "bad-value",
    "formula-value",
    "missing-column",
    "removed-row",
    "overflow",
    "unknown-column",
    "output-size",
    "unused-row",
}
#: elements of the largest map, multiply-adds
MOST, MOST_MACS = 30_000, 3_000_000


class Unexpected(AssertionError):  # noqa: N818 - it is what a test fails with
    """A diagnostic that no generated spec should have."""


@lru_cache(4096)
def network_of(text: str) -> Any:
    """The network of a text, or None if a row of it does not fit, or is too large to run often."""
    path = scratch() / "try.yaml"
    path.write_text(text)
    try:
        network = archspec.load(path)
    except archspec.SpecError as error:
        if not {one.code for one in error.diagnostics} <= UNFIT:
            raise Unexpected(f"{error}\n\n{text}") from None
        return None
    nodes = [*network.rows, *(head.node for head in network.heads)]
    while nodes:
        node = nodes.pop()
        if max(node.output.elements, node.input.elements) > MOST:
            return None
        nodes += getattr(node, "children", ())
    return network if network_cost(network).total.macs < MOST_MACS else None
