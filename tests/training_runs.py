"""What tests of training share: a network, a recipe, and a run of it on the digits."""

from __future__ import annotations

import csv
from typing import Any

import archspec

NET = """
name: small
input: 8x8x1
vars: {classes: 10}
rows:
  - {id: conv1, type: convolution, patch size/stride: 3x3/1, filters: 4, norm: batch norm}
  - {id: conv2, type: convolution, patch size/stride: 3x3/2, filters: 8, norm: batch norm}
  - {id: drop, type: dropout (30%)}
  - {id: pool, type: adaptive avg pool}
  - {id: fc, type: linear, filters: =classes}
heads:
  aux: {from: conv1, type: auxiliary classifier, classes: =classes, patch size/stride: 2x2/2, loss weight: 0.3}
"""
RECIPE = """
name: short
epochs: 4
batch: 240
accumulate: 2
seed: 3
optimizer: {SGD: {lr: 0.05, momentum: 0.9}}
schedule: {StepLR: {step_size: 1, gamma: 0.7}}
averaging: {kind: polyak, from epoch: 1}
data: {held out: {share: 1/3}}
transforms:
  train: [RandomResizedCrop: {size: 8, scale: [50%, 1]}, ToDtype: {dtype: float32, scale: true}]
  test: [ToDtype: {dtype: float32, scale: true}]
test: {resize: 8}
"""


def train(run: str, *changes: str, spec: str | None = "net.yaml", **more: Any) -> archspec.Trained:
    """Trains net.yaml by recipe.yaml on the digits."""
    new = {} if more.get("resume") else {"recipe": "recipe.yaml", "data": "digits"}
    spec = None if more.get("resume") else spec
    return archspec.train(spec, output=run, recipe_set=changes, accelerator="cpu", **new, **more)


def figures(run: str) -> list[dict[str, str]]:
    """The rows of metrics.csv, without what a clock says."""
    with open(f"{run}/metrics.csv") as file:
        return [{name: text for name, text in row.items() if name != "seconds"} for row in csv.DictReader(file)]


PLAIN = """
name: plain
input: 8x8x1
vars: {classes: 10}
rows:
  - {id: conv1, type: convolution, patch size/stride: 3x3/1, filters: 4}
  - {id: fc, type: linear, filters: =classes}
"""
