"""The columns of a report: one entry each, from which every format prints."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, TypeAlias

from archspec.analysis.counters import FVCORE, counted
from archspec.analysis.dtypes import activation_bytes, element_bytes, weight_bytes
from archspec.ir.tree import Inner, Tree
from archspec.language.figures import Figure
from archspec.language.names import identifier, normal
from archspec.render.lines import Line
from archspec.render.units import rounded

if TYPE_CHECKING:
    from archspec.render.report import Report

#: an exact count, a measured number, a share of the whole, a size along each side (None: all of it), or text; None where
#: there is no figure
Value: TypeAlias = int | float | Fraction | tuple[int | Fraction | float | None, ...] | str | None


@dataclass(frozen=True)
class Column:
    """`key` names it on the command line, `header` says its unit to people, `unit` (where the key does not) to programs.

    `value` is its figure for one line. `sums`: the whole network's is the sum of the rows. `json`: how the JSON has it, a
    `count`, `perhaps` one (or null), or the `sides` of a map; empty if it has not.
    `order`: what text is sorted by. `decimals`: those of a measured number.
    """

    key: str
    header: str
    about: str
    value: Callable[[Line], Value]
    style: Literal["name", "text", "number", "share", "bar"] = "number"
    unit: str = ""
    sums: bool = False
    json: Literal["", "count", "perhaps", "sides"] = ""
    decimals: int = 0
    order: Callable[[Line], Value] | None = None

    @property
    def left(self) -> bool:
        """Whether its cells begin at the left, as words do."""
        return self.style in ("name", "text", "bar")


def _share(part: int, whole: int, line: Line) -> Fraction | None:
    return Fraction(part, whole) if part and whole and line.kind != "head" else None


def _params_share(line: Line) -> Value:
    return _share(line.cost.params, line.report.costs.total.params, line)


def _macs_share(line: Line) -> Value:
    return _share(line.cost.macs, line.report.costs.total.macs, line)


def _params_bar(line: Line) -> Value:
    return _share(line.cost.params, max(row.cost.params for row in line.report.costs.rows), line) if line.level else None


def _macs_bar(line: Line) -> Value:
    return _share(line.cost.macs, max(row.cost.macs for row in line.report.costs.rows), line) if line.level else None


def _type(line: Line) -> Value:
    return line.node.type if line.node else None


def _layer(line: Line) -> Value:
    """`inception (3a)` for the row inception_3a, as papers print it: what the name says beyond the type, where types repeat."""
    if line.node is None:
        return "total"
    name, kind = line.name, line.node.type
    own = name.removeprefix(identifier(kind) + "_")
    among_rows = line.kind == "row" and line.level == 1
    alone = among_rows and sum(row.node.type == kind for row in line.report.costs.rows) == 1
    abbreviates = among_rows and any(word.startswith(name[:3]) for word in kind.split())  # conv1, pool1
    says_no_more = alone or abbreviates or name == identifier(kind)
    return kind if own == name and says_no_more else f"{kind} ({own})"


def _output(line: Line) -> Value:
    if line.node is None:
        return None
    shape = line.node.output
    return shape.height, shape.width, shape.channels


def _train_only(line: Line) -> Value:
    return line.report.costs.heads_total.params if line.kind == "total" else line.cost.params if line.kind == "head" else 0


def _peak_bytes(line: Line) -> Value:
    """None where nothing runs: a head in eval mode."""
    memory = line.report.costs.memory
    peak = memory.by_path.get(line.path) if line.node else memory.peak
    return None if peak is None else peak * element_bytes(line.report.dtype)


def _receptive_field(line: Line) -> Value:
    return line.report.costs.fields[line.path].size if line.node else line.report.costs.reads


def _output_stride(line: Line) -> Value:
    return line.report.costs.fields[line.path or line.report.network.body.path].stride


def _published_number(key: str) -> Callable[[Line], Value]:
    def value(line: Line) -> Value:
        network = line.report.network
        claims = line.node.claims if line.node else network.claims
        figure = claims[key].value if key in claims else None
        base = network.counts.params.base if key == "params" else network.counts.ops.base
        return figure.number(base) if isinstance(figure, Figure) else None

    return value


def _published(key: str) -> Callable[[Line], Value]:
    def value(line: Line) -> Value:
        claims = line.node.claims if line.node else line.report.network.claims
        return claims[key].text if key in claims else None

    return value


#: in the order in which they are listed
COLUMNS: tuple[Column, ...] = (
    Column(
        "kind",
        "kind",
        "`row`, also for its parts; `total`; `head`, which exists in training only",
        lambda line: line.kind,
        "text",
    ),
    Column("level", "level", "1 for a row, 2 for its parts, and so on; 0 for the whole network", lambda line: line.level),
    Column("row", "row", "the name of the row, or of a part of it", lambda line: line.name, "name"),
    Column("path", "path", "the way to it, as in the state_dict", lambda line: line.path, "text"),
    Column("type", "type", "the type of the row, or the combinator", _type, "text"),
    Column("layer", "type", "the type, with what the row's name adds to it: `inception (3a)`", _layer, "name"),
    Column("output", "output size", "height x width x channels", _output, "number", "HxWxC"),
    Column("depth", "depth", "convolutions and linears on the longest path", lambda line: line.depth, json="count"),
    Column(
        "params",
        "parameters",
        "elements of trained tensors, biases included",
        lambda line: line.cost.params,
        sums=True,
        json="count",
    ),
    Column("params_share", "%", "parameters in percent of the whole network's", _params_share, "share", "percent", sums=True),
    Column("params_bar", "", "parameters as a bar, the row with the most filling it", _params_bar, "bar", "of the largest row"),
    Column(
        "macs", "multiply-adds", "of convolutions and linears, without bias", lambda line: line.cost.macs, sums=True, json="count"
    ),
    Column("macs_share", "%", "multiply-adds in percent of the whole network's", _macs_share, "share", "percent", sums=True),
    Column("macs_bar", "", "multiply-adds as a bar, the row with the most filling it", _macs_bar, "bar", "of the largest row"),
    Column(
        "activations",
        "activations",
        "output elements of convolutions and linears",
        lambda line: line.cost.activations,
        sums=True,
        json="count",
    ),
    Column(
        *("weight_bytes", "weights, bytes", "of parameters and running statistics, as in the state_dict, by `--dtype`"),
        lambda line: weight_bytes(line.cost, line.report.dtype),
        sums=True,
        json="count",
    ),
    Column(
        *("activation_bytes", "activations, bytes", "of the outputs of convolutions and linears, by `--dtype`"),
        lambda line: activation_bytes(line.cost, line.report.dtype),
        sums=True,
        json="count",
    ),
    Column(
        *("peak_bytes", "peak, bytes", "of [activations alive at once](memory.md) while it runs, at most, by `--dtype`"),
        _peak_bytes,
        json="perhaps",
    ),
    Column("train_only_params", "train-only", "parameters of heads, which exist in training only", _train_only),
    Column(
        *(
            "receptive_field",
            "field, px",
            "rows x columns of the input that one place of the output reads at most",
            _receptive_field,
        ),
        *("number", "HxW pixels"),
        json="sides",
    ),
    Column(
        *("output_stride", "stride, px", "rows x columns of the input between neighbouring places of the output", _output_stride),
        *("number", "HxW pixels"),
        json="sides",
    ),
    *(
        Column(
            *(f"published_{key}", f"published {key}", "as the source prints them", _published(key)), order=_published_number(key)
        )
        for key in ("params", "ops")
    ),
    Column(
        "rounded_params",
        "params",
        "parameters by the source's rules of counting, in its unit",
        lambda line: rounded(line, "params"),
        order=lambda line: line.cost.params,
    ),
    Column(
        *("rounded_ops", "ops", "operations by the source's rules of counting, in its unit"),
        lambda line: rounded(line, "ops"),
        order=lambda line: line.cost.macs,
    ),
)

#: of these the dtype is told
BYTES = {column.key for column in COLUMNS if column.key.endswith("_bytes")}

#: of a report with fvcore's count
FVCORE_COLUMNS: tuple[Column, ...] = (
    Column("fvcore_flops", "fvcore flops", "fvcore's count of the built module", lambda line: _fvcore(line)[0]),
    Column("closed_form", "closed form", "the same in closed form: `equal`, or the number", lambda line: _fvcore(line)[1]),
)


def _fvcore(line: Line) -> tuple[int, Value]:
    assert line.report.fvcore is not None
    theirs, ours = line.report.fvcore.flops.get(line.path, 0), counted(line.facts, FVCORE)
    return theirs, "equal" if theirs == ours else ours


def cell_columns(nodes: Iterable[Tree]) -> list[Column]:
    """The columns that the spec itself writes (`patch size/stride`, `#3x3`), in an order that keeps that of every row."""
    headers: list[str] = []
    for node in nodes:
        own = list(_cells(node))
        for index, header in enumerate(own):
            if header not in headers:
                after = next((headers.index(later) for later in own[index + 1 :] if later in headers), len(headers))
                headers.insert(after, header)
    return [Column(header, header, "as the spec writes it", _cell(header), "number") for header in headers]


def _cell(header: str) -> Callable[[Line], Value]:
    return lambda line: _cells(line.node).get(header) if line.node else None


def _cells(node: Tree) -> dict[str, str]:
    """What the spec writes in a row; of one that is repeated, what all its copies have."""
    if node.cells or not isinstance(node, Inner) or not all(child.type == node.type for child in node.children):
        return node.cells
    first, *others = (child.cells for child in node.children) if node.children else ({},)
    return {header: text for header, text in first.items() if all(other.get(header) == text for other in others)}


def known_columns(report: Report, more: Iterable[Column] = ()) -> dict[str, Column]:
    """The columns that a report can show, by key as `normal` has it; a cell of the spec gives way to a column of its name."""
    own = cell_columns(line.node for line in report.lines if line.node)
    fixed = (*COLUMNS, *(FVCORE_COLUMNS if report.fvcore else ()), *more)
    known = {normal(column.key): column for column in fixed}
    return known | {key: column for column in own if (key := normal(column.key)) not in known}


def table_columns(report: Report) -> tuple[str, ...]:
    """The columns that a table for people has unless others are asked for."""
    counts = ("fvcore_flops", "closed_form") if report.fvcore else ("macs", "macs_share", "macs_bar")
    if report.latency:
        return ("row", "type", "output", *counts[:2], "ms", "ms_spread", "ms_share", "gmacs_per_s")
    return ("row", "type", "output", "depth", "params", "params_share", *counts)
