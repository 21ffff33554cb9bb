"""What the benchmarks share: the machine in words, and docs/performance.md, into which they write."""

from __future__ import annotations

import datetime
import os
import platform
import re
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from archspec.analysis.latency import processor

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"


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


def write(section: str, text: str) -> None:
    """Puts the text into the page, between `<!-- SECTION -->` and `<!-- end -->`."""
    page = PAGE.read_text("utf-8")
    pattern = re.compile(rf"(<!-- {section} -->\n).*?(<!-- end -->)", re.DOTALL)
    assert len(pattern.findall(page)) == 1, f"{PAGE} has no section {section}"
    PAGE.write_text(pattern.sub(lambda found: f"{found[1]}\n{text}\n{found[2]}", page), "utf-8")
