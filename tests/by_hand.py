"""Networks that no library has, written in torch straight from their papers: shipped specs are compared with them."""

from __future__ import annotations

import csv
from collections import namedtuple
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

DATA = Path(__file__).parent / "data"


def lenet5() -> nn.Module:
    """LeCun et al. 1998, section II.B; every map of C3 reads all of S2, and the subsampling has no weights."""
    maps = (nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2))
    c5 = (nn.Conv2d(16, 120, 5), nn.Tanh(), nn.Flatten())
    return nn.Sequential(*maps, *c5, nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10))


def alexnet() -> nn.Module:
    """Krizhevsky et al. 2012, section 3.5: two towers are two groups. The paper's alpha multiplies a sum, torch's a mean."""

    def norm() -> list[nn.Module]:
        return [nn.LocalResponseNorm(5, alpha=5 * 1e-4, beta=0.75, k=2), nn.MaxPool2d(3, 2)]

    maps = [
        *(nn.Conv2d(3, 96, 11, stride=4), nn.ReLU(), *norm()),
        *(nn.Conv2d(96, 256, 5, padding=2, groups=2), nn.ReLU(), *norm()),
        *(nn.Conv2d(256, 384, 3, padding=1), nn.ReLU()),
        *(nn.Conv2d(384, 384, 3, padding=1, groups=2), nn.ReLU()),
        *(nn.Conv2d(384, 256, 3, padding=1, groups=2), nn.ReLU(), nn.MaxPool2d(3, 2), nn.Flatten()),
    ]
    units = (nn.Linear(256 * 6 * 6, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout())
    return nn.Sequential(*maps, *units, nn.Linear(4096, 1000))


def nin() -> nn.Module:
    """Lin et al. 2013, the ImageNet model of its authors: four convolutions, each followed by two 1x1 ones."""

    def mlpconv(taken: int, filters: int, *patch: int, last: int = 0) -> list[nn.Module]:
        first, one, two = (
            nn.Conv2d(taken, filters, *patch),
            nn.Conv2d(filters, filters, 1),
            nn.Conv2d(filters, last or filters, 1),
        )
        return [first, nn.ReLU(), one, nn.ReLU(), two, nn.ReLU()]

    def pool() -> nn.Module:
        return nn.MaxPool2d(3, 2, ceil_mode=True)

    maps = (*mlpconv(3, 96, 11, 4), pool(), *mlpconv(96, 256, 5, 1, 2), pool(), *mlpconv(256, 384, 3, 1, 1), pool())
    return nn.Sequential(*maps, nn.Dropout(), *mlpconv(384, 1024, 3, 1, 1, last=1000), nn.AdaptiveAvgPool2d(1), nn.Flatten())


class UNet(nn.Module):
    """Ronneberger et al. 2015, Figure 1: no padding, so what is passed across is cropped around its centre."""

    def __init__(self) -> None:
        super().__init__()
        sizes = (64, 128, 256, 512, 1024)
        self.down = nn.ModuleList(self.twice(*pair) for pair in zip((1, *sizes), sizes, strict=False))
        self.up = nn.ModuleList(
            nn.ModuleList([nn.ConvTranspose2d(2 * size, size, 2, 2), self.twice(2 * size, size)]) for size in sizes[-2::-1]
        )
        self.classify = nn.Conv2d(64, 2, 1)

    @staticmethod
    def twice(taken: int, filters: int) -> nn.Module:
        return nn.Sequential(nn.Conv2d(taken, filters, 3), nn.ReLU(), nn.Conv2d(filters, filters, 3), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        passed = [self.down[0](x)]
        for down in self.down[1:]:
            passed.append(down(F.max_pool2d(passed[-1], 2)))
        x = passed.pop()
        for up, convs in self.up:
            x, across = up(x), passed.pop()
            edge = (across.shape[-1] - x.shape[-1]) // 2
            x = convs(torch.cat([F.pad(across, [-edge] * 4), x], 1))
        return self.classify(x)


def conv(taken: int, filters: int, patch: int, stride: int = 1, eps: float | None = None) -> nn.Module:
    """A convolution that keeps the size at stride 1, batch norm if there is an eps, and a relu."""
    first = nn.Conv2d(taken, filters, patch, stride, patch // 2, bias=eps is None)
    return nn.Sequential(first, *([] if eps is None else [nn.BatchNorm2d(filters, eps)]), nn.ReLU())


def separable(filters: int, eps: float | None = None) -> nn.Module:
    """The first convolution of Ioffe & Szegedy 2015: 7x7/2, depth multiplier 8, then 1x1."""
    depthwise = nn.Conv2d(3, 24, 7, 2, 3, groups=3, bias=eps is None)
    return nn.Sequential(depthwise, *conv(24, filters, 1, eps=eps))


class Branches(nn.ModuleList):
    """Runs its modules side by side, and joins their channels."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([branch(x) for branch in self], 1)


def max_pool() -> nn.Module:
    """Between the rows; it keeps a last, partial window."""
    return nn.MaxPool2d(3, 2, ceil_mode=True)


Outputs = namedtuple("Outputs", "logits aux1 aux2")


class GoogLeNet(nn.Module):
    """Szegedy et al. 2014, the columns of Table 1 with the response norms of Figure 3 and the classifiers of section 5.

    `small` is for images of 32x32: a first convolution that keeps the size, no pool before the modules, a mean over 8x8.
    """

    def __init__(
        self, eps: float | None = None, naive: bool = False, flat: bool = False, separated: bool = False, small: bool = False
    ) -> None:
        super().__init__()
        norm = [nn.LocalResponseNorm(5)] if eps is None else []
        conv1 = separable(64, eps) if separated else conv(3, 64, 3, eps=eps) if small else conv(3, 64, 7, 2, eps)
        rows: list[nn.Module] = [conv1] if small else [conv1, max_pool()]
        rows += [*norm, conv(64, 64, 1, eps=eps), conv(64, 192, 3, eps=eps), *norm]
        channels = 192
        heads = {}
        for row in csv.DictReader((DATA / "googlenet_table1.csv").read_text(encoding="utf-8").splitlines()):
            if row["id"] in (("pool3", "pool4") if small else ("pool2", "pool3", "pool4")):
                rows.append(max_pool())
            elif row["type"] == "inception":
                cells = [int(row[key]) for key in ("#1x1", "#3x3 reduce", "#3x3", "#5x5 reduce", "#5x5", "pool proj")]
                rows.append(self.inception(channels, *cells, eps, naive))
                channels = cells[0] + cells[2] + cells[4] + (channels if naive else cells[5])
                if row["id"] in ("inception_4a", "inception_4d"):
                    heads[len(rows)] = self.auxiliary(channels, eps)
        rows += [nn.Flatten(), nn.Dropout(0.4)] if flat else [nn.AvgPool2d(8 if small else 7, 1), nn.Flatten(), nn.Dropout(0.4)]
        self.rows = nn.Sequential(*rows, nn.Linear(channels * (49 if flat else 1), 1000))
        self.after = list(heads)
        self.heads = nn.ModuleList(heads.values())

    @staticmethod
    def inception(
        taken: int, n1: int, reduce3: int, n3: int, reduce5: int, n5: int, proj: int, eps: float | None, naive: bool
    ) -> nn.Module:
        pool = nn.MaxPool2d(3, 1, 1)
        if naive:
            return Branches([conv(taken, n1, 1), conv(taken, n3, 3), conv(taken, n5, 5), pool])
        three = nn.Sequential(conv(taken, reduce3, 1, eps=eps), conv(reduce3, n3, 3, eps=eps))
        five = nn.Sequential(conv(taken, reduce5, 1, eps=eps), conv(reduce5, n5, 5, eps=eps))
        return Branches([conv(taken, n1, 1, eps=eps), three, five, nn.Sequential(pool, conv(taken, proj, 1, eps=eps))])

    @staticmethod
    def auxiliary(taken: int, eps: float | None) -> nn.Module:
        maps = (nn.AvgPool2d(5, 3), conv(taken, 128, 1, eps=eps), nn.Flatten())
        return nn.Sequential(*maps, nn.Linear(128 * 4 * 4, 1024), nn.ReLU(), nn.Dropout(0.7), nn.Linear(1024, 1000))

    def forward(self, x: Tensor) -> Any:
        maps = []
        for place, row in enumerate(self.rows, 1):
            x = row(x)
            if place in self.after:
                maps.append(x)
        return Outputs(x, *(head(taken) for head, taken in zip(self.heads, maps, strict=True))) if self.training else x


#: Ioffe & Szegedy 2015, Figure 5: #1x1, #3x3 reduce, #3x3, double #3x3 reduce, double #3x3, pool, its projection (0: none)
BN_INCEPTION = """
64   64  64  64  96 avg 32
64   64  96  64  96 avg 64
0   128 160  64  96 max 0
224  64  96  96 128 avg 128
192  96 128  96 128 avg 128
160 128 160 128 160 avg 128
96  128 192 160 192 avg 128
0   128 192 192 256 max 0
352 192 320 160 224 avg 128
352 192 320 192 224 max 128
"""


def bn_inception(eps: float = 1e-5) -> nn.Module:
    """The rows of that figure with a separable first convolution; the two modules that pass the pool through halve the map."""
    rows = [separable(64, eps), max_pool(), conv(64, 64, 1, eps=eps), conv(64, 192, 3, eps=eps), max_pool()]
    channels = 192
    for line in BN_INCEPTION.strip().splitlines():
        kind = line.split()[5]
        n1, reduce, n3, reduce_twice, twice, proj = (int(cell) for cell in line.split() if cell != kind)
        stride = 1 if proj else 2
        three = nn.Sequential(conv(channels, reduce, 1, eps=eps), conv(reduce, n3, 3, stride, eps))
        first, second = conv(reduce_twice, twice, 3, eps=eps), conv(twice, twice, 3, stride, eps)
        double = nn.Sequential(conv(channels, reduce_twice, 1, eps=eps), first, second)
        pool = max_pool() if not proj else nn.MaxPool2d(3, 1, 1) if kind == "max" else nn.AvgPool2d(3, 1, 1)
        if proj:
            rows.append(
                Branches([conv(channels, n1, 1, eps=eps), three, double, nn.Sequential(pool, conv(channels, proj, 1, eps=eps))])
            )
        else:
            rows.append(Branches([three, double, pool]))
        channels = n1 + n3 + twice + (proj or channels)
    return nn.Sequential(*rows, nn.AvgPool2d(7, 1), nn.Flatten(), nn.Linear(channels, 1000))
