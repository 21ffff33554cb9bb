"""Training on scikit-learn's digits: LeNet-5 and GoogLeNet for 32x32 at a quarter of its width, each with seeds 0, 1 and 2, with
and without the heads, alone and together; how much gradient the heads carry; and images a second beside a plain torch loop.

Runs that are finished in `--runs` are not run again, and one that was stopped goes on. `--write` puts the tables into
docs/training.md.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from page import machine, table, write
from torch.utils.data import DataLoader, Dataset

import archspec
from archspec.recipe.load import load as load_recipe
from archspec.training.data import training_data
from archspec.training.torch_names import checked_transforms

SEEDS = (0, 1, 2)
PACKAGES = ("torch", "torchvision", "pytorch-lightning", "scikit-learn")


@dataclass(frozen=True)
class Subject:
    """What is trained: a spec with its changes, and a recipe with its own."""

    name: str
    spec: str
    recipe: str
    recipe_set: tuple[str, ...] = ()
    scale: str | None = None

    @property
    def network(self) -> dict[str, Any]:
        return {"scale": self.scale, "set": "vars.classes=10"}


LENET = Subject("lenet5", "lenet5", "digits")
HEADS = Subject("googlenet-32, both heads", "googlenet-32", "googlenet-32", scale="width=0.25")
PLAIN = Subject("googlenet-32, no heads", "googlenet-32", "googlenet-32", ("heads=false",), "width=0.25")


def trained(subject: Subject, seed: int, runs: Path) -> tuple[Path, float]:
    """The folder of a run, and the seconds of its epochs."""
    run = runs / f"{subject.name.replace(', ', '-').replace(' ', '-')}-{seed}"
    told = run / "run.json"
    if not told.exists() or not json.loads(told.read_text())["finished"]:
        new: dict[str, Any] = {"recipe": subject.recipe, "data": "digits", "recipe_set": [*subject.recipe_set, f"seed={seed}"]}
        asked = {"resume": True} if told.exists() else {"spec": subject.spec, **new, **subject.network}
        archspec.train(output=run, accelerator="cpu", show=lambda row: said(subject, seed, row), **asked)
    rows = (run / "metrics.csv").read_text().splitlines()
    return run, sum(float(row.split(",")[-1]) for row in rows[1:])


def said(subject: Subject, seed: int, row: dict[str, float]) -> None:
    sys.stderr.write(f"{subject.name}, seed {seed}, epoch {row['epoch']}: {row['seconds']:.0f} s\n")


def accuracies(subject: Subject, runs: Path) -> Iterator[list[str]]:
    """A line for each seed, for their mean, and for their ensemble."""
    found = [trained(subject, seed, runs) for seed in SEEDS]
    tested = archspec.test(subject.spec, weights=[run for run, _ in found], data="digits", **subject.network).data()
    of = tested["images"]
    alone = [model["top_1"]["right"] for model in tested["models"]]
    for seed, right, (_, seconds) in zip(SEEDS, alone, found, strict=True):
        yield [f"{subject.name}, seed {seed}", f"{100 * right / of:.2f} %", f"{right} of {of}", f"{seconds:.0f}"]
    total = sum(seconds for _, seconds in found)
    yield [f"{subject.name}, mean", f"{100 * statistics.mean(alone) / of:.2f} %", "", f"{total:.0f} in all"]
    together = tested["ensemble"]["top_1"]["right"]
    yield [f"{subject.name}, the three together", f"{100 * together / of:.2f} %", f"{together} of {of}", ""]


def gradients(runs: Path) -> Iterator[list[str]]:
    """The norm of each loss's gradient at the weights of inception_3a, on 32 training images."""
    run, _ = trained(HEADS, 0, runs)
    recipe = load_recipe(HEADS.recipe)
    data = training_data("digits", recipe.settings.data, recipe.place).train
    torch.manual_seed(0)
    images, labels = next(iter(batches(recipe, 32, data)))
    for when, weights in (("at the start", None), ("after the training", run / "weights.safetensors")):
        torch.manual_seed(0)
        model = archspec.build(HEADS.spec, weights=weights, **HEADS.network)
        outputs = model(images)
        stem = [*model.get_submodule("inception_3a").parameters()]
        for name, share in zip(outputs._fields, (1.0, 0.3, 0.3), strict=True):
            loss = share * F.cross_entropy(getattr(outputs, name), labels)
            found = torch.autograd.grad(loss, stem, retain_graph=True)
            norm = torch.cat([one.flatten() for one in found]).norm()
            yield [f"{name}, {when}", f"{share:g} x {loss.item() / share:.3f}", f"{norm.item():.4f}"]


