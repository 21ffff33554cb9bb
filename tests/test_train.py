"""Training: equal to a plain torch loop, and to itself after it was killed or stopped; and what is said of wrong input."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch.optim.swa_utils import AveragedModel
from training_runs import PLAIN, RECIPE, figures, train

import archspec
from archspec import SpecError
from archspec.recipe.load import load as archspec_recipe


def state(run: str) -> dict[str, Any]:
    """The last checkpoint, without what a clock says."""
    found = torch.load(f"{run}/last.ckpt", weights_only=True)
    for row in found["callbacks"]["History"]["rows"]:
        del row["seconds"]
    return found


def assert_equal(one: Any, other: Any, path: str = "") -> None:
    """Bit by bit, through mappings and lists."""
    if isinstance(one, dict):
        assert one.keys() == other.keys(), path
        for key in one:
            assert_equal(one[key], other[key], f"{path}/{key}")
    elif isinstance(one, list | tuple):
        assert len(one) == len(other), path
        for number, (mine, yours) in enumerate(zip(one, other, strict=True)):
            assert_equal(mine, yours, f"{path}/{number}")
    elif isinstance(one, torch.Tensor):
        assert torch.equal(one, other), path
    else:
        assert one == other, path


def assert_same_run(one: str, other: str) -> None:
    """Every tensor of the last state (the network, its average, momentum) and of the results, and every figure."""
    assert figures(one) == figures(other)
    assert_equal(state(one), state(other))
    for name in ("weights", "best"):
        assert_equal(load_file(f"{one}/{name}.safetensors"), load_file(f"{other}/{name}.safetensors"))


KILLED = """
import os, signal, sys
from archspec.training.module import Classifier

_, run, kill, workers = sys.argv
step = Classifier.training_step
def stopped(self, batch, number):
    if self.current_epoch == 2 and number == 3:
        os.killpg(0, getattr(signal, kill)) if kill == "SIGINT" else os.kill(os.getpid(), signal.SIGKILL)
    return step(self, batch, number)
Classifier.training_step = stopped
from archspec.cli.main import main
sys.argv = ["archspec", "train", "net.yaml", "--recipe", "recipe.yaml", "--data", "digits", "-o", run,
            "--accelerator", "cpu", "--recipe-set", f"data.workers={workers}"]
