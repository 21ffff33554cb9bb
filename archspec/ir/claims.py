"""Claims: what the source says of a row. A wrong output size is an error; the other figures are left to the audit."""

from __future__ import annotations

from archspec.ir.cells import BrokenError, Reporter, cell_value
from archspec.ir.rows import Row
from archspec.ir.scope import RowNames, origin
from archspec.ir.tree import Claim
from archspec.language.figures import figure, output_size
from archspec.language.formula import UnknownValueError
from archspec.language.nodes import Text, describe
from archspec.language.places import Source
from archspec.language.spec import Spec
from archspec.ops.base import Shape


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
    reason = row.get("erratum")
    erratum = str(reason) if isinstance(reason, Text) else None
    for key in ("depth", "params", "ops"):
        node = row.get(key)
        if node is None:
            continue
        try:
            if not isinstance(node, Text):
                raise ValueError("a figure such as 159K, 2.7K or 118M")
            claims[key] = Claim(key, str(node), figure(node), node.place, node.place.source in inherited, erratum)
        except ValueError as error:
            report.add("bad-claim", f"{key} must be {error}, found {describe(node)}", node.place)
    node, stated = row.get("output size"), names.stated
    if stated is None or node is None:
        return claims, None
    shown = "x".join(map(str, stated))
    claim = Claim("output size", shown, stated, node.place, node.place.source in inherited, erratum)
    claims["output size"] = claim
    if output is None or claim.inherited or erratum or agrees(stated, output):
        return claims, None
    height, width, *channels = stated
    wanted = Shape(channels[0] if channels else output.channels, height, width, output.flat)
    mend = "check its patch, stride, padding and ceil; sizes are height x width x channels"
    if wanted[1:3] == output[1:3]:
        mend = "check its filters"
    report.add("output-size", f"the output size is stated as {shown}, but {output} comes out", origin(node, names), mend)
    return claims, wanted


def agrees(stated: tuple[int, ...], output: Shape) -> bool:
    """Whether a stated size is what comes out; without channels, height and width alone."""
    return (output.height, output.width, output.channels)[: len(stated)] == stated


def total_claims(spec: Spec) -> dict[str, Claim]:
    """What the source says of the whole network."""
    return {
        key: Claim(key, figure.text, figure, place, place.source in spec.inherited)
        for key, (figure, place) in spec.claims.items()
    }
