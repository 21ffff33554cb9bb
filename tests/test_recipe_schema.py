"""The JSON Schema of recipes takes every valid recipe, and refuses what archspec refuses without looking at names of torch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from archspec.language.diagnostics import SpecError
from archspec.recipe.load import load
from archspec.render.schema import recipe_schema

RECIPES = Path(__file__).parent.parent / "recipes"
VALIDATOR = Draft202012Validator(recipe_schema())
BASE = "name: r\nepochs: 2\nbatch: 4\noptimizer: SGD\ntransforms: {train: [Identity]}\n"


def taken(text: str, folder: Path) -> tuple[bool, bool]:
    """Whether the schema takes it, and whether archspec does."""
    path = folder / "r.yaml"
    path.write_text(text)
    document: Any = json.loads(json.dumps(yaml.safe_load(text)))
    try:
        load(str(path))
    except SpecError:
        return VALIDATOR.is_valid(document), False
    return VALIDATOR.is_valid(document), True


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_shipped_recipe_is_valid_and_names_the_schema(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.startswith("# yaml-language-server: $schema=recipe.schema.json\n")
    assert [error.message for error in VALIDATOR.iter_errors(yaml.safe_load(text))] == []
    load(path.stem)


@pytest.mark.parametrize(
    "text",
    [
        BASE,
        BASE + "schedule: none\nclip norm: null\naveraging: {kind: ema, decay: 99%}\ndata: {held out: {share: 1/5}}\n",
        BASE + "loss: {CrossEntropyLoss: {label_smoothing: 0.1}}\nearly stop: {patience: 3}\nprecision: bf16-mixed\n",
        BASE + "test: {protocol: 10-crop, resize: none}\nschedule: {StepLR: }\nheads: no\nclip norm: none\n",
        "extends: digits\nname: x\n",
        "name: r\nextends: digits\nepochs: 3\ndata: {held out: {seed: 4}}\nschedule: null\ntest: {resize: null}\n",
    ],
)
def test_what_archspec_takes_is_valid(text: str, tmp_path: Path) -> None:
    assert taken(text, tmp_path) == (True, True)


@pytest.mark.parametrize(
    "text",
    [
        BASE + "epoch: 3\n",
        BASE.replace("epochs: 2\n", ""),
        BASE.replace("batch: 4", "batch: null"),
        BASE.replace("batch: 4", "batch: 0"),
        BASE.replace("SGD", "{SGD: {lr: 1}, Adam: {}}"),
        BASE.replace("[Identity]", "Identity"),
        BASE + "precision: 8-true\n",
        BASE + "averaging: {decay: 0.9}\n",
        BASE + "data: {held out: {seed: 3}}\n",
        BASE + "schedule every: batch\n",
        BASE + "test: {protocol: 12-crop}\n",
        BASE + "early stop: {patience: none}\n",
        BASE.replace("name: r\n", ""),
        "extends: digits\n",
        "name: r\nextends: digits\nlearning rate: 3\n",
    ],
)
def test_a_mistake_is_refused_by_both(text: str, tmp_path: Path) -> None:
    assert taken(text, tmp_path) == (False, False)
