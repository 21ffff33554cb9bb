"""The boxes of the test protocols: against a table computed by hand, and against torchvision's own crops."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as F

from archspec import SpecError
from archspec.recipe.load import Recipe, load
from archspec.training.crops import MAX_PIXELS, Crop, View, boxes, fits, resized, table, view
from archspec.training.cut import cut

PAPER = View("144-crop", 224, 224, (256, 288, 320, 352))

#: by hand, for crops of 224: of each scale the size of the resized image, and where the squares begin along its longer side
#: (0, the middle, the end). 256 * 500 / 375 = 341.33, (341 - 256) / 2 = 42.5, which is rounded to the even 42.
LANDSCAPE_500_375 = {
    256: ((341, 256), (0, 42, 85)),
    288: ((384, 288), (0, 48, 96)),
    320: ((426, 320), (0, 53, 106)),
    352: ((469, 352), (0, 58, 117)),
}
#: the side of a square less 224, and half of it: where its crops begin
WITHIN = {256: (32, 16), 288: (64, 32), 320: (96, 48), 352: (128, 64)}
#: 333 x 500: 256 * 500 / 333 = 384.38, 288: 432.43, 320: 480.48, 352: 528.53
PORTRAIT_333_500 = {
    256: ((256, 384), (0, 64, 128)),
    288: ((288, 432), (0, 72, 144)),
    320: ((320, 480), (0, 80, 160)),
    352: ((352, 528), (0, 88, 176)),
}
SQUARE_300_300 = {side: ((side, side), (0, 0, 0)) for side in WITHIN}


def by_hand(
    width: int, height: int, squares: dict[int, tuple[tuple[int, int], tuple[int, int, int]]]
) -> Iterator[tuple[int, ...]]:
    """(scale, left, top, right, bottom, mirrored) of the 144 crops, from the numbers above."""
    for side, (_, starts) in squares.items():
        end, half = WITHIN[side]
        for start in starts:
            x, y = (0, start) if height > width else (start, 0)
            for mirrored in (0, 1):
                for dx, dy in ((0, 0), (end, 0), (0, end), (end, end), (half, half)):
                    yield side, x + dx, y + dy, x + dx + 224, y + dy + 224, mirrored
                yield side, x, y, x + side, y + side, mirrored


@pytest.mark.parametrize(
    ("width", "height", "squares"), [(500, 375, LANDSCAPE_500_375), (333, 500, PORTRAIT_333_500), (300, 300, SQUARE_300_300)]
)
def test_144_crops_are_those_of_the_table(
    width: int, height: int, squares: dict[int, tuple[tuple[int, int], tuple[int, int, int]]]
) -> None:
    found = boxes(width, height, PAPER)
    assert len(found) == len(PAPER) == 144
    assert [(crop.side, *crop.box, int(crop.mirrored)) for crop in found] == [*by_hand(width, height, squares)]
    assert {side: resized(width, height, side) for side in squares} == {side: size for side, (size, _) in squares.items()}


def test_the_first_crops_of_a_landscape_are_these() -> None:
    """The same written out, with the names: the first square and the end of the second."""
    found = [(*crop.box, crop.mirrored, f"{crop.square}: {crop.part}") for crop in boxes(500, 375, PAPER)]
    assert found[:7] == [
        (0, 0, 224, 224, False, "left: top left"),
        (32, 0, 256, 224, False, "left: top right"),
        (0, 32, 224, 256, False, "left: bottom left"),
        (32, 32, 256, 256, False, "left: bottom right"),
        (16, 16, 240, 240, False, "left: center"),
        (0, 0, 256, 256, False, "left: whole"),
        (0, 0, 224, 224, True, "left: top left"),
    ]
    assert found[22:25] == [
        (58, 16, 282, 240, True, "center: center"),
        (42, 0, 298, 256, True, "center: whole"),
        (85, 0, 309, 224, False, "right: top left"),
    ]
    assert [crop.square for crop in boxes(333, 500, PAPER)[::12]] == ["top", "center", "bottom"] * 4


def recipe(folder: Path, test: str) -> Recipe:
    (folder / "r.yaml").write_text(f"name: r\nepochs: 1\nbatch: 1\noptimizer: SGD\ntransforms: {{}}\ntest: {test}\n")
    return load(str(folder / "r.yaml"))


@pytest.mark.parametrize(
    ("test", "size", "expected"),
    [
        ("{}", (224, 224), View("center", 224, 224, (256,))),
        ("{protocol: 10-crop, resize: 232}", (224, 224), View("10-crop", 224, 224, (232,))),
        ("{protocol: 10-crop}", (32, 48), View("10-crop", 32, 48, (55,))),  # 48 * 256 / 224 = 54.86
        ("{resize: 28}", (32, 32), View("center", 32, 32, (28,))),
        ("{protocol: 144-crop}", (224, 224), PAPER),
        ("{protocol: 144-crop}", (32, 32), View("144-crop", 32, 32, (37, 41, 46, 50))),  # 36.57, 41.14, 45.71, 50.29
        ("{protocol: 144-crop, scales: [32, 33, 34, 35]}", (32, 32), View("144-crop", 32, 32, (32, 33, 34, 35))),
    ],
)
def test_a_recipe_says_how_to_look(tmp_path: Path, test: str, size: tuple[int, int], expected: View) -> None:
    assert view(recipe(tmp_path, test), *size) == expected


def test_the_protocol_of_the_command_line_comes_first(tmp_path: Path) -> None:
    assert view(recipe(tmp_path, "{protocol: 144-crop}"), 8, 8, "10-crop") == View("10-crop", 8, 8, (9,))


@pytest.mark.parametrize(
    ("test", "size", "code", "at", "message"),
    [
        (
            "{protocol: 144-crop}",
            (32, 48),
            "unsupported",
            "6:18",
            "144-crop takes squares, and the network reads 32 x 48 pixels (height x width)",
        ),
        ("{protocol: 144-crop, scales: [40, 50]}", (32, 32), "bad-value", "6:36", "144-crop takes 4 scales, found 2"),
        (
            "{protocol: 144-crop, scales: [31, 40, 50, 60]}",
            (32, 32),
            "bad-value",
            "6:36",
            "144-crop takes crops of 32 x 32 pixels: a shorter side of 31 has no room for them",
        ),
        (
            "{protocol: 10-crop, resize: 40}",
            (32, 48),
            "bad-value",
            "6:35",
            "10-crop takes crops of 32 x 48 pixels: a shorter side of 40 has no room for them",
        ),
        ("{resize: 99999}", (32, 32), "bad-value", "6:16", "the shorter side of a resized image is at most 8,192, found 99,999"),
    ],
)
def test_what_a_test_cannot_look_at(tmp_path: Path, test: str, size: tuple[int, int], code: str, at: str, message: str) -> None:
    with pytest.raises(SpecError) as error:
        view(recipe(tmp_path, test), *size)
    (found,) = error.value.diagnostics
    assert (found.code, f"{found.place.line}:{found.place.column}", found.message) == (code, at, message)


def test_an_unknown_protocol_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=re.escape("--protocol is one of center, 10-crop, 144-crop, found `12-crop`")):
        view(recipe(tmp_path, "{}"), 8, 8, "12-crop")


#: width, height of images; height, width of crops; the shorter side
SIZES = [
    (500, 375, 224, 224, 256),
    (333, 500, 224, 224, 256),
    (57, 43, 32, 32, 37),
    (43, 57, 31, 24, 33),
    (40, 40, 32, 40, 41),
    (8, 8, 32, 32, 32),
]


def picture(width: int, height: int, channels: int = 3) -> torch.Tensor:
    return torch.randint(0, 256, (channels, height, width), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("width", "height", "h", "w", "side"), SIZES)
def test_the_center_crop_is_torchvisions(width: int, height: int, h: int, w: int, side: int) -> None:
    image = picture(width, height)
    expected = v2.Compose([v2.Resize(side), v2.CenterCrop((h, w))])(image)
    found = cut(image, View("center", h, w, (side,)))
    assert found.dtype == torch.uint8
    assert torch.equal(found, expected[None])


@pytest.mark.parametrize(("side", "h", "w"), [(28, 32, 32), (25, 32, 24), (25, 21, 40), (26, 33, 27)])
def test_a_center_crop_larger_than_the_image_has_torchvisions_border(side: int, h: int, w: int) -> None:
    image = picture(40, 30)
    expected = v2.Compose([v2.Resize(side), v2.CenterCrop((h, w))])(image)
    assert torch.equal(cut(image, View("center", h, w, (side,))), expected[None])


@pytest.mark.parametrize(("width", "height", "h", "w", "side"), SIZES)
def test_ten_crops_are_torchvisions_in_its_order(width: int, height: int, h: int, w: int, side: int) -> None:
    image = picture(width, height)
    expected = torch.stack(v2.Compose([v2.Resize(side), v2.TenCrop((h, w))])(image))
    assert torch.equal(cut(image, View("10-crop", h, w, (side,))), expected)


def test_144_crops_are_cut_as_plain_torchvision_calls_cut_them() -> None:
    """Every crop made by itself: resize, crop, resize, flip."""
    image, look = picture(57, 43), View("144-crop", 32, 32, (37, 41, 46, 50))
    expected = []
    for crop in boxes(57, 43, look):
        scaled = v2.Resize(crop.side)(image)
        piece = v2.Resize((32, 32))(scaled[:, crop.top : crop.top + crop.height, crop.left : crop.left + crop.width])
        expected.append(piece.flip(-1) if crop.mirrored else piece)
    assert torch.equal(cut(image, look), torch.stack(expected))


def test_each_scale_is_resized_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes, resize = [], F.resize

    def counted(image: torch.Tensor, size: list[int], *rest: Any, **more: Any) -> torch.Tensor:
        if [*image.shape[-2:]] != size:
            sizes.append((tuple(image.shape[-2:]), tuple(size)))
        return resize(image, size, *rest, **more)

    monkeypatch.setattr("archspec.training.cut.F.resize", counted)
    cut(picture(57, 43, 1), View("144-crop", 32, 32, (37, 41, 46, 50)))
    scales = [size for source, size in sizes if source == (43, 57)]
    assert scales == [(37, 49), (41, 54), (46, 60), (50, 66)]
    assert len(sizes) == 4 + 4 * 3  # and of each scale its three whole squares


def test_boxes_lie_in_the_image() -> None:
    for width, height in ((1, 900), (900, 1), (224, 224), (257, 255)):
        for crop in boxes(width, height, PAPER):
            w, h = resized(width, height, crop.side)
            left, top, right, bottom = crop.box
            assert 0 <= left < right <= w
            assert 0 <= top < bottom <= h


def test_a_long_and_narrow_image_does_not_fit() -> None:
    assert fits(4000, 3000, PAPER)
    assert not fits(1, 1000, PAPER)  # 352 x 352,000
    assert MAX_PIXELS < 352 * 352_000


def test_the_table_has_a_line_for_each_box_and_its_mirror_image() -> None:
    head, *lines = table(500, 375, PAPER)
    assert head == ("crop", "mirrored", "resized to", "square", "part", "box", "then")
    assert lines[0] == ("1", "7", "341x256", "left", "top left", "0, 0, 224, 224", "as it is")
    assert lines[11] == ("18", "24", "341x256", "center", "whole", "42, 0, 298, 256", "resized to 224x224")
    numbers = [int(number) for line in lines for number in line[:2]]
    assert len(lines) == 72
    assert sorted(numbers) == [*range(1, 145)]


def test_the_table_of_ten_crops_pairs_each_with_its_mirror_image() -> None:
    lines = [*table(256, 256, View("10-crop", 224, 224, (256,)))][1:]
    assert [line[:2] for line in lines] == [("1", "7"), ("2", "6"), ("3", "9"), ("4", "8"), ("5", "10")]
    assert boxes(256, 256, View("10-crop", 224, 224, (256,)))[5] == Crop(256, 32, 0, 224, 224, True, part="top left")
