"""The figures of one line of a report, as its columns show them."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from archspec.analysis.counters import FVCORE, counted
from archspec.analysis.dtypes import element_bytes
from archspec.language.figures import Figure
from archspec.language.names import identifier
from archspec.render.column import Value
from archspec.render.lines import Line


def _share(part: int, whole: int, line: Line) -> Fraction | None:
    return Fraction(part, whole) if part and whole and line.kind != "head" else None


def params_share(line: Line) -> Value:
    return _share(line.cost.params, line.report.costs.total.params, line)


def macs_share(line: Line) -> Value:
    return _share(line.cost.macs, line.report.costs.total.macs, line)


def params_bar(line: Line) -> Value:
    return _share(line.cost.params, line.report.largest.params, line) if line.level else None


def macs_bar(line: Line) -> Value:
    return _share(line.cost.macs, line.report.largest.macs, line) if line.level else None


def type_of(line: Line) -> Value:
    return line.node.type if line.node else None


def layer(line: Line) -> Value:
    """`inception (3a)` for the row inception_3a, as papers print it: what the name says beyond the type, where types repeat."""
    if line.node is None:
        return "total"
    name, kind = line.name, line.node.type
    own = name.removeprefix(identifier(kind) + "_")
    among_rows = line.kind == "row" and line.level == 1
    alone = among_rows and line.report.types[kind] == 1
    abbreviates = among_rows and any(word.startswith(name[:3]) for word in kind.split())  # conv1, pool1
    says_no_more = alone or abbreviates or name == identifier(kind)
    return kind if own == name and says_no_more else f"{kind} ({own})"


def output(line: Line) -> Value:
    if line.node is None:
        return None
    shape = line.node.output
    return shape.height, shape.width, shape.channels


def train_only(line: Line) -> Value:
    return line.report.costs.heads_total.params if line.kind == "total" else line.cost.params if line.kind == "head" else 0


def peak_bytes(line: Line) -> Value:
    """None where nothing runs: a head in eval mode."""
    memory = line.report.costs.memory
    peak = memory.by_path.get(line.path) if line.node else memory.peak
    return None if peak is None else peak * element_bytes(line.report.dtype)


def receptive_field(line: Line) -> Value:
    return line.report.costs.fields[line.path].size if line.node else line.report.costs.reads


def output_stride(line: Line) -> Value:
    return line.report.costs.fields[line.path or line.report.network.body.path].stride


def published_number(key: str) -> Callable[[Line], Value]:
    def value(line: Line) -> Value:
        network = line.report.network
        claims = line.node.claims if line.node else network.claims
        figure = claims[key].value if key in claims else None
        base = network.counts.params.base if key == "params" else network.counts.ops.base
        return figure.number(base) if isinstance(figure, Figure) else None

    return value


def published(key: str) -> Callable[[Line], Value]:
    def value(line: Line) -> Value:
        claims = line.node.claims if line.node else line.report.network.claims
        return claims[key].text if key in claims else None

    return value


def fvcore(line: Line) -> tuple[int, Value]:
    assert line.report.fvcore is not None
    theirs, ours = line.report.fvcore.flops.get(line.path, 0), counted(line.facts, FVCORE)
    return theirs, "equal" if theirs == ours else ours
