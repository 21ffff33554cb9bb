"""Counting conventions: what a tool prints, as a weighted sum of the facts that every op states about itself."""

from __future__ import annotations

from collections.abc import Mapping

from archspec.ops.base import Cost

#: fvcore 0.1.5, FlopCountAnalysis in eval mode: its "flops" are multiply-adds, and it adds element counts of some other ops.
FVCORE: Mapping[str, int] = {
    "macs": 1,
    "batch_norm_elements": 2,
    "plain_batch_norm_elements": 1,
    "group_norm_elements": 5,
    "plain_group_norm_elements": 4,
    "instance_norm_elements": 5,
    "plain_instance_norm_elements": 4,
    "adaptive_pool_inputs": 1,
    "nearest_elements": 1,
    "bilinear_elements": 4,
}


def counted(cost: Cost, convention: Mapping[str, int]) -> int:
    """What a convention makes of a cost."""
    return sum(weight * int(getattr(cost, fact)) for fact, weight in convention.items())


def formula(cost: Cost, convention: Mapping[str, int]) -> str:
    """A convention in words: the facts that are there in this cost, each with its weight."""
    words = {fact: "multiply-adds" if fact == "macs" else fact.replace("_", " ") for fact in convention}
    terms = [(weight, words[fact]) for fact, weight in convention.items() if fact == "macs" or getattr(cost, fact)]
    return " + ".join(word if weight == 1 else f"{weight} x {word}" for weight, word in terms)
