"""Data sets: what `--data` names, beside scikit-learn and torchvision; what is held out; what is said of wrong data."""

from __future__ import annotations

import os
import pickle
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import spec
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.model_selection import StratifiedShuffleSplit
from torchvision import datasets, tv_tensors
from torchvision.transforms.v2.functional import to_image

from archspec.language.diagnostics import SpecError
from archspec.language.places import option
from archspec.recipe.load import load as load_recipe
from archspec.training.data import Images, Splits, check_suits, test_data, training_data
from archspec.training.held_out import held_out

NONE = "data.held_out=none"
FAKE = ("data.arguments.size=60", "data.arguments.image_size=[3, 6, 5]", "data.arguments.num_classes=4")


def data(told: str, *changes: str, **options: Any) -> Splits:
    """Training and validation by the recipe `digits` (which holds a fifth out), changed."""
    recipe = load_recipe("digits", set=changes)
    return training_data(told, recipe.settings.data, recipe.place, **options)


def part(told: str, split: Any, *changes: str) -> Images:
    return test_data(told, load_recipe("digits", set=changes).settings.data, split)


def tree(*files: str) -> None:
    """Small pictures of files, each of another grey; other files are empty."""
    for grey, name in enumerate(files):
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix in (".png", ".jpg"):
            Image.new("RGB", (4, 3), (grey, grey, 255)).save(path)
        elif path.name:
            path.touch()


def wrong(run: Callable[[], Any]) -> list[tuple[str, str, str, str | None]]:
    with pytest.raises(SpecError) as caught:
        run()
    return [(one.code, str(one.place), one.message, one.hint) for one in caught.value.diagnostics]


def counts(images: Images) -> dict[str, int]:
    return dict(Counter(images.classes[label] for label in images.labels))


def test_digits_are_those_of_scikit_learn() -> None:
    found, expected = data("digits", NONE), load_digits()
    assert found.validation is None
    assert found.how == "the data has no validation images, and the recipe holds none out"
    assert found.train.classes == tuple("0123456789")
    assert found.train.labels == expected.target.tolist()
    pixels = torch.stack([found.train[i] for i in range(len(found.train))])
    assert pixels.dtype == torch.uint8
    assert pixels.shape == (1797, 1, 8, 8)
    back = (pixels.squeeze(1).double() * 16 / 255).round()
    assert torch.equal(back, torch.from_numpy(expected.images))
    assert isinstance(found.train[0], tv_tensors.Image)
    assert (pixels.min(), pixels.max(), found.train.names[17]) == (0, 255, "index 17")


def test_an_image_that_was_changed_is_read_anew() -> None:
    train = data("digits").train
    before = train[0].clone()
    train[0].zero_()
    assert torch.equal(train[0], before)


def test_held_out_images_are_a_share_of_each_class_and_never_change() -> None:
    torch.manual_seed(1)
    random.seed(1)
    state = torch.get_rng_state(), random.getstate()
    found = data("digits", "seed=5")
    assert torch.equal(torch.get_rng_state(), state[0])
    assert random.getstate() == state[1]
    assert found.how == "a held-out 1/5 of each class, seed 0"
    assert found.validation is not None
    total = Counter(load_digits().target.tolist())
    assert Counter(found.validation.labels) == {label: round(count / 5) for label, count in total.items()}
    assert len(found.validation) == 359
    names = [f"index {i}" for i in range(1797)]
    assert sorted([*found.train.names, *found.validation.names]) == sorted(names)
    first = [3, 25, 35, 40, 46, 52, 56, 70, 71, 75]
    assert found.validation.names[:10] == [f"index {i}" for i in first]
    assert torch.equal(found.validation[1].squeeze(), torch.from_numpy(load_digits().images[25] * 255 / 16).round().byte())
    other = data("digits", "data.held_out.seed=1").validation
    assert other is not None
    assert other.names[:10] != found.validation.names[:10]


def test_held_out_counts_are_within_one_of_scikit_learns() -> None:
    labels = load_digits().target.tolist()
    for share in (0.1, 1 / 3, 0.5):
        _, held = held_out(labels, share, 0)
        _, theirs = next(StratifiedShuffleSplit(1, test_size=share, random_state=0).split(labels, labels))
        ours, expected = Counter(labels[i] for i in held), Counter(labels[i] for i in theirs)
        assert all(abs(ours[label] - expected[label]) <= 1 for label in range(10))