main()
"""


def test_killed_and_stopped_runs_go_on_to_the_same_bits(files: Path) -> None:
    """Killed with -9 in the middle of epoch 3 of 4, with 0 and with 2 workers, and stopped there by Ctrl-C, which comes to all
    processes: dropout, random crops, momentum, a schedule and averaging are on.
    """
    asked = {"killed-0": ("SIGKILL", "0"), "killed-2": ("SIGKILL", "2"), "stopped": ("SIGINT", "2")}
    pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "start_new_session": True}
    processes = [subprocess.Popen([sys.executable, "-c", KILLED, run, *words], **pipes) for run, words in asked.items()]
    train("whole")
    said = [process.communicate(timeout=120)[1] for process in processes]
    assert [process.returncode for process in processes] == [-signal.SIGKILL, -signal.SIGKILL, 130], said
    assert said[2].splitlines()[-2:] == [
        "stopping as soon as the state can be saved; Ctrl-C again stops at once",
        "stopped; archspec train --resume -o stopped goes on",
    ]
    assert state("stopped")["loops"]["fit_loop"]["epoch_loop.batch_progress"]["current"]["ready"] == 4
    for run in asked:
        assert len(figures(run)) == 2, "it was ended in the middle of epoch 3"
        gone_on = train(run, resume=True)
        assert [row["epoch"] for row in gone_on.rows] == [1, 2, 3, 4]
        assert gone_on.best == json.loads(Path(run, "run.json").read_text())["best"]
        assert_same_run("whole", run)


@pytest.fixture
def stopping(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int], None]:
    """Sends this process a Ctrl-C in a batch of an epoch, both from 0, once."""
    from archspec.training.module import Classifier

    def at(epoch: int, number: int) -> None:
        step = Classifier.training_step

        def stopped(self: Classifier, batch: Any, batch_idx: int) -> Any:
            if (self.current_epoch, batch_idx) == (epoch, number):
                os.kill(os.getpid(), signal.SIGINT)
            return step(self, batch, batch_idx)

        monkeypatch.setattr(Classifier, "training_step", stopped)

    return at


CHANGES = {
    "a schedule by the validation, an early stop": (
        ("schedule={ReduceLROnPlateau: {patience: 0, threshold: 0.5}}", "early_stop={metric: loss, patience: 2, min delta: 0.5}"),
        (True, 3),
    ),
    "ema, a schedule by steps, mixed labels": (
        (
            *("averaging={kind: ema, decay: 0.9}", "schedule_every=step", "transforms.batch=[MixUp: {alpha: 1}]"),
            "schedule={OneCycleLR: {max_lr: 0.1, total_steps: 100}}",
        ),
        (False, 4),
    ),
}


@pytest.mark.parametrize(("changes", "expected"), CHANGES.values(), ids=CHANGES)
def test_a_stopped_run_goes_on_to_the_same_bits(
    files: Path, stopping: Callable[[int, int], None], changes: tuple[str, ...], expected: tuple[bool, int]
) -> None:
    whole = train("whole", *changes)
    early, epochs = expected
    assert len(whole.rows) == epochs, "an early stop ends it before 4 epochs" if early else ""
    stopping(1, 1)
    with pytest.raises(KeyboardInterrupt):
        train("stopped", *changes)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    stopping(9, 9)
    train("stopped", resume=True)
    assert_same_run("whole", "stopped")
    if early:
        with pytest.raises(SpecError, match="is finished"):
            train("stopped", resume=True)
        assert len(train("stopped", "early_stop.patience=9", resume=True).rows) == 4, "it has more patience now"


def test_training_is_that_of_a_plain_torch_loop(files: Path) -> None:
    """The same images in the same order: heads at their weights, parts of a batch, momentum, schedule, clipping, average."""
    from archspec.training.data import training_data
    from archspec.training.seeds import mixed

    Path("recipe.yaml").write_text(RECIPE.replace("RandomResizedCrop: {size: 8, scale: [50%, 1]}, ", ""))
    still = ("drop.rate=0", "aux.dropout.rate=0")
    train("run", "epochs=3", "clip_norm=0.5", set=still)
    images = training_data("digits", archspec_recipe("recipe.yaml").settings.data, lambda *keys: None).train

    torch.manual_seed(mixed(3, "weights"))
    model = archspec.build("net.yaml", set=still)
    averaged = AveragedModel(model, use_buffers=True)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.7)
    for epoch in range(3):
        order = torch.randperm(len(images), generator=torch.Generator().manual_seed(mixed(3, "order", epoch)))
        for batch in order[: len(images) // 240 * 240].split(240):
            for part in batch.split(120):
                x = torch.stack([images[number].as_subclass(torch.Tensor) / 255 for number in part.tolist()])
                y = torch.tensor([images.labels[number] for number in part.tolist()])
                outputs = model(x)
                loss = F.cross_entropy(outputs.logits, y) + 0.3 * F.cross_entropy(outputs.aux, y)
                (loss / 2).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5)
            optimizer.step()
            optimizer.zero_grad()
            if epoch >= 1:
                averaged.update_parameters(model)
        schedule.step()
    for name, tensor in load_file("run/weights.safetensors").items():
        torch.testing.assert_close(averaged.module.state_dict()[name], tensor, msg=lambda text, name=name: f"{name}: {text}")


def test_two_processes_have_the_loss_curve_of_one_with_the_same_batch(files: Path) -> None:
    """20 steps, one an epoch, on a CPU by gloo: each process has half of every batch, which is one process's doubled."""
    Path("plain.yaml").write_text(PLAIN)
    changes = ("epochs=20", "batch=800", "accumulate=1", "averaging=null", "optimizer.SGD.lr=0.3")
    options = [word for change in changes for word in ("--recipe-set", change)]
    words = ["train", "plain.yaml", "--recipe", "recipe.yaml", "--data", "digits", "-o", "two", "--devices", "2"]
    command = [sys.executable, "-m", "archspec", *words, "--accelerator", "cpu", *options]
    pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    two = subprocess.Popen(command, env={**os.environ, "OMP_NUM_THREADS": "1"}, **pipes)
    one = train("one", *changes, spec="plain.yaml")
    shown, said = two.communicate(timeout=120)
    assert two.returncode == 0, said
    assert [line.split()[0] for line in shown.splitlines()] == ["epoch", *map(str, range(1, 21))], "each epoch once"
    assert [int(row["step"]) for row in figures("two")] == [row["step"] for row in one.rows] == list(range(1, 21))
    for name in ("training loss", "validation loss", "validation top-1"):
        assert [float(row[name]) for row in figures("two")] == pytest.approx([row[name] for row in one.rows], abs=1e-4), name
    assert one.rows[-1]["training loss"] < 0.95 * one.rows[0]["training loss"]


