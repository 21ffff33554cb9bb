"""Stand-in for the names piece."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torchvision.transforms import v2

from archspec.language.diagnostics import Problems
from archspec.recipe.named import Named, value


def transforms(names: Sequence[Named], problems: Problems) -> v2.Transform:
    """Transforms in order."""
    made = []
    for one in names:
        told = value(one.arguments)
        if "dtype" in told:
            told["dtype"] = getattr(torch, told["dtype"])
        made.append(getattr(v2, one.name)(**told))
    return v2.Compose(made or [v2.Identity()])
