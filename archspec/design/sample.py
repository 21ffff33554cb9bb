"""Which members of a space a sweep looks at, in which order: all of them, or a sample that a seed decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from archspec.design.axes import Axis

if TYPE_CHECKING:
    from archspec.language.many import Array

#: spaces up to this size are permuted, so that no member comes twice; in larger ones two equal draws are as good as excluded
_PERMUTED = 1 << 62
_ROUNDS = 12
#: members of one draw, whatever the size of a chunk
_DRAWN = 1 << 16


class Members(Protocol):
    """What of a space is asked here."""

    @property
    def axes(self) -> tuple[Axis, ...]: ...
    @property
    def size(self) -> int: ...
    def digits(self, numbers: Array) -> list[Array]: ...


@dataclass(frozen=True)
class Listing:
    """`count` members in an order; `steps` gives those from a place to another, as an array with a column for each axis."""

    count: int
    steps: Callable[[int, int], Array]


def listing(space: Members, samples: int | None = None, seed: int = 0) -> Listing:
    """All members in order; or so many of them, drawn uniformly. A sample that is no smaller than the space is all of it."""
    import numpy as np

    def in_order(start: int, stop: int) -> Array:
        return _stacked(space.digits(np.arange(start, stop)), stop - start)

    def permuted(start: int, stop: int) -> Array:
        return _stacked(space.digits(permutation(np.arange(start, stop), space.size, seed)), stop - start)

    def drawn(start: int, stop: int) -> Array:
        first, last = start // _DRAWN, (stop - 1) // _DRAWN
        parts = np.concatenate([_draw(space, seed, block) for block in range(first, last + 1)])
        return parts[start - first * _DRAWN : stop - first * _DRAWN]

    if samples is None or samples >= space.size:
        return Listing(space.size, in_order)
    return Listing(samples, permuted if space.size <= _PERMUTED else drawn)


def _stacked(steps: list[Array], count: int) -> Array:
    import numpy as np

    if not steps:
        return np.zeros((count, 0), dtype=np.int32)
    return np.array(steps, dtype=np.int32).T  # the steps of one axis lie together: that is how they are read


def _draw(space: Members, seed: int, block: int) -> Array:
    import numpy as np

    rng = np.random.default_rng([seed, block])
    return _stacked([rng.integers(len(axis), size=_DRAWN, dtype=np.int32) for axis in space.axes], _DRAWN)


def permutation(numbers: Array, size: int, seed: int) -> Array:
    """Where a permutation of 0, ..., size - 1 takes each number (int64); the seed decides which permutation.

    A Feistel network over the next even power of two permutes, without a table; a number that it takes out of the range
    is taken further until it is back (Black and Rogaway 2002, cycle walking).
    """
    import numpy as np

    half = max(1, ((size - 1).bit_length() + 1) // 2)
    mask = np.uint64((1 << half) - 1)
    keys = np.random.default_rng(seed).integers(1 << 63, size=_ROUNDS, dtype=np.uint64)
    found = numbers.astype(np.uint64)
    out = np.arange(len(found))
    while len(out):
        left, right = found[out] >> np.uint64(half), found[out] & mask
        for key in keys:
            left, right = right, left ^ (_mixed(right + key) & mask)
        found[out] = (left << np.uint64(half)) | right
        out = out[found[out] >= np.uint64(size)]
    return found.astype(np.int64)


def _mixed(words: Array) -> Array:
    """The finaliser of SplitMix64 (Steele et al. 2014): every bit of the result depends on every bit of the word."""
    import numpy as np

    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: Array = words ^ (words >> np.uint64(31))
    return mixed
