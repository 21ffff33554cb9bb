"""Means over the images of an epoch, or of a validation, in all processes together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn
from torchmetrics import SumMetric

from archspec.training.results import TOPS, telling

#: figures that are better when they are larger
SHARES = frozenset(f"top-{k}" for k in TOPS)


def tops(classes: int) -> dict[str, int]:
    """The k of each share that a validation tells, by its name."""
    return {f"top-{k}": k for k in telling(classes)}


class Means(nn.Module):
    """Sums by name, each divided by the number of images in the end. Those that are `lasting` are part of a checkpoint, which may
    be taken in the middle of an epoch. What is no number stays none.
    """

    def __init__(self, names: Iterable[str], *, lasting: bool = False) -> None:
        super().__init__()
        self.sums = nn.ModuleDict({name: _sum(lasting) for name in names})
        self.images = _sum(lasting)

    @torch.no_grad()
    def see(self, values: Mapping[str, Tensor], images: int) -> None:
        """Counts in the means over so many images."""
        for name, value in values.items():
            self._metric(name).update(value.detach() * images)
        self.images.update(images)

    def taken(self) -> dict[str, float]:
        """The means, which begin anew; none if no image was seen. Every process has to ask, also one that has seen none."""
        images = float(self.images.compute())
        sums = {name: float(self._metric(name).compute()) for name in self.sums}
        for metric in (self.images, *map(self._metric, self.sums)):
            metric.reset()
        return {name: value / images for name, value in sums.items()} if images else {}

    def _metric(self, name: str) -> SumMetric:
        metric = self.sums[name]
        assert isinstance(metric, SumMetric)
        return metric


def _sum(lasting: bool) -> SumMetric:
    metric = SumMetric(nan_strategy="disable")
    metric.persistent(lasting)
    return metric


def right(logits: Tensor, labels: Tensor, k: int) -> Tensor:
    """The share of N images whose class, one of N labels, is among the k largest of N x classes logits."""
    return (logits.topk(k).indices == labels[:, None]).any(1).float().mean()
