"""Variants a second: a sweep beside building each network and counting it with fvcore, and beside a plain program that adds
up what each layer costs, as pycls does (`complexity`). One process, one thread, one run.

All sides cost members of the same design spaces, drawn at random; before they are timed they must agree to the digit on some of
them. A sweep is timed from the text of the space to its Pareto front of parameters and multiply-adds. `--write` puts the table
into docs/performance.md.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from page import machine, table, write

import archspec
from archspec.design.axes import spelled_changes
from archspec.design.sample import listing
from archspec.design.space import Space, space
from archspec.language.resolve import spaces

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
import regnet

SIZES = (10_000, 100_000, 1_000_000)
#: members that the plain program costs, that fvcore counts, and on which all must agree
PLAIN, BUILT, ALIKE = 5_000, 5, 100
PACKAGES = ("torch", "numpy", "fvcore")

#: a member, by path
Member = Mapping[str, Any]
#: parameters and multiply-adds; None of what is no network
Figures = tuple[int, int] | None


def regnetx(member: Member) -> Figures:
    stages = regnet.generated(*(member[f"vars.{key}"] for key in ("d", "w0", "wa", "wm", "g")))
    return None if stages is None else regnet.complexity(stages)[2:4]


def anynetx(member: Member) -> Figures:
    columns = ("n", "width", "bottleneck_ratio", "group_width")
    told = (regnet.Stage(*(member[f"stage{at}.{key}"] for key in columns)) for at in (1, 2, 3, 4))
    return regnet.complexity([*map(regnet.adjusted, told)])[2:4]


#: the plain programs, by space
PROGRAMS: dict[str, Callable[[Member], Figures]] = {"regnetx-space": regnetx, "anynetx-space": anynetx}


def fvcore(name: str, member: Member) -> Figures:
    """Builds a network, and counts its convolutions and linears on one image."""
    from fvcore.nn import FlopCountAnalysis

    model = archspec.build(name, heads=False, set=spelled_changes(member)).eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        counted = FlopCountAnalysis(model, torch.zeros(1, 3, 224, 224)).unsupported_ops_warnings(False)
        flops = counted.uncalled_modules_warnings(False).by_operator()
    return sum(one.numel() for one in model.parameters()), flops["conv"] + flops["linear"]


def members(made: Space, count: int) -> list[Member]:
    """The first members of the sample that a sweep draws."""
    return [made.at(steps) for steps in listing(made, SIZES[0], 0).steps(0, count).tolist()]


def valid(name: str, drawn: list[Member]) -> Iterator[tuple[Member, Figures]]:
    """Those that are networks, with what archspec says of each alone."""
    for member in drawn:
        changes = spelled_changes(member)
        if not archspec.check(name, set=changes):
            total = archspec.report(name, set=changes).costs.total
            yield member, (total.params, total.macs)


def agree(name: str, drawn: list[Member]) -> None:
    """A sweep, one network alone, the plain program and fvcore give the same numbers."""
    found = archspec.sweep(name, samples=SIZES[0], seed=0)
    rows = {tuple(found.member(row).values()): row for row in range(len(found))}
    met = 0
    for at, (member, figures) in enumerate(valid(name, drawn)):
        if name in PROGRAMS:
            assert PROGRAMS[name](member) == figures, (name, member)
        if at < BUILT:
            assert fvcore(name, member) == figures, (name, member)
        row = rows.get(tuple(member.values()))
        assert row is None or (found["params"][row], found["macs"][row]) == figures, (name, member)
        met += row is not None  # None: a constraint excludes it
    assert met > len(drawn) // 20, (name, met)


def seconds(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def lines(name: str) -> Iterator[tuple[str, ...]]:
    """What each side does in a second, and how many times what fvcore does."""
    made = space(name)
    drawn = members(made, PLAIN)
    agree(name, drawn[:ALIKE])
    networks = [member for member, _ in valid(name, drawn[:ALIKE])][:BUILT]
    built = BUILT / seconds(lambda: [fvcore(name, member) for member in networks])
    yield name, "built, fvcore", f"{len(networks):,}", f"{built:,.2f}", "1"
    if name in PROGRAMS:
        rate = PLAIN / seconds(lambda: [PROGRAMS[name](member) for member in drawn])
        yield name, "plain program", f"{PLAIN:,}", f"{rate:,.0f}", f"{rate / built:,.0f}"
    for size in SIZES:
        rate = size / seconds(lambda size=size: archspec.sweep(name, samples=size, pareto="params,macs"))  # type: ignore[misc] # a default holds the size of this round
        yield name, "sweep", f"{size:,}", f"{rate:,.0f}", f"{rate / built:,.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    words = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    for name in spaces():
        for line in lines(name):
            rows.append(line)
            sys.stderr.write("  ".join(line) + "\n")
    text = f"{machine(PACKAGES)}; one thread\n\n" + table(
        ("space", "counted by", "variants", "variants a second", "times fvcore"), rows
    )
    sys.stdout.write(text)
    if words.write:
        write("sweep", text)


if __name__ == "__main__":
    main()