@pytest.mark.parametrize(
    ("count", "share", "expected"), [(2, 0.01, 1), (2, 0.99, 1), (5, 0.5, 3), (10, 0.14, 1), (10, 0.16, 2), (100, 0.999, 99)]
)
def test_a_share_is_rounded_but_neither_none_nor_all(count: int, share: float, expected: int) -> None:
    kept, held = held_out([7] * count, share, 3)
    assert len(held) == expected
    assert sorted(kept + held) == list(range(count))


def test_a_folder_is_what_image_folder_makes_of_it(folder: Path) -> None:
    tree("pets/dog/b.png", "pets/dog/deep/a.jpg", "pets/cat/c.png", "pets/cat/note.txt", "pets/cat/d.png", "pets/readme.txt")
    found, expected = data("./pets", NONE).train, datasets.ImageFolder("pets")
    assert found.classes == tuple(expected.classes) == ("cat", "dog")
    assert found.labels == expected.targets == [0, 0, 1, 1]
    assert found.names == [path for path, _ in expected.samples]
    for i in range(4):
        assert torch.equal(found[i], to_image(expected[i][0]))
    assert found[0].shape == (3, 3, 4)


TRAIN = ("f/train/a/1.png", "f/train/a/2.png", "f/train/b/1.png", "f/train/b/2.png", "f/train/b/3.png")
HELD = "a held-out 1/5 of each class, seed 0"


@pytest.mark.parametrize(
    ("files", "change", "sizes", "how"),
    [
        (("f/val/a/1.png", "f/val/b/1.png"), NONE, (5, 2), "val/ of the folder"),
        (("f/val/a/1.png", "f/val/b/1.png"), "seed=0", (5, 2), "val/ of the folder, so the recipe's `held out` is not used"),
        (("f/validation/a/1.png", "f/validation/b/1.png"), NONE, (5, 2), "validation/ of the folder"),
        (("f/valid/a/1.png", "f/valid/b/1.png", "f/test/a/1.png"), NONE, (5, 2), "valid/ of the folder"),
        (("f/test/a/1.png", "f/test/b/1.png"), NONE, (5, 2), "test/ of the folder, since the recipe holds none out"),
        (("f/test/a/1.png", "f/test/b/1.png"), "seed=0", (3, 2), HELD),
        (("f/test/no classes.png", "f/other/x/1.txt"), "seed=0", (3, 2), HELD),
    ],
)
def test_where_validation_comes_from(folder: Path, files: tuple[str, ...], change: str, sizes: tuple[int, int], how: str) -> None:
    """The data's own; else what the recipe holds out; else the test images."""
    tree(*TRAIN, *files)
    found = data("f", change)
    assert found.validation is not None
    assert (len(found.train), len(found.validation), found.how) == (*sizes, how)
    assert found.train.classes == found.validation.classes == ("a", "b")


def test_parts_for_a_test(folder: Path) -> None:
    tree(*TRAIN, "f/test/a/9.png", "f/test/b/9.png")
    assert part("f", "test").names == ["f/test/a/9.png", "f/test/b/9.png"]
    assert part("f", "validation", NONE).names == part("f", "test").names
    assert set(part("f", "validation").names) | set(part("f", "train").names) == set(TRAIN)
    whole = part("f", "all")
    assert whole.names == [*TRAIN, *part("f", "test").names]
    assert whole.labels == [0, 0, 1, 1, 1, 0, 1]
    assert torch.equal(whole[6], part("f", "test")[1])
    assert len(part("digits", "all")) == 1797


def test_a_folder_for_a_test_alone_needs_no_train(folder: Path) -> None:
    tree("f/val/a/1.png", "f/val/b/2.png")
    assert part("f", "validation").names == ["f/val/a/1.png", "f/val/b/2.png"]
    assert wrong(lambda: data("f")) == [("bad-data", "--data:1:1", "`f` has no images for training", None)]


def test_classes_may_be_called_train_and_test(folder: Path) -> None:
    tree("f/train/1.png", "f/plane/1.png", "g/test/deep/1.png", "g/a/1.png")
    assert data("f", NONE).train.classes == ("plane", "train")
    assert data("g", NONE).train.classes == ("a", "test")


