"""The folder of a run: what it was made of, where it stands, and what came out."""

from __future__ import annotations

import json
import os
import pickle
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from archspec.compiler.checks import check_weights_file
from archspec.files import write_text
from archspec.ir.tree import Network
from archspec.language.diagnostics import SpecError, fail
from archspec.language.places import Place, option
from archspec.recipe.load import Recipe

#: the key of a weights file's metadata that holds the whole recipe
RECIPE = "recipe"
#: what a checkpoint is not without
_STATE = ("state_dict", "optimizer_states", "loops", "callbacks")
_PACKAGES = ("archspec-nn", "torch", "torchvision", "pytorch-lightning", "torchmetrics", "numpy")


def weights_file(name: str) -> Path:
    """The weights that `--weights` means: a file, or those of a run's folder. Raises SpecError if there are none."""
    path = Path(name)
    if os.path.isdir(path):
        found = Run(path).weights
        if not os.path.isfile(found):
            message = f"{name}: the folder has no {found.name}"
            hint = "a run folder has them when its training has ended; else name a file"
            raise fail("bad-run", message, option("--weights", name), hint=hint)
        return found
    check_weights_file(path)
    return path


@dataclass(frozen=True)
class Run:
    """A run's folder, and the files in it. `place` is the option that names it."""

    folder: Path

    @property
    def place(self) -> Place:
        return option("-o", str(self.folder))

    @property
    def spec(self) -> Path:
        """The whole spec, as one YAML stream."""
        return self.folder / "spec.yaml"

    @property
    def recipe(self) -> Path:
        """The whole recipe, as one YAML stream."""
        return self.folder / "recipe.yaml"

    @property
    def facts(self) -> Path:
        """What was run: names, digests, the data, the seed, versions; and whether it is finished."""
        return self.folder / "run.json"

    @property
    def last(self) -> Path:
        """The state from which the training goes on: Lightning's checkpoint."""
        return self.folder / "last.ckpt"

    @property
    def best(self) -> Path:
        """The weights of the epoch with the best validation."""
        return self.folder / "best.safetensors"

    @property
    def weights(self) -> Path:
        """The weights at the end, averaged if the recipe says so."""
        return self.folder / "weights.safetensors"

    @property
    def metrics(self) -> Path:
        """A row for each epoch."""
        return self.folder / "metrics.csv"

    def write(self, network: Network, recipe: Recipe, more: Mapping[str, Any], *, new: bool = False) -> None:
        """Writes the spec, the recipe and run.json. Raises SpecError if they cannot be written, or if a `new` run's folder has
        anything in it.
        """
        facts = {
            "schema": 1,
            "spec": {"name": network.name, "digest": network.digest},
            "recipe": {"name": recipe.settings.name, "digest": recipe.digest},
            "seed": recipe.settings.seed,
            "finished": False,
            **more,
            "versions": {"python": platform.python_version(), **{name: _version(name) for name in _PACKAGES}},
        }
        try:
            if new:
                self._make()
            write_text(self.spec, network.text)
            write_text(self.recipe, recipe.text)
            write_text(self.facts, json.dumps(facts, indent=2, ensure_ascii=False) + "\n")
        except OSError as error:
            raise self.unwritable(error) from None

    def _make(self) -> None:
        if self.folder.exists() and (not self.folder.is_dir() or any(self.folder.iterdir())):
            hint = "name another folder, or go on with --resume" if self.facts.exists() else "name another folder"
            raise fail("bad-run", f"{self.folder} is there already", self.place, hint=hint)
        self.folder.mkdir(parents=True, exist_ok=True)

    def check_state(self, made_of: Mapping[str, Any], recipe: Recipe) -> None:
        """Raises SpecError if the last checkpoint cannot be read, is of another run, or is past the last epoch."""
        import torch

        try:
            found = torch.load(self.last, map_location="cpu", mmap=True, weights_only=True)
            made, done = found["archspec"], found["epoch"]
            whole = isinstance(made, dict) and isinstance(done, int) and all(found[key] for key in _STATE)
        except (OSError, RuntimeError, ValueError, KeyError, TypeError, EOFError, pickle.UnpicklingError) as error:
            raise self._damaged() from error
        if not whole:
            raise self._damaged()
        for key, value in made_of.items():
            if made.get(key) != value:
                message = f"{self.last} was made with another {key}: {made.get(key)}, and here it is {value}"
                raise fail("bad-run", message, self.place)
        epochs = recipe.settings.epochs
        if done > epochs:
            message = f"the run in {self.folder} has done {done:,} epochs, and {epochs:,} are asked for"
            raise fail("bad-run", message, self.place)
        told = self.told()
        if told.get("finished") and told.get("recipe", {}).get("digest") == recipe.digest:
            hint = "--recipe-set epochs=N goes on with it to a later epoch"
            raise fail("bad-run", f"the run in {self.folder} is finished: {done:,} epochs", self.place, hint=hint)

    def _damaged(self) -> SpecError:
        hint = f"{self.best.name} may still hold the weights of the best epoch; start anew in another folder"
        return fail("bad-run", f"{self.last} cannot be read: it was damaged", self.place, hint=hint)

    def check_begun(self) -> None:
        """Raises SpecError if a run without a checkpoint had one, or cannot begin again as it did."""
        told, hint = self.told(), "start anew, in another folder"
        if told.get("finished") or self.metrics.exists():
            raise fail("bad-run", f"{self.last}, from which the run would go on, is gone", self.place, hint=hint)
        if told.get("weights"):
            message = f"the run in {self.folder} was ended before it began, at weights of a file"
            raise fail("bad-run", message, self.place, hint=hint)

    def told(self) -> dict[str, Any]:
        """What run.json holds. Raises SpecError if this is no folder of a run."""
        if not self.folder.is_dir():
            raise fail("bad-run", f"there is no folder {self.folder}", self.place, hint="without --resume a new run is made")
        try:
            found = json.loads(self.facts.read_text("utf-8"))
            assert isinstance(found, dict)
            assert all(
                isinstance(found.get(key, kind()), kind) for key, kind in (("data", str), ("spec", dict), ("recipe", dict))
            )
        except FileNotFoundError:
            raise fail("bad-run", f"{self.folder} is no run: it has no {self.facts.name}", self.place) from None
        except (OSError, ValueError, AssertionError, RecursionError):
            raise fail("bad-run", f"{self.facts} cannot be read: it was damaged", self.place) from None
        return found

    def unwritable(self, error: OSError) -> SpecError:
        """The diagnostic of a file of this run that cannot be written: a full disk, for one."""
        path = error.filename or self.folder
        message = f"{path} cannot be written: {error.strerror or error}"
        hint = "nothing that was written before is lost; make room, and go on with --resume"
        return fail("bad-file", message, self.place, hint=hint if os.path.exists(self.last) else None)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None  # used from a folder, without an installation
