"""Whole processes side by side: what a verb that needs no tensor takes, beside importing torch alone.

Run with `make bench`; the figures are ratios of medians on one machine in one run.
"""

from __future__ import annotations

import compileall
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import archspec

RUNS = 7
TORCH = "python -c 'import torch'"
COMMANDS = {
    "archspec check googlenet": ["check", "googlenet"],
    "archspec report googlenet": ["report", "googlenet"],
    "archspec audit googlenet": ["audit", "googlenet"],
}


def seconds(words: list[str]) -> float:
    """Wall time of one process."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def compare(commands: Mapping[str, list[str]], runs: int) -> None:
    """Prints the median time of each command of archspec, and its ratio to importing torch."""
    compileall.compile_dir(Path(archspec.__file__).parent, quiet=1)  # as torch is, and as pip does when it installs
    processes = {TORCH: ["-c", "import torch"]} | {name: ["-m", "archspec", *words] for name, words in commands.items()}
    # one round after the other, so that a busy machine slows all of them alike
    rounds = [{name: seconds(words) for name, words in processes.items()} for _ in range(runs)]
    medians = {name: statistics.median(times[name] for times in rounds) for name in processes}
    lines = [f"Python {platform.python_version()}, median of {runs} processes each"]
    for name, median in medians.items():
        lines.append(f"{name:44} {1000 * median:7,.0f} ms   {median / medians[TORCH]:5.2f} of importing torch")
    print("\n".join(lines))  # noqa: T201 - a benchmark prints


if __name__ == "__main__":
    compare(COMMANDS, RUNS)
