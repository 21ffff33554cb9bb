"""What `--data` may name, in one form: for each part (training, validation, test) its images, if there are any."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, Protocol

import numpy as np

from archspec.language.places import Place
from archspec.training.images import Images

Part = Literal["train", "validation", "test"]
#: done, of how many
Progress = Callable[[int, int], None]
#: where a recipe has the value of some keys
PlaceOf = Callable[..., Place]

#: how folders and torchvision call each part; the first that is there counts
WORDS: Mapping[Part, Sequence[str]] = {
    "train": ("train", "trainval", "train-standard"),
    "validation": ("val", "valid", "validation"),
    "test": ("test",),
}


class DataSource(Protocol):
    """A data set with its parts."""

    def images(self, part: Part) -> Images | None:
        """Of a part; None if the data set does not have it. Raises SpecError."""

    def called(self, part: Part) -> str:
        """What a part that is there is called, in words."""


class Digits:
    """scikit-learn's 1,797 handwritten digits of 8 x 8 pixels (Alpaydin and Kaynak, 1998); it has them on disk."""

    def images(self, part: Part) -> Images | None:
        from sklearn.datasets import load_digits

        if part != "train":
            return None
        found = load_digits()
        pixels = np.round(found.images * 255 / 16).astype(np.uint8)  # from 17 levels of grey
        labels = [int(label) for label in found.target]
        names = [f"index {index}" for index in range(len(labels))]
        return Images(np.copy, list(pixels), tuple(map(str, found.target_names)), labels, names)

    def called(self, part: Part) -> str:
        return "the digits"
