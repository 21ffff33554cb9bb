"""The report as comma-separated values (RFC 4180): a line for each node, with exact integers."""

from __future__ import annotations

import csv
import io
from fractions import Fraction
from typing import TYPE_CHECKING

from archspec.render.cells import sides
from archspec.render.column import Column, Value
from archspec.render.measured import MEASURED_COLUMNS

if TYPE_CHECKING:
    from archspec.render.report import Report

DEFAULT = (
    *("kind", "level", "path", "type", "output", "depth", "params", "macs", "activations", "train_only_params"),
    *("receptive_field", "output_stride"),
)
FVCORE = ("fvcore_flops", "closed_form")


def report_csv(report: Report) -> str:
    """A head with units, the rows with their parts, the whole network, the heads."""
    measured = tuple(column.key for column in MEASURED_COLUMNS) if report.latency else ()
    columns = report.shown(DEFAULT + (FVCORE if report.fvcore else ()) + measured)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(map(_header, columns))
    for line in (*report.rows, report.total, *report.heads):
        writer.writerow(_raw(column.value(line)) for column in columns)
    return text.getvalue()


def _header(column: Column) -> str:
    return f"{column.key} ({column.unit})" if column.unit else column.key


def _raw(value: Value) -> str:
    if isinstance(value, Fraction):
        return f"{float(100 * value):.6f}"
    if isinstance(value, tuple):
        return sides(value)
    return "" if value is None else str(value)
