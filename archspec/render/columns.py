"""The columns of a report: one entry each, from which every format prints."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from archspec.analysis.dtypes import activation_bytes, weight_bytes
from archspec.ir.tree import Inner, Tree
from archspec.language.names import normal
from archspec.render.column import Column, Value
from archspec.render.figures import (
    fvcore,
    layer,
    macs_bar,
    macs_share,
    output,
    output_stride,
    params_bar,
    params_share,
    peak_bytes,
    published,
    published_number,
    receptive_field,
    train_only,
    type_of,
)
from archspec.render.lines import Line
from archspec.render.units import rounded

if TYPE_CHECKING:
    from archspec.render.report import Report

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
    Column("type", "type", "the type of the row, or the combinator", type_of, "text"),
    Column("layer", "type", "the type, with what the row's name adds to it: `inception (3a)`", layer, "name"),
    Column("output", "output size", "height x width x channels", output, "number", "HxWxC"),
    Column("depth", "depth", "convolutions and linears on the longest path", lambda line: line.depth, json="count"),
    Column(
        "params",
        "parameters",
        "elements of trained tensors, biases included",
        lambda line: line.cost.params,
        sums=True,
        json="count",
    ),
    Column("params_share", "%", "parameters in percent of the whole network's", params_share, "share", "percent", sums=True),
    Column("params_bar", "", "parameters as a bar, the row with the most filling it", params_bar, "bar", "of the largest row"),
    Column(
        "macs", "multiply-adds", "of convolutions and linears, without bias", lambda line: line.cost.macs, sums=True, json="count"
    ),
    Column("macs_share", "%", "multiply-adds in percent of the whole network's", macs_share, "share", "percent", sums=True),
    Column("macs_bar", "", "multiply-adds as a bar, the row with the most filling it", macs_bar, "bar", "of the largest row"),
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
        peak_bytes,
        json="perhaps",
    ),
    Column("train_only_params", "train-only", "parameters of heads, which exist in training only", train_only),
    Column(
        *(
            "receptive_field",
            "field, px",
            "rows x columns of the input that one place of the output reads at most",
            receptive_field,
        ),
        *("number", "HxW pixels"),
        json="sides",
    ),
    Column(
        *("output_stride", "stride, px", "rows x columns of the input between neighbouring places of the output", output_stride),
        *("number", "HxW pixels"),
        json="sides",
    ),
    *(
        Column(
            *(f"published_{key}", f"published {key}", "as the source prints them", published(key)), order=published_number(key)
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
    Column("fvcore_flops", "fvcore flops", "fvcore's count of the built module", lambda line: fvcore(line)[0]),
    Column("closed_form", "closed form", "the same in closed form: `equal`, or the number", lambda line: fvcore(line)[1]),
)


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
