"""Decoding: kinds of pictures beside torchvision's own reading, and images that cannot be read."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_sample_images
from torchvision import tv_tensors
from torchvision.datasets.folder import default_loader
from torchvision.io import ImageReadMode, decode_image
from torchvision.transforms.v2.functional import to_dtype, to_image

from archspec.training.data import Images, Unreadable
from archspec.training.images import as_tensor, opened

PHOTO = Image.fromarray(load_sample_images().images[0][:60, :80])


def images(*paths: Path) -> Images:
    return Images(opened, paths, ("a",), [0] * len(paths), [path.name for path in paths])


def saved(path: Path, picture: Image.Image, **options: Any) -> Path:
    picture.save(path, **options)
    return path


@pytest.mark.parametrize(
    ("name", "mode", "options"),
    [
        ("rgb.png", "RGB", {}),
        ("rgb.jpg", "RGB", {}),
        ("grey.png", "L", {}),
        ("grey.jpg", "L", {}),
        ("bits.png", "1", {}),
        ("cmyk.jpg", "CMYK", {}),
        ("alpha.png", "RGBA", {}),
        ("grey-alpha.png", "LA", {}),
        ("palette.png", "P", {}),
        ("turned.jpg", "RGB", {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"}),
    ],
)
def test_every_kind_of_picture_is_rgb_as_torchvision_reads_it(tmp_path: Path, name: str, mode: str, options: Any) -> None:
    path = saved(tmp_path / name, PHOTO.convert(mode), **options)
    (found,) = [images(path)[0]]
    assert isinstance(found, tv_tensors.Image)
    assert (found.dtype, found.shape) == (torch.uint8, (3, 60, 80))
    assert torch.equal(found, to_image(default_loader(path)))


def test_a_transparent_palette_gives_its_colours_without_a_warning(tmp_path: Path) -> None:
    palette = PHOTO.convert("P")
    path = saved(tmp_path / "p.png", palette, transparency=bytes(range(256)))
    assert torch.equal(images(path)[0], to_image(palette.convert("RGB")))


def test_of_16_bits_the_upper_8_are_kept(tmp_path: Path) -> None:
    """PIL cuts them off at 255 instead, which makes a white picture; torchvision's own decoder keeps 16."""
    pixels = np.arange(0, 2**16, 2**16 // 48, np.uint16)[:48].reshape(6, 8)
    path = saved(tmp_path / "deep.png", Image.fromarray(pixels))
    expected = decode_image(str(path), ImageReadMode.RGB)
    assert expected.dtype == torch.uint16
    assert torch.equal(images(path)[0], to_dtype(expected, torch.uint8, scale=True))
    assert torch.equal(images(path)[0][0], torch.from_numpy((pixels >> 8).astype(np.uint8)))


def test_greys_of_a_set_of_greys_stay_greys() -> None:
    for mode, channels in [("L", 1), ("1", 1), ("P", 3), ("RGB", 3), ("RGBA", 3)]:
        assert as_tensor(PHOTO.convert(mode)).shape == (channels, 60, 80)


def noise(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def cut(path: Path) -> Path:
    """A file without its end."""
    saved(path, PHOTO)
    data = path.read_bytes()
    return noise(path, data[:-40])


def pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


UNREADABLE = {
    "cut.jpg": (cut, "image file is truncated"),
    "cut.png": (cut, "image file is truncated"),
    "empty.jpg": (lambda path: noise(path, b""), "this is no image of a known format"),
    "text.png": (lambda path: noise(path, b"no image"), "this is no image of a known format"),
    "gone.jpg": (lambda path: path, "No such file or directory"),
    "folder.jpg": (lambda path: path.mkdir() or path, "this is not a regular file"),
    "pipe.jpg": (pipe, "this is not a regular file"),
    "float.tiff": (lambda path: saved(path, PHOTO.convert("F")), "its pixels are fractions"),
    "deep.tiff": (lambda path: saved(path, Image.new("I", (4, 4), -1)), "its pixels have more than 16 bits"),
}


@pytest.mark.parametrize(("name", "make", "reason"), [(name, *rest) for name, rest in UNREADABLE.items()], ids=UNREADABLE)
def test_unreadable(tmp_path: Path, name: str, make: Any, reason: str) -> None:
    broken = images(saved(tmp_path / "fine.png", PHOTO), make(tmp_path / name))
    assert broken[0].shape == (3, 60, 80)
    with pytest.raises(Unreadable) as caught:
        broken[1]
    assert caught.value.name == name
    assert caught.value.reason.startswith(reason)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.name, again.reason, str(again)) == (name, caught.value.reason, f"{name}: {caught.value.reason}")


@pytest.mark.parametrize("limit", [4_000, 2_000])
def test_a_picture_that_would_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    """PIL warns above its limit, and refuses above twice that."""
    path = saved(tmp_path / "bomb.png", PHOTO)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    with pytest.raises(Unreadable, match=r"bomb.png: Image size \(4800 pixels\) exceeds limit of 4000 pixels"):
        images(path)[0]
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 4800)
    assert images(path)[0].shape == (3, 60, 80)


def test_an_index_past_the_end_is_no_unreadable_image(tmp_path: Path) -> None:
    with pytest.raises(IndexError):
        images(saved(tmp_path / "a.png", PHOTO))[1]