def test_the_heads_carry_gradient_to_the_modules_below_them() -> None:
    """GoogLeNet for 32x32 at a quarter of its width: aux1 reads 4a and aux2 reads 4d, so that only they train what is below."""
    torch.manual_seed(0)
    model = archspec.build("googlenet-32", scale="width=0.25", classes=10)
    outputs = model(torch.randn(4, 3, 32, 32))
    labels = torch.arange(4)
    for head, reached in (("aux1", {"3a": True, "4a": True, "4b": False}), ("aux2", {"3a": True, "4d": True, "4e": False})):
        loss = F.cross_entropy(getattr(outputs, head), labels)
        for module, carries in reached.items():
            weights = [*model.get_submodule(f"inception_{module}").parameters()]
            found = torch.autograd.grad(loss, weights, retain_graph=True, allow_unused=True)
            norms = [0.0 if one is None else float(one.norm()) for one in found]
            assert all(norm > 1e-6 for norm in norms) if carries else not any(norms), (head, module)


PICTURES = """
name: pictures
input: 24x24x3
rows:
  - {id: conv1, type: convolution, patch size/stride: 5x5/2, filters: 8, norm: batch norm}
  - {id: pool, type: adaptive avg pool}
  - {id: fc, type: linear, filters: 3}
"""
LOOK = """
name: look
epochs: 20
batch: 8
optimizer: {AdamW: {lr: 0.03}}
transforms:
  train: [RandomResizedCrop: {size: 24}, RandomHorizontalFlip, ToDtype: {dtype: float32, scale: true}]
  test: [ToDtype: {dtype: float32, scale: true}]
test: {protocol: 144-crop}
"""


def test_a_folder_of_pictures_is_trained_on_and_tested_with_144_crops(files: Path) -> None:
    """Parts of photographs that scikit-learn and matplotlib ship, landscapes and portraits, and a file that is none."""
    from matplotlib.cbook import get_sample_data
    from PIL import Image
    from sklearn.datasets import load_sample_images

    photographs = dict(zip(("china", "flower"), map(Image.fromarray, load_sample_images().images), strict=True))
    with get_sample_data("grace_hopper.jpg") as file:
        photographs["hopper"] = Image.open(file).convert("RGB")
    for name, photograph in photographs.items():
        for number in range(20):
            left, top, part = 14 * number, 7 * number, "val" if number % 4 == 1 else "train"
            path = Path(f"data/{part}/{name}/{number}.jpg")
            path.parent.mkdir(parents=True, exist_ok=True)
            photograph.crop((left, top, left + 200 + 40 * (number % 3), top + 240)).resize((60, 72 - 24 * (number % 2))).save(
                path
            )
    Path("data/val/hopper/damaged.jpg").write_bytes(Path("data/val/hopper/1.jpg").read_bytes()[:200])
    Path("pictures.yaml").write_text(PICTURES)
    Path("look.yaml").write_text(LOOK)
    trained = archspec.train("pictures.yaml", recipe="look.yaml", data="data", output="run", accelerator="cpu")
    assert trained.rows[-1]["skipped"] == 1
    tested = archspec.test("pictures.yaml", weights="run", data="data", batch=50).data()
    assert (tested["images"], tested["crops"], tested["sides"]) == (15, 144, [27, 31, 34, 38])
    assert [one["image"] for one in tested["skipped"]] == ["data/val/hopper/damaged.jpg"]
    assert tested["models"][0]["top_1"]["right"] >= 12
