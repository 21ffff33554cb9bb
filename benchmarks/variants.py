"""How many variants of GoogLeNet are costed in a second: the six numbers of each of its nine inception rows are arrays.

Run with `python benchmarks/variants.py`; one process, one core.
"""

from __future__ import annotations

import statistics
import time

import numpy as np

import archspec

ROWS = ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b")
COLUMNS = ("n1x1", "n3x3_reduce", "n3x3", "n5x5_reduce", "n5x5", "pool_proj")
SIZES = (10_000, 100_000, 1_000_000)


def variants_per_second(count: int, runs: int = 5) -> float:
    """The median over some calls, each from the text of the spec to parameters, multiply-adds and activations of all variants.

    54 columns vary, each from half to twice its published number.
    """
    network = archspec.load("googlenet")
    rng = np.random.default_rng(0)
    cells = {}
    for row in network.rows:
        if row.path.removeprefix("inception_") in ROWS:
            for column in COLUMNS:
                number = row.columns[column]
                cells[f"{row.path}.{column}"] = rng.integers(number // 2, 2 * number, count)
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        costs = archspec.costs("googlenet", set=cells)
        assert len(costs.params) == len(costs.macs) == len(costs.activations) == count
        times.append(time.perf_counter() - start)
    return count / statistics.median(times)


if __name__ == "__main__":
    for size in SIZES:
        print(f"{size:>9,} variants: {variants_per_second(size):>11,.0f} a second")  # noqa: T201 - a benchmark prints
