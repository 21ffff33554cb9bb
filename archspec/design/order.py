"""Two lists of names as one: what is in both, what only one of them has, and what stands elsewhere."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence


def merged(before: Sequence[str], after: Sequence[str]) -> list[str]:
    """The names of `after` in their order, and those of `before` alone where they stood: behind the last that is in both."""
    kept = set(after)
    follow: dict[str | None, list[str]] = {}
    last: str | None = None
    for name in before:
        if name in kept:
            last = name
        else:
            follow.setdefault(last, []).append(name)
    names = list(follow.get(None, ()))
    for name in after:
        names += [name, *follow.get(name, ())]
    return names


def moved(before: Sequence[str], after: Sequence[str]) -> set[str]:
    """The fewest names in both without which the others stand in the same order in both."""
    places = {name: place for place, name in enumerate(before)}
    shared = [name for name in after if name in places]
    # of the increasing runs of each length, the least place at which one ends, and the name that ends it
    ends: list[int] = []
    ending: list[str] = []
    previous: dict[str, str | None] = {}
    for name in shared:
        length = bisect_left(ends, places[name])
        previous[name] = ending[length - 1] if length else None
        ends[length : length + 1], ending[length : length + 1] = [places[name]], [name]
    stay: set[str] = set()
    last = ending[-1] if ending else None
    while last is not None:
        stay.add(last)
        last = previous[last]
    return set(shared) - stay