def test_images_made_by_torchvision() -> None:
    seen: list[tuple[int, int]] = []
    found = data("FakeData:", *FAKE, NONE, progress=lambda *step: seen.append(step)).train
    expected = datasets.FakeData(60, (3, 6, 5), 4)
    assert seen == [(i + 1, 60) for i in range(60)]  # it keeps no classes: each image is made for its own
    assert found.classes == ("0", "1", "2", "3")
    assert found.labels == [expected[i][1] for i in range(60)]
    assert torch.equal(found[9], to_image(expected[9][0]))
    again = pickle.loads(pickle.dumps(found.select([9, 3])))
    assert torch.equal(again[0], found[9])
    assert (again.labels, again.names) == ([found.labels[9], found.labels[3]], ["index 9", "index 3"])


def mnist(root: Path, part: str, labels: list[int]) -> np.ndarray[Any, Any]:
    """Files in the form of MNIST's own (LeCun et al.)."""
    pixels = np.random.default_rng(len(labels)).integers(0, 256, (len(labels), 28, 28), np.uint8)
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    head = np.array([0x803, *pixels.shape], ">i4").tobytes()
    (raw / f"{part}-images-idx3-ubyte").write_bytes(head + pixels.tobytes())
    (raw / f"{part}-labels-idx1-ubyte").write_bytes(np.array([0x801, len(labels)], ">i4").tobytes() + bytes(labels))
    return pixels


def test_a_set_that_asks_whether_it_is_for_training(folder: Path) -> None:
    pixels, other = mnist(folder, "train", [3, 3, 9, 9, 9]), mnist(folder, "t10k", [9, 3])
    found = data("MNIST:.", NONE)
    assert found.validation is not None
    assert found.how == "the test images of MNIST, since the recipe holds none out"
    assert found.train.labels == [3, 3, 9, 9, 9]
    assert found.validation.labels == [9, 3]
    assert found.train.classes == tuple(datasets.MNIST.classes)
    assert torch.equal(found.train[4], torch.from_numpy(pixels[4:]))
    assert torch.equal(found.validation[0], torch.from_numpy(other[:1]))
    held = data("MNIST:.")
    assert held.validation is not None
    assert (held.how, held.validation.labels) == (HELD, [3, 9])
    assert len(part("MNIST:.", "test")) == 2


def test_a_set_with_a_split_by_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Country211 calls validation `valid`; its files are read as a folder's are."""
    monkeypatch.setenv("HOME", str(folder))
    tree(
        *(
            f"data/country211/{split}/{name}/{i}.jpg"
            for split in ("train", "valid", "test")
            for name in ("AD", "ZW")
            for i in "12"
        )
    )
    found = data("Country211:~/data")
    assert found.validation is not None
    assert found.how == "the validation images of Country211, so the recipe's `held out` is not used"
    assert found.train.classes == ("AD", "ZW")
    assert found.validation.names[0] == str(folder / "data/country211/valid/AD/1.jpg")
    assert torch.equal(found.validation[3], to_image(datasets.Country211("data", "valid")[3][0]))
    (folder / "data/country211/train/AD/1.jpg").write_bytes(b"")
    assert data("Country211:~/data").train.labels == [0, 0, 1, 1]


FORM = "a folder of images is FOLDER/train/CLASS/... with FOLDER/val/CLASS/..., or FOLDER/CLASS/... alone"
OTHERS = f"{FORM}; a data set of torchvision is named with its folder, such as CIFAR10:PATH"
KINDS = "each folder is a class, and images end in .jpg, .jpeg, .png, .ppm, .bmp, .pgm, .tif, .tiff, .webp"
FETCH = "archspec downloads nothing, but torchvision does: torchvision.datasets.CIFAR10('f', download=True)"
FREE = "its arguments are size, image_size, num_classes, random_offset"
HERE, THERE = "--data:1:1", "--recipe-set:1:21"  # the value of an argument of four letters

