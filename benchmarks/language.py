"""The speed of the language: the largest shipped spec, and two hundred specs in one call, beside importing torch alone.

Run with `make bench`; the figures are ratios of medians on one machine in one run.
"""

from __future__ import annotations

import itertools
import platform
import statistics

from startup import seconds

from archspec import load
from archspec.ir.tree import leaves
from archspec.language.resolve import shipped

RUNS, MANY = 5, 200


def main() -> None:
    sizes = {name: sum(1 for _ in leaves(load(name).body)) for name in shipped()}
    largest = max(sizes, key=sizes.__getitem__)
    many = [*itertools.islice(itertools.cycle(sizes), MANY)]
    commands = {
        "python -c 'import torch'": ["-c", "import torch"],
        f"archspec check {largest} ({sizes[largest]} ops)": ["-m", "archspec", "check", largest],
        f"archspec check, {MANY} specs ({sum(sizes[name] for name in many):,} ops)": ["-m", "archspec", "check", *many],
    }
    rounds = [{name: seconds(words) for name, words in commands.items()} for _ in range(RUNS)]
    medians = {name: statistics.median(times[name] for times in rounds) for name in commands}
    torch = medians["python -c 'import torch'"]
    print(f"Python {platform.python_version()}, median of {RUNS} processes each")  # noqa: T201 - a benchmark prints
    for name, median in medians.items():
        print(f"{name:44} {1000 * median:7,.0f} ms   {median / torch:5.2f} of importing torch")  # noqa: T201


if __name__ == "__main__":
    main()
