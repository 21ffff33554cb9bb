"""Whole processes side by side: what a verb that needs no tensor takes, beside importing torch alone.

Run with `make bench`; the figures are ratios of medians on one machine in one run.
"""

from __future__ import annotations

import platform
import statistics
import subprocess
import sys
import time

RUNS = 7
COMMANDS = {
    "python -c 'import torch'": ["-c", "import torch"],
    "archspec check googlenet": ["-m", "archspec", "check", "googlenet"],
    "archspec report googlenet": ["-m", "archspec", "report", "googlenet"],
    "archspec audit googlenet": ["-m", "archspec", "audit", "googlenet"],
}


def seconds(words: list[str]) -> float:
    """Wall time of one process."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    # one round after the other, so that a busy machine slows all of them alike
    rounds = [{name: seconds(words) for name, words in COMMANDS.items()} for _ in range(RUNS)]
    medians = {name: statistics.median(times[name] for times in rounds) for name in COMMANDS}
    torch = medians["python -c 'import torch'"]
    print(f"Python {platform.python_version()}, median of {RUNS} processes each")  # noqa: T201 - a benchmark prints
    for name, median in medians.items():
        print(f"{name:28} {1000 * median:7.0f} ms   {median / torch:5.2f} of importing torch")  # noqa: T201


if __name__ == "__main__":
    main()
