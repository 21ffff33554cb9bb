"""The torch modules that torch does not have. Imported only inside `Op.module`, so that no op needs torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archspec.ops.window import Pair, Window


class FlatLinear(nn.Linear):
    """Linear on a map N x C x H x W, flattened to N x CHW."""

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(input.flatten(1))


def bordered(input: Tensor, window: Window, value: float = 0.0) -> Tensor:
    """The map with the window's padding laid around it; `tf same` depends on the size that comes in."""
    height, width = input.shape[-2:]
    if torch.jit.is_tracing():  # type: ignore[attr-defined, no-untyped-call] # it is documented; numbers, not operations on them
        height, width = int(height), int(width)
    rows, columns = window.edges((height, width))
    return F.pad(input, (*columns, *rows), value=value)


class PaddedConv2d(nn.Conv2d):
    """A convolution whose padding differs from side to side."""

    def __init__(self, channels: int, filters: int, window: Window, **options: Any) -> None:
        super().__init__(channels, filters, window.patch, window.stride, **options)
        self.window = window

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(bordered(input, self.window))

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, border={self.window.padding}"  # type: ignore[no-untyped-call] # torch does not annotate it


class PaddedMaxPool2d(nn.MaxPool2d):
    """A max pool whose padding differs from side to side, and never wins."""

    def __init__(self, window: Window) -> None:
        super().__init__(window.patch, window.stride)
        self.window = window

    def forward(self, input: Tensor) -> Tensor:
        padded = bordered(input, self.window, float("-inf"))
        return F.max_pool2d(padded, self.window.patch, self.window.stride)


class PaddedAvgPool2d(nn.AvgPool2d):
    """An average pool whose padding differs from side to side, and is part of the mean or not."""

    def __init__(self, window: Window, count_padding: bool) -> None:
        super().__init__(window.patch, window.stride)
        self.window, self.count_padding = window, count_padding

    def forward(self, input: Tensor) -> Tensor:
        mean = super().forward(bordered(input, self.window))
        if self.count_padding:
            return mean
        return mean / super().forward(bordered(torch.ones_like(input[:1, :1]), self.window))


class PowerAvgPool(nn.Module):
    """torch.nn.LPPool2d with a gradient of 0, not NaN, where a window holds only zeros (as after a relu)."""

    def __init__(self, patch: Pair, stride: Pair, padding: Pair, power: float, ceil: bool) -> None:
        super().__init__()
        self.pool = nn.AvgPool2d(patch, stride, padding, ceil_mode=ceil)
        self.power, self.places = power, patch[0] * patch[1]

    def forward(self, input: Tensor) -> Tensor:
        total: Tensor = self.pool(input.abs() ** self.power) * self.places
        return total.clamp_min(torch.finfo(total.dtype).tiny) ** (1 / self.power)

    def extra_repr(self) -> str:
        return f"power={self.power:g}"


class LayerNorm2d(nn.LayerNorm):
    """Layer norm over the channels at each place of a map N x C x H x W."""

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(input.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class L2Norm(nn.Module):
    """Each place's channels at a Euclidean length of 1."""

    def __init__(self, eps: float) -> None:
        super().__init__()
        self.eps = eps

    def forward(self, input: Tensor) -> Tensor:
        return F.normalize(input, dim=1, eps=self.eps)


class LayerScale(nn.Module):
    """x * weight for each channel."""

    def __init__(self, channels: int, init: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((channels,), float(init)))

    def forward(self, input: Tensor) -> Tensor:
        return input * self.weight.view(-1, *[1] * (input.dim() - 2))


class DropPath(nn.Module):
    """Stochastic depth: in training each example is dropped whole with probability `rate`, and the rest scaled up."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, input: Tensor) -> Tensor:
        if not self.training or self.rate == 0:
            return input
        kept = torch.empty(input.shape[0], *[1] * (input.dim() - 1), dtype=input.dtype, device=input.device)
        return input * kept.bernoulli_(1 - self.rate) / (1 - self.rate)

    def extra_repr(self) -> str:
        return f"rate={self.rate:g}"


class Scale(nn.Module):
    """x * factor."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, input: Tensor) -> Tensor:
        return input * self.factor

    def extra_repr(self) -> str:
        return f"factor={self.factor:g}"


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
