"""Data sets of torchvision by the name of their class, from files that are there: archspec downloads nothing."""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

from torchvision import datasets
from torchvision.datasets.folder import default_loader

from archspec.language.diagnostics import Problems, SpecError, did_you_mean, fail
from archspec.language.names import nearest
from archspec.language.places import Place
from archspec.training.images import Images, opened
from archspec.training.labelled import labelled
from archspec.training.made import one_line
from archspec.training.sources import WORDS, Part, PlaceOf, Progress

_TOLD = re.compile(r"([A-Za-z]\w*):(.*)", re.DOTALL)
#: parameters that are never a recipe's
_OURS = ("root", "download", "transform", "target_transform", "transforms", "loader", "is_valid_file")
#: base classes, and one that unpickles a file of the folder in which it runs
_LEFT_OUT = ("VisionDataset", "DatasetFolder", "LSUN", "LSUNClass")
#: of a set without parts
_ALONE: Mapping[Part, Sequence[Any]] = {"train": (None,), "validation": (), "test": ()}
#: of a set that asks whether it is for training
_TRAIN: Mapping[Part, Sequence[Any]] = {"train": (True,), "validation": (), "test": (False,)}
#: what torchvision says of a word that an argument does not take
_UNKNOWN = re.compile(r"Unknown value '.*' for argument (\w+)\.", re.DOTALL)


def named(told: str) -> tuple[str, str] | None:
    """The name and the path of `CIFAR10:/data`; None for anything else."""
    match = _TOLD.fullmatch(told)
    return (match[1], match[2]) if match else None


class Library:
    """A data set of torchvision, in its parts if its class has a parameter `train` or `split`. Raises SpecError if there is no
    such set, if it does not take the recipe's arguments (whose places `place_of` gives), or if its files are not there.
    """

    def __init__(
        self,
        name: str,
        path: str,
        arguments: Mapping[str, Any],
        place: Place,
        place_of: PlaceOf,
        progress: Progress | None = None,
    ) -> None:
        self.name, self.root = name, os.path.expanduser(path)
        self.place, self.place_of, self.progress = place, place_of, progress
        self.found = _found(name, place)
        self.parameters = _parameters(self.found)
        self.split, self.values = _split(self.parameters)
        self._check_root()
        self._check_arguments(arguments)
        self.arguments = {**arguments, **self._given()}

    def images(self, part: Part) -> Images | None:
        for value in self.values[part]:
            made = self._made(value)
            if made is not None:
                try:
                    return labelled(made, self.progress)
                except Exception as error:
                    raise self._refused(error) from error
        return None

    def called(self, part: Part) -> str:
        return f"the {part} images of {self.name}"

    def _made(self, value: Any) -> Any:
        """The data set of one part; None if the part's word is not known to it."""
        try:
            return self.found(**self.arguments, **({self.split: value} if self.split else {}))
        except Exception as error:
            word = _UNKNOWN.match(str(error))
            if word and word[1] == self.split:
                return None
            if word and word[1] in self.arguments:
                place = self.place_of("data", "arguments", word[1])
                raise fail("bad-argument", f"{self.name}: {one_line(error)}", place) from error
            raise self._refused(error) from error

    def _refused(self, error: Exception) -> SpecError:
        """What torchvision raises while it makes a set, as the user's error."""
        where = f" in `{self.root}`" if self.root else ""
        hint = None
        if isinstance(error, RuntimeError | OSError):
            hint = "archspec downloads nothing"
            if "download" in self.parameters:
                hint += f", but torchvision does: torchvision.datasets.{self.name}({self.root!r}, download=True)"
        return fail("bad-data", f"{self.name}{where} cannot be used: {one_line(error)}", self.place, hint=hint)

    def _check_root(self) -> None:
        """The folder is looked for before the set is made: some sets would make it."""
        if "root" not in self.parameters:
            if self.root:
                message = f"{self.name} reads no files, found the path `{self.root}`"
                raise fail("bad-data", message, self.place, hint=f"write `{self.name}:`")
        elif not self.root:
            raise fail("bad-data", f"{self.name} needs the folder of its files", self.place, hint=f"write `{self.name}:PATH`")
        elif not os.path.isdir(self.root):
            message = f"there is no folder `{self.root}` with the files of {self.name}"
            raise fail("bad-data", message, self.place, hint="archspec downloads nothing")

    def _check_arguments(self, arguments: Mapping[str, Any]) -> None:
        problems = Problems()
        free = [key for key in self.parameters if key not in (*_OURS, self.split) and not key.startswith("_")]
        for key in arguments:
            if key in free:
                continue
            message, hint = f"`{key[:60]}` is not an argument of {self.name}", did_you_mean(nearest(key, free))
            if key in self.parameters:
                message, hint = f"`{key}` of {self.name} is not a recipe's to give: archspec gives it", None
            elif not hint:
                hint = f"its arguments are {', '.join(free)}" if free else "it has none"
            problems.add("bad-argument", message, self.place_of("data", "arguments", key), hint=hint)
        for key in free:
            if self.parameters[key].default is inspect.Parameter.empty and key not in arguments:
                message, hint = f"`{key}` of {self.name} is missing", f"for example --recipe-set data.arguments.{key}=..."
                problems.add("bad-argument", message, self.place, hint=hint)
        problems.check()

    def _given(self) -> dict[str, Any]:
        """What archspec gives: the folder, no download, and how a file is read where torchvision would read it as RGB."""
        given: dict[str, Any] = {"root": self.root, "download": False}
        if "loader" in self.parameters and self.parameters["loader"].default is default_loader:
            given["loader"] = opened
        return {key: value for key, value in given.items() if key in self.parameters}


def _known() -> dict[str, Any]:
    """All that torchvision has for images, by name."""
    sets = {key: one for key, one in vars(datasets).items() if isinstance(one, type) and issubclass(one, datasets.VisionDataset)}
    return {key: one for key, one in sets.items() if key not in _LEFT_OUT}


def is_known(name: str) -> bool:
    """Whether torchvision has a data set of this name."""
    return name in _known()


def _found(name: str, place: Place) -> Any:
    """The class of this name."""
    known = _known()
    if name not in known:
        raise fail("bad-data", f"torchvision has no data set `{name}`", place, hint=did_you_mean(nearest(name, known)))
    return known[name]


def _parameters(found: type) -> dict[str, inspect.Parameter]:
    """The parameters of a class by name, those that it hands on to its base with `**kwargs` included."""
    parameters: dict[str, inspect.Parameter] = {}
    for base in found.__mro__:
        if "__init__" in vars(base):
            _, *own = inspect.signature(vars(base)["__init__"]).parameters.values()
            parameters = {one.name: one for one in own if one.kind != one.VAR_KEYWORD} | parameters
            if not any(one.kind == one.VAR_KEYWORD for one in own):
                break
    return parameters


def _split(parameters: Mapping[str, inspect.Parameter]) -> tuple[str | None, Mapping[Part, Sequence[Any]]]:
    """The parameter that says which part is meant, and its values for each."""
    if "train" in parameters:
        return "train", _TRAIN
    if "split" in parameters:
        return "split", WORDS
    return None, _ALONE
