"""Claims: what the source says of a row. A wrong output size is an error; the other figures are left to the audit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from archspec.ir.cells import BrokenError, Reporter, cell_value
from archspec.ir.rows import Row
from archspec.ir.scope import RowNames, Rows, origin
from archspec.ir.tree import Claim, Elsewhere
from archspec.language.diagnostics import did_you_mean
from archspec.language.figures import Figure, extent, figure, output_size
from archspec.language.formula import UnknownValueError
from archspec.language.names import FIGURES, REASONS, nearest
from archspec.language.nodes import Node, Text, describe
from archspec.language.places import Place, Source
from archspec.language.reasons import reason, told, unstated
from archspec.language.spec import Spec
from archspec.language.stated import Stated
from archspec.ops.base import Shape

Reasons: TypeAlias = Mapping[str, Mapping[str, Text]]


def stated_size(row: Row, names: RowNames, report: Reporter) -> tuple[int, ...] | None:
    """The `output size` of a row as height, width and, where stated, channels."""
    node = row.get("output size")
    if node is None:
        return None
    try:
        value = cell_value(node, names, report)
        return output_size(value)
    except ValueError as error:
        report.add("bad-claim", f"output size must be {error}, found {describe(node)}", node.place)
    except (BrokenError, UnknownValueError):
        pass
    return None


def checked_claims(
    row: Row, names: RowNames, output: Shape | None, inherited: frozenset[Source], report: Reporter
) -> tuple[dict[str, Claim], Shape | None]:
    """The claims of a row, and the stated shape if it is not what comes out: either of the two may be the mistake."""
    claims: dict[str, Claim] = {}
    reasons = _reasons(row, report)
    for key, read in _READ.items():
        node = row.get(key)
        if node is None:
            continue
        try:
            claims[key] = _claim(key, read(node), node.place, inherited, reasons)
        except ValueError as error:
            report.add("bad-claim", f"{key} must be {error}, found {describe(node)}", node.place)
    node, stated = row.get("output size"), names.stated
    if stated is None or node is None:
        return claims, None
    claim = claims["output size"] = _claim("output size", stated, node.place, inherited, reasons)
    if output is None or claim.inherited or claim.erratum or agrees(stated, output):
        return claims, None
    height, width, *channels = stated
    wanted = Shape(channels[0] if channels else output.channels, height, width, output.flat)
    mend = "check its patch, stride, padding and ceil; sizes are height x width x channels"
    if wanted[1:3] == output[1:3]:
        mend = "check its filters"
    report.add("output-size", f"the output size is stated as {claim.text}, but {output} comes out", origin(node, names), mend)
    return claims, wanted


def _figure(node: Node) -> Figure:
    if not isinstance(node, Text):
        raise ValueError("a figure such as 159K, 2.7K or 118M")
    return figure(node)


#: how the figures of a row are read, but for its output size, which may be a formula's
_READ: dict[str, Callable[[Node], Figure | tuple[int, ...]]] = {
    **dict.fromkeys(("depth", "params", "ops", "activations"), _figure),
    "receptive field": extent,
}


def _reasons(row: Row, report: Reporter) -> Reasons:
    """The reasons of a row, by `erratum` and `why` and then by the figure that they explain."""
    found: dict[str, dict[str, Text]] = {}
    stated = [key for key in FIGURES if key in row.keys]
    for name in REASONS:
        node = row.get(name)
        if node is None:
            continue
        try:
            reason(node)
        except ValueError as error:
            report.add("bad-claim", f"{name} must be {error}, found {describe(node)}", node.place)
            continue
        for message, place, hint in unstated(name, node, stated):
            report.add("unknown-column", message, place, hint)
        found[name] = dict(told(node, stated))
    return found


def _claim(key: str, value: Figure | tuple[int, ...], place: Place, inherited: frozenset[Source], reasons: Reasons) -> Claim:
    """A figure with its reasons. `why` is about the network of its own text, so it does not outlive a change; an erratum does."""
    erratum, why = (reasons.get(name, {}).get(key) for name in REASONS)
    return Claim(
        key,
        value.text if isinstance(value, Figure) else "x".join(map(str, value)),
        value,
        place,
        place.source in inherited,
        str(erratum) if erratum is not None else None,
        str(why) if why is not None and why.place.source not in inherited else None,
    )


def agrees(stated: tuple[int, ...], output: Shape) -> bool:
    """Whether a stated size is what comes out; without channels, height and width alone."""
    return (output.height, output.width, output.channels)[: len(stated)] == stated


def total_claims(stated: Stated, inherited: frozenset[Source]) -> dict[str, Claim]:
    """What a source says of the whole network, or a further one of a row."""
    return {key: _claim(key, value, place, inherited, stated.reasons) for key, (value, place) in stated.figures.items()}


def claims_elsewhere(spec: Spec, rows: Rows, report: Reporter) -> tuple[Elsewhere, ...]:
    """What further sources say. A row that a change took away takes its figures along."""
    found = []
    for name, other in spec.elsewhere.items():
        by_row: dict[str, Mapping[str, Claim]] = {}
        for row, (key, stated) in other.rows.items():
            if row in rows.refs:
                by_row[rows.refs[row].path] = total_claims(stated, spec.inherited)
            elif row not in rows.removed:
                hint = did_you_mean(nearest(row, rows.refs))
                report.add("unknown-row", f"no row of the spec is called {describe(key)}", key.place, hint)
        found.append(Elsewhere(name, other.source, total_claims(other.claims, spec.inherited), by_row))
    return tuple(found)
