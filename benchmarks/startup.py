"""Whole processes side by side: what a verb that needs no tensor takes, beside importing torch alone.

Run with `make bench`; the figures are ratios of medians on one machine in one run. `--write` puts them into
docs/performance.md.
"""

from __future__ import annotations

import argparse
import compileall
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from page import machine, table, write

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


def compare(commands: Mapping[str, list[str]], runs: int) -> list[tuple[str, ...]]:
    """Prints the median time of each command of archspec, and its ratio to importing torch, and returns these lines."""
    compileall.compile_dir(Path(archspec.__file__).parent, quiet=1)  # as torch is, and as pip does when it installs
    processes = {TORCH: ["-c", "import torch"]} | {name: ["-m", "archspec", *words] for name, words in commands.items()}
    # one round after the other, so that a busy machine slows all of them alike
    rounds = [{name: seconds(words) for name, words in processes.items()} for _ in range(runs)]
    medians = {name: statistics.median(times[name] for times in rounds) for name in processes}
    lines = [(name, f"{1000 * median:,.0f} ms", f"{median / medians[TORCH]:.2f}") for name, median in medians.items()]
    sys.stdout.write(f"Python {platform.python_version()}, median of {runs} processes each\n")
    sys.stdout.writelines(f"{name:44} {median:>10}   {ratio} of importing torch\n" for name, median, ratio in lines)
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    words = parser.parse_args()
    lines = compare(COMMANDS, RUNS)
    if words.write:
        write(
            "startup",
            f"{machine(('torch', 'pydantic', 'typer', 'rich'))}\n\n" + table(("process", "median", "of importing torch"), lines),
        )


if __name__ == "__main__":
    main()
