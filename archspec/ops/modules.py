"""The torch modules that torch does not have. Imported only inside `Op.module`, so that no op needs torch."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class FlatLinear(nn.Linear):
    """Linear on a map N x C x H x W, flattened to N x CHW."""

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(input.flatten(1))


class ResponseNorm(nn.Module):
    """torch.nn.LocalResponseNorm on N x C x H x W, pooled in two dimensions so that it also runs in half precision on a CPU."""

    def __init__(self, size: int, alpha: float, beta: float, k: float) -> None:
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, input: Tensor) -> Tensor:
        # scaled before it is squared: 300 squared does not fit into float16
        squares = (input * self.alpha**0.5).square().flatten(2).unsqueeze(1)
        squares = F.pad(squares, (0, 0, self.size // 2, (self.size - 1) // 2))
        mean = F.avg_pool2d(squares, (self.size, 1), stride=1).view(input.shape)
        return input / (mean + self.k) ** self.beta

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha:g}, beta={self.beta:g}, k={self.k:g}"


class Renormalize(nn.Module):
    """x * scale + shift for each channel; not part of the state_dict, since the spec holds it."""

    scale: Tensor
    shift: Tensor

    def __init__(self, scale: Sequence[float], shift: Sequence[float]) -> None:
        super().__init__()
        for name, values in (("scale", scale), ("shift", shift)):
            self.register_buffer(name, torch.tensor(values).view(-1, 1, 1), persistent=False)

    def forward(self, input: Tensor) -> Tensor:
        return input * self.scale + self.shift
