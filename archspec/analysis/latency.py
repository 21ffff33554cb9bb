"""What a measurement of latency is: its settings, its times, and what they say beside the closed form. Nothing is run here."""

from __future__ import annotations

import os
import platform
import re
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from archspec.language.choices import number_of, one_of
from archspec.ops.base import Cost

DTYPES = ("float32", "float64", "bfloat16", "float16")
DEVICES = ("cpu", "cuda")
#: the least of each number; quartiles need two repeats
_LEAST = {"batch": 1, "warmup": 1, "repeats": 2, "threads": 1}
_MOST = 1_000_000


@dataclass(frozen=True)
class Settings:
    """How latency is measured. `threads` are those of torch on the CPU (None: as torch has it). Raises SpecError."""

    batch: int = 1
    warmup: int = 3
    repeats: int = 20
    threads: int | None = None
    dtype: str = "float32"
    device: str = "cpu"

    def __post_init__(self) -> None:
        one_of("--dtype", self.dtype, DTYPES)
        one_of("--device", self.device, DEVICES)
        for name, least in _LEAST.items():
            value = getattr(self, name)
            most = (os.cpu_count() or 1) if name == "threads" else _MOST  # more threads than cores only wait
            if value is not None or name != "threads":
                number_of(f"--{name}", value, least, most)


@dataclass(frozen=True)
class Times:
    """The seconds that each repeat took."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def quartiles(self) -> tuple[float, float]:
        """The first and the third: half of the repeats lie between them."""
        low, _, high = statistics.quantiles(self.seconds, n=4, method="inclusive")
        return low, high

    @property
    def spread(self) -> float:
        """Half of what is between the quartiles."""
        low, high = self.quartiles
        return (high - low) / 2


@dataclass(frozen=True)
class Latency:
    """The forward pass of a batch in eval mode: of each row by path, without rows that the module skips, and of the whole.

    `whole` is measured in runs of its own, in which rows are not timed, so that what timing adds can be seen.
    """

    settings: Settings
    rows: Mapping[str, Times]
    whole: Times
    #: the threads that ran, and what they ran on
    threads: int
    machine: str
    torch: str

    @property
    def sum_of_rows(self) -> float:
        """Seconds: the sum of the rows' medians."""
        return sum(times.median for times in self.rows.values())

    def times(self, path: str) -> Times | None:
        """Of a row, or of the whole network (an empty path); None where nothing was measured."""
        return self.rows.get(path) if path else self.whole

    def rate(self, path: str, cost: Cost) -> float | None:
        """Multiply-adds a second of a node, by its count in closed form."""
        times = self.times(path)
        return cost.macs * self.settings.batch / times.median if times and cost.macs and times.median else None


def processor() -> str:
    """The processor's name, where the system tells it; else its kind."""
    told = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.+)", told.read_text()) if told.exists() else None
    return found[1] if found else platform.processor() or platform.machine()
