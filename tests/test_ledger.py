"""The ledger in the docs: up to date, and every figure of every shipped spec is in it once."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
import yaml
from ledger import PAGE, page

from archspec.language.resolve import shipped

#: the words under which a spec states a published figure
WORDS = {"output size", "depth", "params", "ops", "activations", "receptive field", "params with heads"}


def stated(name: str) -> Counter[str]:
    """How many of each figure the text of a spec states, read as plain YAML; what a body says of itself is not published."""
    text = yaml.load(shipped()[name].read_text("utf-8"), yaml.BaseLoader)
    sources = [text, *(one for one in text.get("elsewhere", {}).values() if isinstance(one, dict))]
    parts: list[Any] = [*text.get("heads", {}).values(), *(one.get("claims", {}) for one in sources)]
    for one in sources:
        rows = one.get("rows") or []
        parts += rows.values() if isinstance(rows, dict) else rows
    return Counter(
        word for part in parts if isinstance(part, dict) for word, cell in part.items() if word in WORDS and cell != "null"
    )


def printed() -> dict[str, Counter[str]]:
    """How many of each figure the page has in each spec's section."""
    _, *sections = re.split(r"(?m)^## ", PAGE.read_text("utf-8"))
    found = {}
    for section in sections:
        name, _, rest = section.partition("\n")
        figures = re.findall(r"(?m)^\| [^|]+ \| ([^|]+) \| [^|]+ \| [^|]+ \| [^|]* \| (?:yes|no) \| [^|]*\|$", rest)
        found[name] = Counter(figure.partition(" (")[0] for figure in figures)
    del found["Not reproduced"]
    return found


def summary() -> dict[str, list[int]]:
    """The numbers of the table at the top, by spec."""
    top = PAGE.read_text("utf-8").partition("\n## ")[0]
    rows = re.findall(r"(?m)^\| `?([\w.-]+)`? \| [^|]* \|((?: \d+ \|)+)$", top)
    return {name: [int(cell) for cell in re.findall(r"\d+", cells)] for name, cells in rows}


def test_the_ledger_is_what_the_specs_say() -> None:
    assert PAGE.read_text("utf-8") == page(), "run python tests/ledger.py"


@pytest.mark.parametrize("name", shipped())
def test_every_stated_figure_is_in_it(name: str) -> None:
    assert printed().get(name, Counter()) == stated(name)


def test_the_summary_adds_up() -> None:
    """Each line is the sum of its kinds, the last line that of the others, and the second table has what is not reproduced."""
    lines = summary()
    total = lines.pop("total")
    assert lines.keys() == shipped().keys()
    assert [sum(line[column] for line in lines.values()) for column in range(5)] == total
    assert all(figures == agrees + errata + differ for figures, agrees, errata, differ, _ in lines.values())
    missed = PAGE.read_text("utf-8").partition("## Not reproduced")[2].partition("\n## ")[0]
    assert len(re.findall(r"(?m)^\| `", missed)) == total[2] + total[3]
    assert {name: line[0] for name, line in lines.items()} == {name: stated(name).total() for name in shipped()}


def test_whatever_is_not_reproduced_says_why() -> None:
    assert re.findall(r"(?m)^.* \| no \|\s*\|$", PAGE.read_text("utf-8")) == []