WRONG: dict[str, tuple[tuple[str, ...], str, str, tuple[str, str, str, str | None]]] = {
    "no folder": ((), "nope", NONE, ("bad-data", HERE, "`nope` does not exist", OTHERS)),
    "nothing": ((), "", NONE, ("bad-data", HERE, "`` does not exist", OTHERS)),
    "misspelt": ((), "digit", NONE, ("bad-data", HERE, "`digit` does not exist", "did you mean `digits`?")),
    "long": ((), "x" * 300, NONE, ("bad-data", HERE, f"`{'x' * 300}` does not exist", OTHERS)),
    "file": (("f.txt",), "f.txt", NONE, ("bad-data", HERE, "`f.txt` is not a folder", OTHERS)),
    "no classes": (("f/1.png",), "f", NONE, ("bad-data", HERE, "`f` has no folders of classes", FORM)),
    "empty classes": (
        ("f/a/1.txt", "f/b/2.png", "f/c/deep/3.gif"),
        *("f", NONE, ("bad-data", HERE, "folders of classes in `f` have no images: a, c", KINDS)),
    ),
    "other classes": (
        ("f/train/a/1.png", "f/train/b/1.png", "f/train/c/1.png", "f/val/c/1.png", "f/val/d/1.png"),
        *(
            "f",
            NONE,
            ("bad-data", HERE, "the classes of train/ and val/ in `f` differ: only train/ has a, b; only val/ has d", None),
        ),
    ),
    "single images": (
        ("f/a/1.png", "f/b/1.png", "f/c/1.png", "f/c/2.png"),
        "f",
        "seed=0",
        (
            *("bad-data", HERE, "these classes have a single image, and the recipe holds some of each class out: a, b"),
            "add images, or a folder val/; or --recipe-set data.held_out=none",
        ),
    ),
    "arguments of a folder": (
        ("f/a/1.png",),
        *("f", "data.arguments.size=1"),
        (*("bad-argument", THERE), "`size` is an argument for a data set of torchvision, but `--data` is `f`", None),
    ),
    "unknown set": (
        (),
        "CIFAR11:f",
        NONE,
        ("bad-data", HERE, "torchvision has no data set `CIFAR11`", "did you mean `CIFAR10`?"),
    ),
    "base class": (
        (),
        "DatasetFolder:f",
        NONE,
        ("bad-data", HERE, "torchvision has no data set `DatasetFolder`", "did you mean `ImageFolder`?"),
    ),
    "set without path": (
        (),
        "CIFAR10:",
        NONE,
        ("bad-data", HERE, "CIFAR10 needs the folder of its files", "write `CIFAR10:PATH`"),
    ),
    "set without folder": (
        *((), "CIFAR10:f", NONE),
        ("bad-data", HERE, "there is no folder `f` with the files of CIFAR10", "archspec downloads nothing"),
    ),
    "set without files": (
        *(("f/1.txt",), "CIFAR10:f", NONE),
        (
            *("bad-data", HERE, "CIFAR10 in `f` cannot be used: Dataset not found or corrupted. You can use download=True to"),
            FETCH,
        ),
    ),
    "set without a path": (
        *((), "FakeData", "data.arguments.size=3"),
        ("bad-data", HERE, "`FakeData` is a data set of torchvision, whose files are in a folder", "write `FakeData:PATH`"),
    ),
    "path of nothing": (
        *((), "FakeData:f", NONE),
        ("bad-data", HERE, "FakeData reads no files, found the path `f`", "write `FakeData:`"),
    ),
    "unknown argument": (
        *((), "FakeData:", "data.arguments.sise=3"),
        ("bad-argument", THERE, "`sise` is not an argument of FakeData", "did you mean `size`?"),
    ),
    "argument unlike any": (
        *((), "FakeData:", "data.arguments.xyz=3"),
        ("bad-argument", "--recipe-set:1:20", "`xyz` is not an argument of FakeData", FREE),
    ),
    "argument of archspec": (
        *(("f/1.txt",), "SBU:f", "data.arguments.download=true"),
        ("bad-argument", "--recipe-set:1:25", "`download` of SBU is not a recipe's to give: archspec gives it", None),
    ),
    "split": (
        *(("f/1.txt",), "CIFAR10:f", "data.arguments.train=true"),
        ("bad-argument", "--recipe-set:1:22", "`train` of CIFAR10 is not a recipe's to give: archspec gives it", None),
    ),
    "missing argument": (
        *(("f/1.txt",), "EMNIST:f", NONE),
        ("bad-argument", HERE, "`split` of EMNIST is missing", "for example --recipe-set data.arguments.split=..."),
    ),
    "unknown word": (
        *(("f/1.txt",), "EMNIST:f", "data.arguments.split=x"),
        ("bad-argument", "--recipe-set:1:22", "EMNIST: Unknown value 'x' for argument split. Valid values are {", None),
    ),
    "value of another kind": (
        *((), "FakeData:", "data.arguments.size=many"),
        ("bad-data", HERE, "FakeData cannot be used: 'str' object cannot be interpreted as an integer", None),
    ),
    "no images": (
        (),
        "FakeData:",
        "data.arguments.size=0",
        ("bad-data", HERE, "FakeData cannot be used: it has no images", None),
    ),
    "boxes": (
        ("f/Kitti/raw/training/image_2/1.png", "f/Kitti/raw/training/label_2/1.txt"),
        *("Kitti:f", NONE),
        ("bad-data", HERE, "Kitti in `f` cannot be used: with an image comes a list, not the number of its class", None),
    ),
}


