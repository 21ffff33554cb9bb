"""The audit as a page: each published figure beside the computed one, and by which rules they were compared."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from archspec.analysis.audit import Finding
from archspec.ir.tree import Network
from archspec.language.figures import Counts
from archspec.render.cells import signed_percent
from archspec.render.page import Grid, Header, Page, Title
from archspec.render.units import counting

#: in place of a row, for figures of the network
WHOLE = "(whole network)"
HEADERS = (
    *(Header(text, left=True) for text in ("row", "figure")),
    *(Header(text) for text in ("published", "computed", "deviation")),
    Header("", left=True, folds=True),  # the one that gives way in a narrow terminal
)


def audit_page(network: Network, findings: list[Finding]) -> Page:
    """Each published figure beside the computed one, what differs marked; the rules of counting below."""
    rows = []
    for finding in findings:
        verdict = "agrees" if finding.agrees else "differs"
        verdict += ", inherited" if finding.inherited else ""
        verdict += ", erratum" if finding.erratum and not finding.agrees else ""
        style = "" if finding.agrees else "yellow" if finding.inherited or finding.erratum else "bold red"
        cells = (finding.row or WHOLE, finding.figure, finding.published, finding.computed, deviation(finding), verdict)
        rows.append((cells, style))
    told = [*_reasons(findings)]
    table = Grid(HEADERS, tuple(rows))
    return Title(network.name), "", table, "", *told, *([""] if told else []), *audit_notes(network, findings)


def _reasons(findings: list[Finding]) -> Iterator[str]:
    """Why figures are not what comes out, each reason once."""
    told: dict[str, dict[str, list[str]]] = {}
    for one in findings:
        for reason in (f"erratum: {one.erratum}" if one.erratum else None, one.why):
            if reason and not one.agrees:
                told.setdefault(reason, {}).setdefault(one.row or WHOLE, []).append(one.figure)
    for reason, rows in told.items():
        yield ", ".join(f"{row} {' and '.join(keys)}" for row, keys in rows.items()) + f": {reason}"


def audit_notes(network: Network, findings: list[Finding]) -> Iterator[str]:
    """How many figures differ, and by which rules they were compared."""
    differs = sum(finding.differs for finding in findings)
    inherited = sum(finding.inherited for finding in findings)
    if not findings:
        yield "The spec states no published figures."
        return
    yield f"{differs} of {len(findings)} published figures differ" + (
        f"; {inherited} are inherited from the spec that this one changes." if inherited else "."
    )
    yield counting(network.counts)
    near = _percent(network.counts)
    yield f"A figure agrees if the computed one rounds to it, or is within {near}; depth and sizes must be equal."
    for other in (one for one in network.elsewhere if "counts" in one.source.model_fields_set):
        yield f"{other.name}: {counting(other.source.counts)} Within {_percent(other.source.counts)}."


def _percent(counts: Counts) -> str:
    return f"{float(Fraction(counts.tolerance).limit_denominator(10**6) * 100):g} %"


def deviation(finding: Finding) -> str:
    """In per cent of the published figure; nothing for sizes, and where 0 is published."""
    return signed_percent(finding.deviation)
