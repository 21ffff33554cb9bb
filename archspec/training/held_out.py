"""Training images that are kept for validation: so many of each class, the same ones on every machine."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor
from random import Random


def held_out(labels: Sequence[int], share: float, seed: int) -> tuple[list[int], list[int]]:
    """The indices that stay, and those that are held out, each in order: of each class its share, rounded to the nearest
    number, at least one, never all. Every class has none or at least two images.

    Each image draws a number, in order, and the lowest of each class are held out. They come from Python's `Random.random`, of
    which alone a seed is promised to give the same sequence in every version; numpy's Generator, torch, `Random.shuffle` and the
    splitters of scikit-learn promise nothing of the kind.
    """
    draw = Random(seed)
    by_class: dict[int, list[tuple[float, int]]] = {}
    for index, label in enumerate(labels):
        by_class.setdefault(label, []).append((draw.random(), index))
    held: list[int] = []
    for drawn in by_class.values():
        assert len(drawn) > 1, "a class of one image was reported"
        count = min(max(floor(len(drawn) * share + 0.5), 1), len(drawn) - 1)
        held += [index for _, index in sorted(drawn)[:count]]
    kept = set(range(len(labels))).difference(held)
    return sorted(kept), sorted(held)
