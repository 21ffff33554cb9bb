"""Latency in a report: its columns, its notes, and its part of the JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from archspec.render.column import Column, Value
from archspec.render.lines import Line

if TYPE_CHECKING:
    from archspec.analysis.latency import Latency, Times


def _times(line: Line) -> Times | None:
    latency = line.report.latency
    return latency.times(line.path) if latency and line.kind != "head" else None


def _ms(line: Line) -> Value:
    times = _times(line)
    return 1000 * times.median if times else None


def _spread(line: Line) -> Value:
    times = _times(line)
    return 1000 * times.spread if times else None


def _share(line: Line) -> Value:
    """Of the sum of the rows' medians, so that shares add up."""
    times, latency = _times(line), line.report.latency
    if not times or not latency or not latency.sum_of_rows:
        return None
    return Fraction(times.median / latency.sum_of_rows) if line.path else Fraction(1)


def _rate(line: Line) -> Value:
    latency = line.report.latency
    rate = latency.rate(line.path, line.cost) if latency and line.kind != "head" else None
    return None if rate is None else rate / 1e9


#: of a report with latency; the parts of a row are not measured
MEASURED_COLUMNS: tuple[Column, ...] = (
    Column("ms", "ms", "milliseconds of a batch on this machine: the median of the repeats", _ms, decimals=3),
    Column("ms_spread", "± ms", "half of what is between the quartiles of the repeats", _spread, decimals=3),
    Column("ms_share", "%", "milliseconds in percent of the sum of the rows", _share, "share", "percent"),
    Column("gmacs_per_s", "GMAC/s", "10⁹ multiply-adds a second: the closed form's count by the median", _rate, decimals=1),
)


def measured_notes(latency: Latency) -> Iterator[str]:
    """How it was measured, and what timing the rows adds."""
    settings = latency.settings
    threads = f"{latency.threads} thread{'s' if latency.threads > 1 else ''}"
    yield (
        f"latency of a batch of {settings.batch} in {settings.dtype}, {threads}, on {settings.device} ({latency.machine}), "
        f"torch {latency.torch}"
    )
    yield f"median and half of the interquartile range of {settings.repeats} repeats after {settings.warmup} to warm up"
    whole, rows = 1000 * latency.whole.median, 1000 * latency.sum_of_rows
    yield f"total: measured without timing the rows, whose medians add up to {rows:.3f} ms ({rows / whole - 1:+.1%})"


def times_data(times: Times, rate: float | None) -> dict[str, Any]:
    """Milliseconds and multiply-adds a second of one node as plain data."""
    low, high = times.quartiles
    return {
        "ms": {"median": 1000 * times.median, "quartiles": [1000 * low, 1000 * high]},
        "macs_per_second": None if rate is None else round(rate),
    }


def settings_data(latency: Latency) -> dict[str, Any]:
    """How it was measured as plain data."""
    run = {"threads": latency.threads, "machine": latency.machine, "torch": latency.torch}
    return {**asdict(latency.settings), **run}
