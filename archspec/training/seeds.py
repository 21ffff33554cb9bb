"""Randomness as a function of counters: a run that goes on draws what it would have drawn without the stop."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def mixed(*parts: int | str) -> int:
    """A seed of 63 bits made of several numbers and words; other parts give another seed."""
    return int.from_bytes(hashlib.blake2b(repr(parts).encode(), digest_size=8).digest(), "big") >> 1


@contextmanager
def seeded(*parts: int | str) -> Iterator[None]:
    """Within it torch's generator of the CPU draws from a seed of its own; after it, it goes on as before."""
    generator = torch.default_generator
    before = generator.get_state()
    generator.manual_seed(mixed(*parts))
    try:
        yield
    finally:
        generator.set_state(before)
