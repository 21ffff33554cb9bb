"""What the benchmarks share: the machine in words, and the page of the docs into which they write."""

from __future__ import annotations

import datetime
import os
import platform
import re
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from archspec.analysis.latency import processor

DOCS = Path(__file__).parent.parent / "docs"


def machine(packages: Iterable[str] = ()) -> str:
    """The processor, its cores, Python, the packages with their versions, and the date."""
    versions = [f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in packages if installed(name))]
    return f"{processor()}, {os.cpu_count()} cores; {', '.join(versions)}; {datetime.date.today():%Y-%m-%d}"


def installed(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table, what is not in the first column to the right."""
    header = list(header)
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def write(section: str, text: str, page: str = "performance.md") -> None:
    """Puts the text into a page of the docs, between `<!-- SECTION -->` and `<!-- end -->`."""
    path = DOCS / page
    before = path.read_text("utf-8")
    pattern = re.compile(rf"(<!-- {section} -->\n).*?(<!-- end -->)", re.DOTALL)
    assert len(pattern.findall(before)) == 1, f"{path} has no section {section}"
    path.write_text(pattern.sub(lambda found: f"{found[1]}\n{text}\n{found[2]}", before), "utf-8")
