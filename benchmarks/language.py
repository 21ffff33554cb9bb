"""The speed of the language: the largest shipped spec, and two hundred specs in one call, beside importing torch alone.

Run with `make bench`; the figures are ratios of medians on one machine in one run.
"""

from __future__ import annotations

import itertools

from startup import compare

from archspec import load
from archspec.ir.tree import leaves
from archspec.language.resolve import shipped

RUNS, MANY = 5, 200


def main() -> None:
    sizes = {name: sum(1 for _ in leaves(load(name).body)) for name in shipped()}
    largest = max(sizes, key=sizes.__getitem__)
    many = [*itertools.islice(itertools.cycle(sizes), MANY)]
    commands = {
        f"archspec check {largest} ({sizes[largest]} ops)": ["check", largest],
        f"archspec check, {MANY} specs ({sum(sizes[name] for name in many):,} ops)": ["check", *many],
    }
    compare(commands, RUNS)


if __name__ == "__main__":
    main()
