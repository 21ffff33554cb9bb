"""What `--data` says, as images for training, validation and test."""
# ruff: noqa: PT028 # test_data is no test

from __future__ import annotations

import os
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from archspec.ir.tree import Network
from archspec.language.diagnostics import Problems, fail
from archspec.language.documents import documents
from archspec.language.nodes import Map
from archspec.language.places import Place, Source, option
from archspec.recipe.schema import DataModel, HeldOutModel
from archspec.training.folders import Folder
from archspec.training.held_out import held_out
from archspec.training.images import Images, Unreadable, joined
from archspec.training.libraries import Library, is_known, named
from archspec.training.sources import DataSource, Digits, Part, PlaceOf, Progress

__all__ = ["Images", "Split", "Splits", "Unreadable", "check_suits", "test_data", "training_data"]

Split = Literal["train", "validation", "test", "all"]
_PARTS: tuple[Part, ...] = ("train", "validation", "test")


@dataclass(frozen=True)
class Splits:
    """Images to train on and to validate with; `how` says in words where the latter come from."""

    train: Images
    validation: Images | None
    how: str


def training_data(told: str, settings: DataModel, place_of: PlaceOf, progress: Progress | None = None) -> Splits:
    """The images that `--data` names. Validation is the data's own; else what the recipe holds out of the training images;
    else the data's test images; else there is none. `place_of` gives the places of a recipe's keys; `progress` is told of images
    that must be read for their class. Raises SpecError.
    """
    place = option("--data", told)
    return _splits(_source(told, settings, place, place_of, progress), settings.held_out, place)


def test_data(
    told: str,
    settings: DataModel,
    split: Split = "validation",
    place_of: PlaceOf | None = None,
    progress: Progress | None = None,
) -> Images:
    """One part of the images that `--data` names, as a training divides them, or all of them. Raises SpecError."""
    place = option("--data", told)
    source = _source(told, settings, place, place_of or (lambda *_: place), progress)
    if split == "all":
        return joined([images for part in _PARTS if (images := source.images(part)) is not None])
    if split == "train":
        return _splits(source, settings.held_out, place).train
    images = source.images(split)
    if images is None and split == "validation":
        images = _splits(source, settings.held_out, place).validation
    if images is None:
        there = [part for part in _PARTS if source.images(part) is not None]
        hint = f"there are {' and '.join(there)} images, and `--split all` takes all"
        raise fail("bad-data", f"`{told}` has no {split} images", place, hint=hint)
    return images


test_data.__test__ = False  # type: ignore[attr-defined] # no test of pytest's


def check_suits(images: Images, network: Network, place: Place, *, heads: bool = True) -> None:
    """That a network, and each of its heads where they are used, gives one value for each class. Raises SpecError."""
    wanted = len(images.classes)
    used = network.heads if heads else ()
    given = [("the network", network.output), *((f"the network's head {head.node.path}", head.node.output) for head in used)]
    for what, output in given:
        if output.elements == wanted:
            continue
        form = f"{output.channels:,} values" if output.elements == output.channels else f"a map of {output}"
        hint = f"--set vars.classes={wanted}" if _has_var(network, "classes") else f"its last row must have {wanted} channels"
        raise fail("bad-data", f"the data has {wanted:,} classes, but {what} gives {form}", place, hint=hint)


def _has_var(network: Network, name: str) -> bool:
    """Whether the spec has a var of this name."""
    for node in documents(Source(network.name, network.text), Problems()):
        found = node.get("vars")
        if isinstance(found, Map) and name in found:
            return True
    return False


def _source(told: str, settings: DataModel, place: Place, place_of: PlaceOf, progress: Progress | None) -> DataSource:
    library = named(told)
    if library is not None:
        return Library(*library, settings.arguments, place, place_of, progress)
    if is_known(told) and not os.path.isdir(told):
        message = f"`{told}` is a data set of torchvision, whose files are in a folder"
        raise fail("bad-data", message, place, hint=f"write `{told}:PATH`")
    for key in settings.arguments:
        message = f"`{key[:60]}` is an argument for a data set of torchvision, but `--data` is `{told}`"
        raise fail("bad-argument", message, place_of("data", "arguments", key))
    return Digits() if told == "digits" else Folder(told, place)


def _splits(source: DataSource, held: HeldOutModel | None, place: Place) -> Splits:
    """Training and validation of a data set."""
    train = source.images("train")
    if train is None:
        raise fail("bad-data", f"`{place.source.text}` has no images for training", place)
    own = source.images("validation")
    if own is not None:
        unused = ", so the recipe's `held out` is not used" if held is not None else ""
        return _checked(train, own, f"{source.called('validation')}{unused}", place)
    if held is not None:
        _check_held_out(train, place)
        kept, apart = held_out(train.labels, held.share, held.seed)
        share = Fraction(held.share).limit_denominator(1000)
        return Splits(train.select(kept), train.select(apart), f"a held-out {share} of each class, seed {held.seed}")
    test = source.images("test")
    if test is None:
        return Splits(train, None, "the data has no validation images, and the recipe holds none out")
    return _checked(train, test, f"{source.called('test')}, since the recipe holds none out", place)


def _checked(train: Images, validation: Images, how: str, place: Place) -> Splits:
    if train.classes != validation.classes:
        counts = f"{len(train.classes):,} and {len(validation.classes):,}"
        raise fail("bad-data", f"the classes for training and validation differ: there are {counts}", place)
    return Splits(train, validation, how)


def _check_held_out(train: Images, place: Place) -> None:
    """That no class has a single image, which cannot be both trained on and held out."""
    counts = [0] * len(train.classes)
    for label in train.labels:
        counts[label] += 1
    single = [name for name, count in zip(train.classes, counts, strict=True) if count == 1]
    if single:
        message = f"these classes have a single image, and the recipe holds some of each class out: {', '.join(single)}"
        raise fail("bad-data", message, place, hint="add images, or a folder val/; or --recipe-set data.held_out=none")
