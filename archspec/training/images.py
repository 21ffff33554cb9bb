"""Images with a class each, one by one as uint8 tensors: what every data set becomes."""

from __future__ import annotations

import errno
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError
from torch.utils.data import ConcatDataset, Dataset
from torchvision import tv_tensors
from torchvision.transforms.v2.functional import to_image

#: PIL's modes of 16-bit greys; the plain one has 32 bits, and is what some versions of PIL read a 16-bit PNG as
_GREYS = ("I;16", "I;16L", "I;16B", "I;16N", "I")


class Unreadable(Exception):  # noqa: N818 # it is an adjective
    """An image that cannot be decoded: its `name` (a path, or `index 17`), and the `reason` in words."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name, self.reason = name, reason

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


@dataclass(frozen=True, eq=False)
class Images(Dataset[tv_tensors.Image]):
    """Images without their labels: `images[i]` is C x H x W, uint8, and always the same; it raises Unreadable.

    `labels` are numbers of `classes`, `names` say which image is meant; `read` gives the picture of a key.
    """

    read: Callable[[Any], Any]
    keys: Sequence[Any]
    classes: tuple[str, ...]
    labels: Sequence[int]
    names: Sequence[str]

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, index: int) -> tv_tensors.Image:
        key = self.keys[index]
        with decoding(self.names[index]):
            return as_tensor(self.read(key))

    def select(self, indices: Sequence[int]) -> Images:
        """Some of them, by their numbers here."""
        keys, labels = [self.keys[i] for i in indices], [self.labels[i] for i in indices]
        return Images(self.read, keys, self.classes, labels, [self.names[i] for i in indices])


def joined(parts: Sequence[Images]) -> Images:
    """All of several, in order. They have the same classes."""
    together: ConcatDataset[tv_tensors.Image] = ConcatDataset(parts)
    labels, names = (
        list(chain.from_iterable(columns)) for columns in zip(*((one.labels, one.names) for one in parts), strict=True)
    )
    return Images(together.__getitem__, range(len(together)), parts[0].classes, labels, names)


@contextmanager
def decoding(name: str) -> Iterator[None]:
    """What goes wrong inside is Unreadable. Damaged bytes make decoders raise errors of every kind; an image so large that it
    may be meant to fill the memory (PIL.Image.MAX_IMAGE_PIXELS) is not decoded.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except (Unreadable, MemoryError):
        raise
    except Exception as error:
        raise Unreadable(name, _reason(error)) from error


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "this is no image of a known format"
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__


def opened(path: str | Path) -> Image.Image:
    """The picture of a file, as RGB. An orientation that its EXIF data asks for is not applied, as in torchvision."""
    if os.path.exists(path) and not os.path.isfile(path):  # a pipe would be waited for
        raise OSError(errno.EINVAL, "this is not a regular file")
    with Image.open(path) as picture:
        return _rgb(picture)


def as_tensor(picture: Any) -> tv_tensors.Image:
    """A picture (of PIL, or a tensor) as C x H x W, uint8: one channel for greys, otherwise RGB."""
    if isinstance(picture, Image.Image) and picture.mode not in ("L", "RGB"):
        picture = picture.convert("L") if picture.mode == "1" else _rgb(picture)
    return tv_tensors.Image(to_image(picture))


def _rgb(picture: Image.Image) -> Image.Image:
    """8 bits a channel, without transparency. Of 16 bits the upper 8, as PIL itself reads colours of 16 bits."""
    if picture.mode in _GREYS:
        pixels = np.asarray(picture)
        if pixels.min() < 0 or pixels.max() >= 2**16:
            raise ValueError("its pixels have more than 16 bits")
        picture = Image.fromarray((pixels >> 8).astype(np.uint8))
    if picture.mode == "F":
        raise ValueError("its pixels are fractions")
    if "transparency" in picture.info:
        picture = picture.convert("RGBA")
    return picture.convert("RGB")
