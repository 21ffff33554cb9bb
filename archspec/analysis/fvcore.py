"""The one adapter to fvcore: its count of a built module, by path. Keeps its warnings and its quirks inside."""

from __future__ import annotations

import warnings
from collections import Counter
from dataclasses import dataclass
from typing import Any

from archspec.ir.tree import Network


@dataclass(frozen=True)
class FvcoreCount:
    """`flops` (fvcore's word for multiply-adds and some element counts) and `activations` by path; "" is the whole network.

    `uncounted` are the operators that fvcore has no rule for, with their number of calls, heads included.
    """

    flops: dict[str, int]
    activations: dict[str, int]
    uncounted: dict[str, int]


def fvcore_count(model: Any, network: Network) -> FvcoreCount:
    """Counts a built model in eval mode on one example; its heads, which only train, by themselves."""
    import torch

    parts = [("", model, network.input)]
    parts += [
        (head.node.path, model.get_submodule(head.node.path), head.node.input)
        for head in network.heads
        if head.node.path in model.heads
    ]
    flops: dict[str, int] = {}
    activations: dict[str, int] = {}
    uncounted: Counter[str] = Counter()
    modes = {part: part.training for part in model.modules()}
    model.eval()
    # tracing takes tuples, not the dict of a model with named outputs
    plain = model.register_forward_hook(lambda _, __, result: tuple(result.values()) if isinstance(result, dict) else None)
    try:
        for path, module, shape in parts:
            example = torch.zeros(1, *shape.tensor, dtype=next(iter(model.parameters()), torch.zeros(())).dtype)
            counted, active, skipped = _counted(module, example)
            flops.update(_under(path, counted))
            activations.update(_under(path, active))
            uncounted.update(skipped)
    finally:
        plain.remove()
        for part, training in modes.items():
            part.training = training
    return FvcoreCount(flops, activations, dict(uncounted))


def _counted(module: Any, example: Any) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # importing and tracing warn about torch.jit, for every user
        from fvcore.nn import ActivationCountAnalysis, FlopCountAnalysis

        flops, activations = (
            kind(module, example).unsupported_ops_warnings(False).uncalled_modules_warnings(False)
            for kind in (FlopCountAnalysis, ActivationCountAnalysis)
        )
        counts = [{name: int(value) for name, value in one.by_module().items()} for one in (flops, activations)]
        return counts[0], counts[1], dict(flops.unsupported_ops())


def _under(path: str, counts: dict[str, int]) -> dict[str, int]:
    """The counts of a head under its path in the model."""
    return {".".join(filter(None, (path, name))): value for name, value in counts.items()}
