"""Counting conventions: what a tool prints, as a weighted sum of the facts that every op states about itself."""

from __future__ import annotations

from collections.abc import Mapping

from archspec.ops.base import Cost

#: fvcore 0.1.5, FlopCountAnalysis in eval mode: its "flops" are multiply-adds, and it adds element counts of some other ops.
FVCORE: Mapping[str, int] = {"macs": 1, "batch_norm_elements": 2, "adaptive_pool_inputs": 1}


def counted(cost: Cost, convention: Mapping[str, int]) -> int:
    """What a convention makes of a cost."""
    return sum(weight * int(getattr(cost, fact)) for fact, weight in convention.items())
