"""An image to its crops, as uint8: the boxes of archspec.training.crops, cut with torchvision."""

from __future__ import annotations

from itertools import groupby

from torch import Tensor
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as F

from archspec.training.crops import View, boxes, fits, resized


def cut(image: Tensor, view: View) -> Tensor:
    """A uint8 image C x H x W to its K crops, K x C x h x w in order. Each scale is resized once, bilinear with antialiasing.

    Raises ValueError for an image that would be too large then.
    """
    image = image.as_subclass(Tensor)
    height, width = image.shape[-2:]
    if not fits(width, height, view):
        raise ValueError(f"{width} x {height} pixels (width x height) are too long and narrow to be resized")
    crops = boxes(width, height, view)
    result = image.new_empty((len(crops), image.shape[0], view.height, view.width))
    for side, numbered in groupby(enumerate(crops), key=lambda one: one[1].side):
        scaled = _resized(image, *resized(width, height, side))
        pieces: dict[tuple[int, int, int, int], Tensor] = {}
        for number, crop in numbered:
            if crop.box not in pieces:
                piece = F.crop(scaled, crop.top, crop.left, crop.height, crop.width)
                pieces[crop.box] = _resized(piece, view.width, view.height)
            result[number] = F.horizontal_flip(pieces[crop.box]) if crop.mirrored else pieces[crop.box]
    return result


def _resized(image: Tensor, width: int, height: int) -> Tensor:
    result: Tensor = F.resize(image, [height, width], InterpolationMode.BILINEAR, antialias=True)
    return result
