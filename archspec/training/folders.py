"""A folder of images with a folder for each class, as torchvision's ImageFolder reads it, alone or below train/, val/, test/."""

from __future__ import annotations

import os
from pathlib import Path

from torchvision.datasets import ImageFolder
from torchvision.datasets.folder import IMG_EXTENSIONS

from archspec.language.diagnostics import SpecError, did_you_mean, fail
from archspec.language.names import nearest
from archspec.language.places import Place
from archspec.training.images import Images, opened
from archspec.training.sources import WORDS, Part

_FORM = "a folder of images is FOLDER/train/CLASS/... with FOLDER/val/CLASS/..., or FOLDER/CLASS/... alone"
_OTHERS = "a data set of torchvision is named with its folder, such as CIFAR10:PATH"


class Folder:
    """A folder on disk. Raises SpecError if there is none; each part is looked at when it is asked for."""

    def __init__(self, told: str, place: Place) -> None:
        self.place = place
        path = os.path.expanduser(told)
        self.root = Path(path)
        if not os.path.isdir(path):  # unlike Path.is_dir, it takes any text
            found = "is not a folder" if os.path.exists(path) else "does not exist"
            hint = did_you_mean(nearest(told, ["digits"])) or f"{_FORM}; {_OTHERS}"
            raise fail("bad-data", f"`{told}` {found}", place, hint=hint)
        self.parts = self._parts()

    def images(self, part: Part) -> Images | None:
        folder = self.parts.get(part)
        if folder is None:
            return None
        self._check_walk(folder)
        found = ImageFolder(folder, allow_empty=True)
        self._check_classes(part, found)
        paths, labels = [path for path, _ in found.samples], list(found.targets)
        return Images(opened, paths, tuple(found.classes), labels, paths)

    def called(self, part: Part) -> str:
        folder = self.parts[part]
        return "the folder" if folder == self.root else f"{folder.name}/ of the folder"

    def _parts(self) -> dict[Part, Path]:
        """The folder of each part. One that is called train is a part if it has folders, else it is a class."""
        parts: dict[Part, Path] = {}
        for part, words in WORDS.items():
            there = [path for word in words if (path := self.root / word).is_dir() and self._folders(path)]
            if there:
                parts[part] = there[0]
        if parts and "train" not in parts and set(self._folders(self.root)) - {path.name for path in parts.values()}:
            parts = {}  # folders of classes, of which one happens to be called test
        if not parts and not self._folders(self.root):
            raise fail("bad-data", f"`{self.root}` has no folders of classes", self.place, hint=_FORM)
        return parts or {"train": self.root}

    def _folders(self, folder: Path) -> list[str]:
        try:
            with os.scandir(folder) as entries:
                return sorted(entry.name for entry in entries if entry.is_dir())
        except OSError as error:
            raise self._cannot_read(error, folder) from None

    def _check_walk(self, top: Path) -> None:
        """What os.walk, and so ImageFolder, passes over or never ends in: folders that may not be read, and links in a circle."""
        pending: list[tuple[str, frozenset[tuple[int, int]]]] = [(str(top), frozenset())]
        while pending:
            folder, above = pending.pop()
            try:
                status = os.stat(folder)
                with os.scandir(folder) as entries:
                    inner = [entry.path for entry in entries if entry.is_dir()]
            except OSError as error:
                raise self._cannot_read(error, folder) from None
            here = (status.st_dev, status.st_ino)
            if here in above:
                raise fail(
                    "bad-data", f"`{folder}` is a link to a folder that it stands in", self.place, hint="take the link away"
                )
            pending += [(path, above | {here}) for path in inner]

    def _check_classes(self, part: Part, found: ImageFolder) -> None:
        """That no class is empty, and that they are those of train/."""
        empty = sorted({*range(len(found.classes))}.difference(found.targets))
        if empty:
            names = ", ".join(found.classes[number] for number in empty)
            message = f"folders of classes in `{found.root}` have no images: {names}"
            hint = f"each folder is a class, and images end in {', '.join(IMG_EXTENSIONS)}"
            raise fail("bad-data", message, self.place, hint=hint)
        if part == "train" or "train" not in self.parts:
            return
        first, second = self.parts["train"], self.parts[part]
        known, here = set(self._folders(first)), set(found.classes)
        if known != here:
            only = [
                f"only {folder.name}/ has {', '.join(sorted(names))}"
                for folder, names in ((first, known - here), (second, here - known))
                if names
            ]
            message = f"the classes of {first.name}/ and {second.name}/ in `{self.root}` differ: {'; '.join(only)}"
            raise fail("bad-data", message, self.place)

    def _cannot_read(self, error: OSError, folder: str | Path) -> SpecError:
        return fail("bad-data", f"`{error.filename or folder}` cannot be read: {error.strerror or error}", self.place)
