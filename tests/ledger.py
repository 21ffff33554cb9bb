"""`python tests/ledger.py` audits every shipped spec and writes docs/ledger.md (`make ledger`)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import archspec
from archspec.analysis.audit import Finding
from archspec.language.load import load
from archspec.language.resolve import shipped
from archspec.language.schema import SourceInfo
from archspec.render.audit import WHOLE, deviation
from archspec.render.units import counting

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "ledger.md"
INTRO = """# The ledger of published figures

Every figure that a source states of a shipped spec, beside the computed one: whether it is reproduced, and why not.
`make ledger` writes this page from the specs; `archspec audit NAME` prints the same of one of them.

- A figure is *reproduced* if the computed one rounds to it, or lies within the tolerance; depth and sizes must be equal.
  The deviation is (computed - published) / published.
- An *erratum* is a figure that the source has wrong, as the spec says; every other one that is not reproduced is
  *different*. The reasons are those of the specs: what nobody has explained is called unexplained.
- Each figure stands once, where it is stated. A variant inherits the figures of the spec that it changes; they were not
  published for it, and `inherited` only counts them.
- A name in parentheses after a figure is a further source that states it.

"""
SUMMARY = ("spec", "source", "figures", "reproduced", "errata", "different", "inherited")
DIFFERENT = ("spec", "row", "figure", "published", "computed", "deviation", "why not")
FIGURES = ("row", "figure", "published", "computed", "deviation", "reproduced", "why not")


def table(header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    """A table in Markdown."""
    lines = [header, ("---",) * len(header), *rows]
    return "".join("| " + " | ".join(str(cell).replace("|", r"\|") for cell in line) + " |\n" for line in lines) + "\n"


def link(told: SourceInfo) -> str:
    """A source by its authors and year, with its address."""
    address = f"https://arxiv.org/abs/{told.arxiv}" if told.arxiv else f"https://doi.org/{told.doi}" if told.doi else told.url
    words = f"{told.authors} {told.year}" if told.authors else "its page"
    return f"[{words}]({address})" if address else words


def source(name: str) -> str:
    """The spec's own source, and which of its tables."""
    told = load(name).source
    return link(told) + (f", {told.table}" if told.table else "")


def further(name: str) -> list[tuple[str, SourceInfo]]:
    """The further sources of a spec."""
    return [(other, told.source) for other, told in load(name).elsewhere.items()]


def cells(one: Finding) -> tuple[str, ...]:
    """Row, figure, published, computed and deviation."""
    return one.row or WHOLE, one.figure, one.published, one.computed, deviation(one)


def reason(one: Finding) -> str:
    if one.agrees:
        return ""
    return f"erratum: {one.erratum}" if one.erratum else one.why or ""


def counted(own: list[Finding], inherited: int) -> tuple[int, ...]:
    """Figures, reproduced, errata, different, inherited."""
    agrees, differs = sum(one.agrees for one in own), sum(one.differs for one in own)
    return len(own), agrees, len(own) - agrees - differs, differs, inherited


def page() -> str:
    audits = {name: archspec.audit(name) for name in sorted(shipped())}
    own = {name: [one for one in found if not one.inherited] for name, found in audits.items()}
    counts = {name: counted(own[name], len(audits[name]) - len(own[name])) for name in audits}
    total = tuple(map(sum, zip(*counts.values(), strict=True)))
    text = INTRO + table(SUMMARY, [(f"`{name}`", source(name), *counts[name]) for name in audits] + [("total", "", *total)])
    text += "## Not reproduced\n\n"
    missed = [(name, one) for name, found in own.items() for one in found if not one.agrees]
    text += table(DIFFERENT, [(f"`{name}`", *cells(one), reason(one)) for name, one in missed])
    for name, found in own.items():
        if found:
            rows = [(*cells(one), "yes" if one.agrees else "no", reason(one)) for one in found]
            counts_rule = counting(archspec.load(name).counts)
            told = "".join(
                f" {other}: {link(told)}." for other, told in further(name) if any(one.source == other for one in found)
            )
            text += f"## {name}\n\n{source(name)}. {counts_rule}{told}\n\n" + table(FIGURES, rows)
    return text.rstrip("\n") + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
