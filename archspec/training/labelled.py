"""The class of each image of a torchvision data set: as the set keeps it, so that no image is decoded, or else one by one."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from archspec.training.images import Images, Unreadable, decoding
from archspec.training.sources import Progress

#: attributes that keep the number of each image's class; pairs of its path and that; paths
_LABELS = ("targets", "labels", "_labels")
_PAIRS = ("samples", "_samples")
_FILES = ("_image_files", "_images")
#: images that are tried for one that can be read
_TRIED = 10


def labelled(found: Any, progress: Progress | None) -> Images:
    """The images of a data set whose items are an image and the number of its class. Raises ValueError with the reason if they
    are not; and whatever the set raises.
    """
    if not len(found):
        raise ValueError("it has no images")
    labels = _labels(found, progress)
    if min(labels) < 0:
        raise ValueError(f"an image has the class {min(labels)}")
    return Images(_Pictures(found), range(len(found)), _classes(found, max(labels) + 1), labels, _names(found))


class _Pictures:
    """The picture of an item, by its number."""

    def __init__(self, found: Any) -> None:
        self.found = found

    def __call__(self, number: int) -> Any:
        return self.found[number][0]


def _labels(found: Any, progress: Progress | None) -> list[int]:
    """What is kept counts only if it agrees with an item: a set may change the numbers on the way."""
    at, first = _readable(found)
    label = _label(first)
    for numbers in _kept(found):
        if len(numbers) == len(found) and numbers[at] == label:
            return numbers
    return list(_one_by_one(found, progress))


def _readable(found: Any) -> tuple[int, Any]:
    """An item whose image can be read, among the first ones, and its number."""
    errors = []
    for number in range(min(_TRIED, len(found))):
        try:
            return number, _item(found, number)
        except Unreadable as error:
            errors.append(error)
    raise errors[0]


def _item(found: Any, number: int) -> Any:
    with decoding(f"index {number}"):
        item = found[number]
        if isinstance(item, tuple) and item and isinstance(item[0], Image.Image):
            item[0].load()  # which closes its file
        return item


def _label(item: Any) -> int:
    if not isinstance(item, tuple) or len(item) != 2 or not _is_picture(item[0]):
        raise ValueError("its items are not an image and a class")
    try:
        return operator.index(item[1])
    except TypeError:
        raise ValueError(f"with an image comes a {type(item[1]).__name__}, not the number of its class") from None


def _is_picture(one: Any) -> bool:
    return isinstance(one, Image.Image) or (isinstance(one, torch.Tensor) and one.dtype == torch.uint8 and one.ndim == 3)


def _kept(found: Any) -> Iterator[list[int]]:
    """Columns of whole numbers that may be those of the classes."""
    for column in (*(getattr(found, name, None) for name in _LABELS), [label for _, label in _pairs(found)]):
        try:
            numbers = np.asarray(column)
        except ValueError:  # lists of several lengths
            continue
        if numbers.ndim == 1 and numbers.dtype.kind in "iu":
            yield numbers.tolist()


def _pairs(found: Any) -> list[tuple[Any, Any]]:
    """An image and a class for each item, if the set keeps them so."""
    for name in _PAIRS:
        pairs = getattr(found, name, None)
        if isinstance(pairs, list) and all(isinstance(one, tuple) and len(one) == 2 for one in pairs):
            return pairs
    return []


def _one_by_one(found: Any, progress: Progress | None) -> Iterator[int]:
    total = len(found)
    for number in range(total):
        yield _label(_item(found, number))
        if progress is not None:
            progress(number + 1, total)


def _classes(found: Any, least: int) -> tuple[str, ...]:
    """Names of the classes if the set has them, at least so many; numbers if not."""
    names = getattr(found, "classes", None)
    numbers = getattr(found, "class_to_idx", None)
    if not isinstance(names, list | tuple) and isinstance(numbers, Mapping):
        names = sorted(numbers, key=lambda name: numbers[name])
    if isinstance(names, list | tuple) and len(names) >= least:
        return tuple(one if isinstance(one, str) else ", ".join(map(str, one)) for one in names)
    count = getattr(found, "num_classes", 0)
    return tuple(map(str, range(max(least, count if isinstance(count, Integral) else 0))))


def _names(found: Any) -> list[str]:
    """A path for each image if the set keeps them, or its number."""
    for paths in (*(getattr(found, name, None) for name in _FILES), [image for image, _ in _pairs(found)]):
        if isinstance(paths, list) and len(paths) == len(found) and all(isinstance(one, str | Path) for one in paths):
            return [str(one) for one in paths]
    return [f"index {number}" for number in range(len(found))]
