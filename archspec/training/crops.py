"""Which boxes of an image a test looks at, in whole pixels: center, 10-crop and 144-crop. Nothing is computed on images here.

An image is first resized so that its shorter side is one of `View.sides`; sizes and centres are rounded as torchvision does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from archspec.language.choices import one_of
from archspec.language.diagnostics import fail
from archspec.language.places import option
from archspec.recipe.load import Recipe
from archspec.recipe.schema import Protocol

#: the shorter sides for an input of 224: `test.resize`, and the four scales of GoogLeNet (section 7 of its paper)
_BASE, _RESIZE, _SCALES = 224, 256, (256, 288, 320, 352)
#: pixels that a resized image may have: a long and narrow one would grow without bounds
MAX_PIXELS = 1 << 26


@dataclass(frozen=True)
class Crop:
    """A box of the image whose shorter side is `side`: its left upper corner, width and height in pixels; what lies outside
    of the image is black. It is resized to the network's input if it has another size, and then mirrored if `mirrored`.
    `square` and `part` say in words which one it is.
    """

    side: int
    left: int
    top: int
    width: int
    height: int
    mirrored: bool = False
    square: str = ""
    part: str = "center"

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom."""
        return self.left, self.top, self.left + self.width, self.top + self.height


@dataclass(frozen=True)
class View:
    """How a test looks at an image: a protocol, the height and width of a crop, and the shorter sides of the resized images."""

    protocol: Protocol
    height: int
    width: int
    sides: tuple[int, ...]

    def __len__(self) -> int:
        """The number of crops of an image."""
        return len(boxes(self.sides[0], self.sides[0], self))


def view(recipe: Recipe, height: int, width: int, protocol: str | None = None) -> View:
    """The view of a recipe (or of `--protocol`) for a network's input. Raises SpecError for what it cannot be."""
    test = recipe.settings.test
    chosen = cast(Protocol, one_of("--protocol", protocol or test.protocol, PROTOCOLS))
    longer = max(height, width)
    if chosen == "144-crop":
        key, sides = "scales", test.scales or tuple(_scaled(scale, longer) for scale in _SCALES)
        if height != width:
            message = f"144-crop takes squares, and the network reads {height} x {width} pixels (height x width)"
            place = option("--protocol", protocol) if protocol else recipe.place("test", "protocol")
            raise fail("unsupported", message, place, hint="take 10-crop or center")
        if len(sides) != len(_SCALES):
            message = f"144-crop takes 4 scales, found {len(sides)}"
            raise fail("bad-value", message, recipe.place("test", key))
    else:
        key, sides = "resize", (test.resize or _scaled(_RESIZE, longer),)
    for side in sides:
        if side < longer and chosen != "center":  # a center crop may have a black border, as torchvision's
            message = f"{chosen} takes crops of {height} x {width} pixels: a shorter side of {side} has no room for them"
            raise fail("bad-value", message, recipe.place("test", key), hint=f"at least {longer}")
        if side * side > MAX_PIXELS:
            message = f"the shorter side of a resized image is at most {int(MAX_PIXELS**0.5):,}, found {side:,}"
            raise fail("bad-value", message, recipe.place("test", key))
    return View(chosen, height, width, sides)


def _scaled(side: int, size: int) -> int:
    """A side for an input of 224 in proportion to another input."""
    return round(side * size / _BASE)


def boxes(width: int, height: int, view: View) -> tuple[Crop, ...]:
    """The crops of an image of this width and height, in order.

    144-crop: the scales from small to large as they are given; of each the left, centre and right square (top, centre and
    bottom of a portrait); of each square the four corners, the centre and the square itself, then the mirror images of these
    six. 10-crop: torchvision's TenCrop.
    """
    return tuple(crop for side in view.sides for crop in PROTOCOLS[view.protocol](*resized(width, height, side), view))


def resized(width: int, height: int, side: int) -> tuple[int, int]:
    """Width and height of an image whose shorter side is made `side`: the longer one is rounded down, as torchvision does."""
    return (side, side * height // width) if width <= height else (side * width // height, side)


def fits(width: int, height: int, view: View) -> bool:
    """Whether the resized images are of a size that a machine can hold."""
    return all(w * h <= MAX_PIXELS for w, h in (resized(width, height, side) for side in view.sides))


def _center(width: int, height: int, view: View) -> Iterator[Crop]:
    yield Crop(min(width, height), _middle(width, view.width), _middle(height, view.height), view.width, view.height)


def _ten(width: int, height: int, view: View) -> Iterator[Crop]:
    """The mirror images are crops of the mirrored image, as in TenCrop: its left upper one is the right upper one, mirrored."""
    for mirrored in (False, True):
        for part, left, top in _five(width, height, view):
            left = width - view.width - left if mirrored else left
            yield Crop(min(width, height), left, top, view.width, view.height, mirrored, part=part)


def _hundred_forty_four(width: int, height: int, view: View) -> Iterator[Crop]:
    side, portrait = min(width, height), height > width
    ends = ("top", "bottom") if portrait else ("left", "right")
    room = max(width, height)
    for square, along in ((ends[0], 0), ("center", _middle(room, side)), (ends[1], room - side)):
        left, top = (0, along) if portrait else (along, 0)
        for mirrored in (False, True):
            for part, x, y in _five(side, side, view):
                yield Crop(side, left + x, top + y, view.width, view.height, mirrored, square, part)
            yield Crop(side, left, top, side, side, mirrored, square, "whole")


def _five(width: int, height: int, view: View) -> Iterator[tuple[str, int, int]]:
    """The four corners and the centre: name, left, top."""
    right, bottom = width - view.width, height - view.height
    yield "top left", 0, 0
    yield "top right", right, 0
    yield "bottom left", 0, bottom
    yield "bottom right", right, bottom
    yield "center", _middle(width, view.width), _middle(height, view.height)


def _middle(outer: int, inner: int) -> int:
    """Where something of size `inner` begins in the middle of `outer`: halves go to the even number, as in torchvision."""
    return round((outer - inner) / 2) if outer >= inner else -((inner - outer) // 2)


#: the crops of a resized image, by protocol
PROTOCOLS: Mapping[Protocol, Callable[[int, int, View], Iterator[Crop]]] = {
    "center": _center,
    "10-crop": _ten,
    "144-crop": _hundred_forty_four,
}


def table(width: int, height: int, view: View) -> Iterator[tuple[str, ...]]:
    """The crops of an image of this size as a table: its headers, then a line for each box (left, top, right, bottom) of the
    resized image, with the numbers (from 1) of the crop and of its mirror image.
    """
    yield "crop", "mirrored", "resized to", "square", "part", "box", "then"
    found: dict[Crop, list[str]] = {}
    for number, crop in enumerate(boxes(width, height, view), 1):
        plain = Crop(crop.side, crop.left, crop.top, crop.width, crop.height, False, crop.square, "")
        found.setdefault(plain, ["", "", crop.part])[crop.mirrored] = str(number)
    for crop, (upright, mirrored, part) in found.items():
        size = "x".join(map(str, resized(width, height, crop.side)))
        same = (crop.width, crop.height) == (view.width, view.height)
        then = "as it is" if same else f"resized to {view.width}x{view.height}"
        yield upright, mirrored, size, crop.square, part, ", ".join(map(str, crop.box)), then
