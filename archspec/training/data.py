"""Stand-in for the data piece: digits, and one folder of classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch.utils.data import Dataset
from torchvision import tv_tensors
from torchvision.datasets import ImageFolder
from torchvision.transforms.v2 import functional as F

from archspec.ir.tree import Network
from archspec.language.diagnostics import fail
from archspec.language.places import Place
from archspec.recipe.schema import DataModel

Split = Literal["train", "validation", "test", "all"]


class Unreadable(Exception):
    """An image that cannot be decoded."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name, self.reason = name, reason


class Images(Dataset[tv_tensors.Image]):
    """Images by number."""

    classes: tuple[str, ...]
    labels: Sequence[int]
    names: Sequence[str]

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, at: int) -> tv_tensors.Image:
        raise NotImplementedError


class _Digits(Images):
    def __init__(self) -> None:
        from sklearn.datasets import load_digits

        found = load_digits()
        self.values = torch.from_numpy((found.images * 255 / 16).round()).to(torch.uint8)[:, None]
        self.classes, self.labels = tuple(map(str, range(10))), found.target.tolist()
        self.names = [f"index {at}" for at in range(len(self.labels))]

    def __getitem__(self, at: int) -> tv_tensors.Image:
        return tv_tensors.Image(self.values[at])


class _Folder(Images):
    def __init__(self, path: str) -> None:
        self.folder = ImageFolder(path)
        self.classes, self.labels = tuple(self.folder.classes), self.folder.targets
        self.names = [name for name, _ in self.folder.samples]

    def __getitem__(self, at: int) -> tv_tensors.Image:
        try:
            image = self.folder.loader(self.names[at])
        except OSError as error:
            raise Unreadable(self.names[at], str(error)) from None
        return tv_tensors.Image(F.pil_to_tensor(image))


def test_data(told: str, settings: DataModel, split: Split = "validation", place_of: object = None) -> Images:
    """The images to test."""
    return _Digits() if told == "digits" else _Folder(told)


test_data.__test__ = False  # type: ignore[attr-defined]


def check_suits(images: Images, network: Network, place: Place) -> None:
    """The number of classes must be the network's."""
    if len(images.classes) != network.output.channels:
        message = f"the data has {len(images.classes)} classes, and the network {network.output.channels}"
        raise fail("bad-data", message, place)
