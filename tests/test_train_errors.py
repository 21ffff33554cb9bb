"""What is said of wrong input to a training, and that nothing is lost by it."""

from __future__ import annotations

import json
import re
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from training_runs import PLAIN, figures, train

import archspec
from archspec import SpecError
from archspec.training.machine import Machine, statistics_per_process


def said(run: Callable[[], Any]) -> list[tuple[str, str, str]]:
    """Where, of which kind and what, of each error that a call raises."""
    with pytest.raises(SpecError) as raised:
        run()
    return [(str(one.place), one.code, one.message) for one in raised.value.diagnostics]


@pytest.fixture
def made(files: Path) -> Path:
    """The same, with a finished run of one epoch."""
    train("run", "epochs=1", "averaging.from_epoch=0")
    return files


def test_a_new_run_says_what_it_needs(files: Path) -> None:
    assert said(lambda: archspec.train(output="run")) == [("SPEC:1:1", "missing-option", "a new run needs SPEC")]
    assert said(lambda: archspec.train("net.yaml", output="run")) == [
        ("--recipe:1:1", "missing-option", "a new run needs --recipe")
    ]
    assert said(lambda: archspec.train("net.yaml", recipe="recipe.yaml", output="run")) == [
        ("--data:1:1", "missing-option", "a new run needs --data")
    ]
    assert not Path("run").exists()


WRONG = {
    "an average that never begins": (
        ("averaging.from_epoch=4",),
        ("--recipe-set:1:22", "bad-value", "the average begins in epoch 4, counted from 0, and there are 4"),
    ),
    "a decay of what forgets none": (
        ("averaging.decay=0.5",),
        ("--recipe-set:1:17", "bad-value", "a mean of all steps forgets none, and has no decay"),
    ),
    "a bound of nothing": (
        ("clip_norm=0",),
        ("--recipe-set:1:11", "bad-value", "`clip norm` must be a number above 0, found `0`"),
    ),
    "no transforms of a test": (
        ("transforms.test=[]",),
        ("recipe.yaml:12:3", "missing-key", "`transforms` has no `test`"),
    ),
    "a sum in place of a mean": (
        ("loss={CrossEntropyLoss: {reduction: sum}}",),
        (
            *("--recipe-set:1:26", "bad-argument"),
            "CrossEntropyLoss must be a mean over images: twice the batch makes 9.21034 of 4.60517",
        ),
    ),
    "a batch that cannot be shared": (
        ("accumulate=7",),
        ("recipe.yaml:4:8", "bad-value", "a batch of 240 images cannot be shared by 1 process with 7 parts each"),
    ),
    "a batch larger than the data": (
        ("batch=2000",),
        ("--recipe-set:1:7", "bad-value", "a batch has 2,000 images, and there are 1,198 to train with"),
    ),
    "an unknown optimizer": (
        ("optimizer=SGDD",),
        ("--recipe-set:1:11", "unknown-class", "`SGDD` is no optimizer of torch.optim that a recipe may name"),
    ),
    "a batch norm that sees one image": (
        ("batch=2",),
        ("--recipe-set:1:7", "bad-value", "batch norm takes its statistics from a part of a batch, and a part has one image"),
    ),
    "a stop that looks at nothing": (
        ("data.held_out=null", "early_stop={patience: 2}"),
        (
            *("--recipe-set:1:12", "bad-data"),
            "there is no validation to stop by: the data has no validation images, and the recipe holds none out",
        ),
    ),
    "a plateau by steps": (
        ("schedule=ReduceLROnPlateau", "schedule_every=step"),
        ("--recipe-set:1:16", "bad-value", "ReduceLROnPlateau goes by the validation, which comes once an epoch"),
    ),
    "an unknown key": (("epoch=3",), ("--recipe-set:1:1", "unknown-key", "`epoch` is not a key here")),
}


@pytest.mark.parametrize(("changes", "expected"), WRONG.values(), ids=WRONG)
def test_a_wrong_recipe_makes_no_run(files: Path, changes: tuple[str, ...], expected: tuple[str, str, str]) -> None:
    assert said(lambda: train("run", *changes)) == [expected]
    assert not Path("run").exists()


def test_a_machine_without_what_is_asked_for(files: Path) -> None:
    if not torch.accelerator.is_available():
        assert said(lambda: archspec.train("net.yaml", recipe="recipe.yaml", data="digits", output="run", accelerator="gpu")) == [
            ("--accelerator:1:1", "unsupported", "torch finds no GPU here")
        ]
    assert said(lambda: train("run", strategy="fsdp")) == [
        ("--strategy:1:1", "unsupported", "--strategy is one of auto, ddp, found `fsdp`")
    ]