@dataclass(frozen=True)
class Plain(Dataset[tuple[Any, int]]):
    """Images and what transforms make of them, as one writes it by hand."""

    images: Any
    transform: Any

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, number: int) -> tuple[Any, int]:
        return self.transform(self.images[number]), self.images.labels[number]


def batches(recipe: Any, batch: int, images: Any) -> DataLoader[Any]:
    """An epoch of batches, shuffled."""
    augment = checked_transforms(recipe.settings.transforms.train)
    return DataLoader(Plain(images, augment), batch, shuffle=True, drop_last=True)


def throughput(repeats: int = 5, steps: int = 16, batch: int = 32) -> Iterator[list[str]]:
    """An epoch of `archspec train` and of a plain torch loop over the same images, by turns; both read and change images."""
    size = {"data.arguments.size": steps * batch, "data.arguments.image_size": "[1, 8, 8]", "data.arguments.num_classes": 10}
    changes = ["epochs=1", f"batch={batch}", "data.held_out=null", *(f"{key}={value}" for key, value in size.items())]
    recipe = load_recipe(HEADS.recipe, set=changes)
    images = training_data("FakeData:", recipe.settings.data, recipe.place).train
    ours, plain = [], []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as folder:
            run: dict[str, Any] = {"recipe": HEADS.recipe, "recipe_set": changes, "data": "FakeData:", "accelerator": "cpu"}
            made = archspec.train(HEADS.spec, output=Path(folder, "run"), **run, **HEADS.network)
        ours.append(made.rows[0]["seconds"])
        plain.append(plain_epoch(batches(recipe, batch, images)))
    ratio = statistics.median(plain) / statistics.median(ours)
    for name, seconds, share in (("plain torch loop", plain, 1.0), ("archspec train", ours, ratio)):
        low, middle, high = (steps * batch / one for one in (max(seconds), statistics.median(seconds), min(seconds)))
        yield [name, f"{middle:.1f} ({low:.1f} to {high:.1f})", f"{share:.2f}"]


def plain_epoch(loader: DataLoader[Any]) -> float:
    """The seconds of one epoch as one writes it by hand."""
    model = archspec.build(HEADS.spec, **HEADS.network)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True, weight_decay=5e-4)
    start = time.perf_counter()
    for images, labels in loader:
        outputs = model(images)
        loss = F.cross_entropy(outputs.logits, labels)
        loss = loss + 0.3 * F.cross_entropy(outputs.aux1, labels) + 0.3 * F.cross_entropy(outputs.aux2, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, help="where runs are kept; a folder that is taken away again, if left out")
    parser.add_argument("--only", choices=("accuracy", "gradients", "throughput"), action="append")
    parser.add_argument("--write", action="store_true", help="into docs/training.md")
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        runs = words.runs or Path(folder)
        parts = {
            "accuracy": (("digits", "top-1", "right", "seconds of training"), lambda: lines(runs)),
            "gradients": (
                ("loss of googlenet-32, batch of 32", "loss", "norm of its gradient at inception_3a"),
                lambda: gradients(runs),
            ),
            "throughput": (("googlenet-32, batch of 32, both heads", "images a second", "of the plain loop"), throughput),
        }
        for name in words.only or parts:
            header, rows = parts[name]
            text = table(header, rows()) + f"\n{machine(PACKAGES)}\n"
            sys.stdout.write(text + "\n")
            if words.write:
                write(name, text, "training.md")


def lines(runs: Path) -> Iterator[list[str]]:
    for subject in (LENET, HEADS, PLAIN):
        yield from accuracies(subject, runs)


if __name__ == "__main__":
    main()