@pytest.mark.parametrize(("files", "told", "change", "expected"), WRONG.values(), ids=WRONG)
def test_wrong_data(
    folder: Path, files: tuple[str, ...], told: str, change: str, expected: tuple[str, str, str, str | None]
) -> None:
    """What is said, up to the end of torchvision's own words; the folder stays as it was."""
    tree(*files)
    before = sorted(folder.rglob("*"))
    ((code, place, message, hint),) = wrong(lambda: data(told, change))
    assert (code, place, message[: len(expected[2])], hint) == expected
    assert sorted(folder.rglob("*")) == before


def test_a_folder_that_leads_into_itself(folder: Path) -> None:
    tree("f/a/deep/1.png")
    (folder / "f/a/deep/up").symlink_to(folder / "f/a")
    message = "`f/a/deep/up` is a link to a folder that it stands in"
    assert wrong(lambda: data("f", NONE)) == [("bad-data", HERE, message, "take the link away")]
    (folder / "f/a/deep/up").unlink()
    tree("elsewhere/2.png")
    (folder / "f/b").symlink_to(folder / "elsewhere")  # any other link is followed
    assert counts(data("f", NONE).train) == {"a": 1, "b": 1}


def test_a_folder_that_may_not_be_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulated, since an administrator may read all."""
    tree("f/a/1.png", "f/b/1.png")
    scan = os.scandir

    def denied(path: Any) -> Any:
        if Path(path).name == "b":
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", denied)
    assert wrong(lambda: data("f", NONE)) == [("bad-data", HERE, "`f/b` cannot be read: Permission denied", None)]


def test_a_part_that_is_not_there(folder: Path) -> None:
    hint = "there are train images, and `--split all` takes all"
    assert wrong(lambda: part("digits", "test")) == [("bad-data", HERE, "`digits` has no test images", hint)]
    assert wrong(lambda: part("digits", "validation", NONE)) == [("bad-data", HERE, "`digits` has no validation images", hint)]


def test_a_network_has_an_output_for_each_class(load: Callable[..., Any]) -> None:
    digits, place = data("digits").train, option("--data", "digits")
    rows = ("{id: pool, type: global avg pool}", "{id: fc, type: linear, filters: =classes}")
    heads = "heads:\n  aux: {from: pool, type: linear, filters: 3}\n"
    check_suits(digits, load(spec(*rows, top="vars: {classes: 10}\n")), place)
    found = wrong(lambda: check_suits(digits, load(spec(*rows, top="vars: {classes: 1000}\n")), place))
    message = "the data has 10 classes, but the network gives 1,000 values"
    assert found == [("bad-data", HERE, message, "--set vars.classes=10")]
    found = wrong(lambda: check_suits(digits, load(spec(*rows, top="vars: {classes: 10}\n", end=heads)), place))
    assert found[0][2] == "the data has 10 classes, but the network's head aux gives 3 values"
    check_suits(digits, load(spec(*rows, top="vars: {classes: 10}\n", end=heads)), place, heads=False)
    found = wrong(lambda: check_suits(digits, load(spec("{id: c, type: conv, patch: 3x3, filters: 10}")), place))
    message = "the data has 10 classes, but the network gives a map of 8x8x10"
    assert found == [("bad-data", HERE, message, "its last row must have 10 channels")]