def test_machines_that_cannot_find_each_other(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MASTER_ADDR", "SLURM_JOB_ID"):
        monkeypatch.delenv(name, raising=False)
    message = "2 machines find each other by MASTER_ADDR, MASTER_PORT and NODE_RANK, which are not set"
    assert said(lambda: train("run", nodes=2)) == [("--nodes:1:1", "unsupported", message)]
    assert Machine(nodes=2).first
    monkeypatch.setenv("NODE_RANK", "1")
    assert not Machine(nodes=2).first, "of two machines that share a folder one writes"


def test_a_run_without_its_checkpoint_does_not_begin_again(made: Path) -> None:
    Path("run/last.ckpt").unlink()
    assert said(lambda: train("run", "epochs=2", resume=True)) == [
        ("-o:1:1", "bad-run", "run/last.ckpt, from which the run would go on, is gone")
    ]
    assert json.loads(Path("run/run.json").read_text())["finished"]


def test_weights_at_which_a_run_starts(made: Path) -> None:
    """They are told, and a run that was ended before its first checkpoint does not begin at others."""
    words: list[str] = []
    spec = "net.yaml"
    again = archspec.train(
        spec, recipe="recipe.yaml", data="digits", output="tuned", weights="run", recipe_set="averaging=null", say=words.append
    )
    assert "20 tensors were loaded" in words
    plain = archspec.train(spec, recipe="recipe.yaml", data="digits", output="new")
    assert again.rows[0]["training loss"] < plain.rows[0]["training loss"]
    told = json.loads(Path("tuned/run.json").read_text())
    assert told["weights"]["file"] == "run/weights.safetensors"
    for name in ("last.ckpt", "metrics.csv"):
        Path("tuned", name).unlink()
    Path("tuned/run.json").write_text(json.dumps({**told, "finished": False}))
    assert said(lambda: train("tuned", resume=True)) == [
        ("-o:1:1", "bad-run", "the run in tuned was ended before it began, at weights of a file")
    ]
    assert said(lambda: train("other", partial=True)) == [("--partial:1:1", "unsupported", "--partial says how to load weights")]


def test_weights_and_a_run_that_goes_on(made: Path) -> None:
    assert said(lambda: train("run", resume=True, weights="run/weights.safetensors")) == [
        ("--weights:1:1", "unsupported", "a run that goes on has weights of its own")
    ]


def test_what_is_wrong_with_the_spec_and_with_the_recipe_is_said_at_once(files: Path) -> None:
    assert said(lambda: train("run", "batch=0", set="drop.rate=2")) == [
        ("--set:1:11", "bad-value", "rate must be a share from 0 to below 1, such as 0.4 or 40%, found `2`"),
        ("--recipe-set:1:7", "bad-value", "`batch` must be a positive whole number, found `0`"),
    ]


def test_classes_that_differ_from_the_data(files: Path) -> None:
    assert said(lambda: train("run", classes=7)) == [
        ("--data:1:1", "bad-data", "the data has 10 classes, but the network gives 7 values")
    ]


def test_a_folder_that_is_in_use_is_left_alone(made: Path) -> None:
    before = {path: path.read_bytes() for path in made.rglob("*") if path.is_file()}
    assert said(lambda: train("run")) == [("-o:1:1", "bad-run", "run is there already")]
    assert before == {path: path.read_bytes() for path in made.rglob("*") if path.is_file()}


def test_a_run_holds_what_it_was_made_of(made: Path) -> None:
    assert archspec.load("run/spec.yaml").digest == archspec.load("net.yaml").digest
    told = json.loads(Path("run/run.json").read_text())
    assert (told["seed"], told["data"], told["finished"]) == (3, "digits", True)
    assert told["versions"]["torch"] == torch.__version__.partition("+")[0]
    archspec.train("run/spec.yaml", recipe="run/recipe.yaml", data=told["data"], output="again", accelerator="cpu")
    assert figures("again") == figures("run")


def test_a_run_goes_on_with_what_it_was_made_of_only(made: Path) -> None:
    assert said(lambda: archspec.train(output="other", resume=True)) == [("-o:1:1", "bad-run", "there is no folder other")]
    Path("empty").mkdir()
    assert said(lambda: archspec.train(output="empty", resume=True)) == [
        ("-o:1:1", "bad-run", "empty is no run: it has no run.json")
    ]
    Path("plain.yaml").write_text(PLAIN)
    assert said(lambda: archspec.train("plain.yaml", output="run", resume=True)) == [
        ("SPEC:1:1", "bad-run", "the run in run is of `small`, and this is another spec")
    ]
    assert said(lambda: archspec.train("net.yaml", output="run", resume=True, set="drop.rate=0.1")) == [
        ("SPEC:1:1", "bad-run", "the run in run is of `small`, whose text was another")
    ]
    assert said(lambda: train("run", "epochs=3", "batch=120", resume=True)) == [
        ("--recipe-set:1:7", "bad-run", "the run in run has another `batch`")
    ]
    assert said(lambda: train("run", "optimizer.SGD.lr=0.1", "epochs=3", resume=True)) == [
        ("--recipe-set:1:18", "bad-run", "the run in run has another `optimizer`")
    ]
    assert said(lambda: train("run", resume=True)) == [("-o:1:1", "bad-run", "the run in run is finished: 1 epochs")]
    assert [row["epoch"] for row in train("run", "epochs=2", "data.workers=1", resume=True).rows] == [1, 2]
    before = Path("run/recipe.yaml").read_text()
    assert said(lambda: train("run", "epochs=1", resume=True)) == [
        ("-o:1:1", "bad-run", "the run in run has done 2 epochs, and 1 are asked for")
    ]
    assert Path("run/recipe.yaml").read_text() == before


def test_a_damaged_checkpoint(made: Path) -> None:
    whole = Path("run/last.ckpt").read_bytes()
    Path("run/last.ckpt").write_bytes(whole[: len(whole) // 2])
    ((place, code, message),) = said(lambda: train("run", "epochs=2", resume=True))
    assert (place, code) == ("-o:1:1", "bad-run")
    assert message.startswith("run/last.ckpt cannot be read: ")
    Path("plain.yaml").write_text(PLAIN)
    train("other", "epochs=1", "averaging.from_epoch=0", spec="plain.yaml")
    Path("run/last.ckpt").write_bytes(Path("other/last.ckpt").read_bytes())
    ((_, code, message),) = said(lambda: train("run", "epochs=2", resume=True))
    assert code == "bad-run"
    assert message.startswith("run/last.ckpt was made with another spec: sha256:")


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """No file of this process may be larger: what a full disk looks like."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_loses_nothing(made: Path) -> None:
    before = Path("run/last.ckpt").read_bytes()
    with largest_file(len(before) // 2):
        ((place, code, message),) = said(lambda: train("run", "epochs=2", resume=True))
    assert (place, code) == ("-o:1:1", "bad-file")
    assert message.endswith("cannot be written: File too large")
    assert Path("run/last.ckpt").read_bytes() == before
    assert not [*Path("run").glob(".*.part")]
    assert len(train("run", "epochs=2", resume=True).rows) == 2


def test_a_loss_that_is_no_number_ends_the_training(files: Path) -> None:
    ((place, code, message),) = said(lambda: train("run", "optimizer.SGD.lr=1e15", "averaging=null"))
    assert (place, code) == ("recipe.yaml:7:12", "diverged")
    assert re.fullmatch(r"the training diverged in epoch \d: its loss is no number any more", message)
    ((_, code, _),) = said(lambda: train("once", "epochs=1", "optimizer.SGD.lr=1e15", "averaging=null", "batch=120"))
    assert code == "diverged", "also in the last epoch"
    assert not Path("once/weights.safetensors").exists()


def test_images_that_cannot_be_read_are_skipped_and_counted(files: Path) -> None:
    for number in range(40):
        for name, level in (("dark", 20), ("light", 220)):
            path = Path(f"data/train/{name}/{number}.png")
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("L", (8, 8), level + number % 10).save(path)
    Path("data/train/dark/17.png").write_bytes(b"no picture")
    Image.new("L", (5, 8), 20).save("data/train/dark/30.png")
    Image.new("L", (4, 4), 220).save("data/train/light/30.png")
    words: list[str] = []
    changes = (
        "epochs=2",
        "batch=20",
        "data.held_out.share=1/4",
        "transforms.train=[Grayscale: {}, RandomCrop: {size: 8}, ToDtype: {dtype: float32}]",
    )
    tested = ("transforms.test=[Grayscale: {}, ToDtype: {dtype: float32}]",)
    trained = archspec.train(
        "net.yaml", recipe="recipe.yaml", data="data", output="run", recipe_set=[*changes, *tested], classes=2, say=words.append
    )
    assert [row["skipped"] for row in trained.rows] == [3, 3]
    (word,) = [word for word in words if "skipped" in word]
    assert word.startswith("3 images cannot be read, and are skipped: ")
    assert "data/train/dark/17.png: this is no image of a known format" in word
    assert "data/train/light/30.png: the transforms cannot take its 4x4 pixels: Required crop size (8, 8)" in word


def test_batch_norm_has_statistics_of_each_process_on_a_cpu(files: Path) -> None:
    Path("plain.yaml").write_text(PLAIN)
    assert statistics_per_process(archspec.build("net.yaml"), Machine("cpu", devices=2))
    assert not statistics_per_process(archspec.build("net.yaml"), Machine("cpu"))
    assert not statistics_per_process(archspec.build("plain.yaml"), Machine("cpu", devices=2))
