"""`archspec test`: against plain torch loops with torchvision's transforms, and counts against scikit-learn and torchmetrics."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support
from torch import Tensor
from torch.utils.data import Dataset
from torchmetrics.functional.classification import multiclass_accuracy
from torchvision import tv_tensors
from torchvision.transforms import v2

import archspec
from archspec import SpecError
from archspec.cli.main import main
from archspec.cli.options import progress
from archspec.compiler.module import Model
from archspec.recipe.load import load, loaded_text
from archspec.training.crops import View
from archspec.training.cut import cut
from archspec.training.data import Unreadable
from archspec.training.results import Answer, Results

SPEC = """
name: tiny
input: 16x16x3
vars: {classes: 7}
rows:
  - {id: conv, type: convolution, patch: 5x5, stride: 3, filters: 8, norm: batch norm}
  - {id: drop, type: dropout (50%)}
  - {id: fc, type: linear, filters: =classes}
  - softmax
heads:
  aux: {from: conv, type: linear, filters: =classes}
"""
RECIPE = """
name: look
epochs: 1
batch: 4
optimizer: SGD
transforms:
  test:
    - ToDtype: {dtype: float32, scale: true}
    - Normalize: {mean: [0.5, 0.4, 0.3], std: [0.2, 0.25, 0.3]}
test: {resize: 18, scales: [18, 20, 23, 25]}
"""
NORMAL = v2.Compose([v2.ToDtype(torch.float32, scale=True), v2.Normalize([0.5, 0.4, 0.3], [0.2, 0.25, 0.3])])
COUNT = 23


class Pictures(Dataset[tv_tensors.Image]):
    """Random images of many sizes; those in `broken` cannot be read, those in `grey` have one channel."""

    def __init__(self, classes: int = 7, broken: Sequence[int] = (), grey: Sequence[int] = ()) -> None:
        generator = torch.Generator().manual_seed(5)
        sizes = torch.randint(17, 40, (COUNT, 2), generator=generator).tolist()
        channels = [1 if at in grey else 3 for at in range(COUNT)]
        values = [torch.randint(0, 256, (c, *size), generator=generator) for c, size in zip(channels, sizes, strict=True)]
        self.values = [value.to(torch.uint8) for value in values]
        self.classes = tuple(f"class {at}" for at in range(classes))
        self.labels = torch.randint(0, classes, (COUNT,), generator=generator).tolist()
        self.names = [f"index {at}" for at in range(COUNT)]
        self.broken = broken

    def __len__(self) -> int:
        return COUNT

    def __getitem__(self, at: int) -> tv_tensors.Image:
        if at in self.broken:
            raise Unreadable(self.names[at], "it ends too early")
        return tv_tensors.Image(self.values[at])


Use = Callable[[Pictures], Pictures]


@pytest.fixture
def use(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Use:
    """Makes these images the data set, in a folder with a spec, a recipe and weights."""
    (folder / "tiny.yaml").write_text(SPEC)
    (folder / "look.yaml").write_text(RECIPE)

    def using(images: Pictures) -> Pictures:
        monkeypatch.setattr("archspec.training.data.test_data", lambda *told: images)
        return images

    using(Pictures())
    return using


def model(seed: int, classes: int = 7) -> Model:
    """A model whose weights are large enough to tell random images apart."""
    made = archspec.build("tiny.yaml", classes=classes)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * (0.3 if parameter.dim() > 1 else 1))
    return made


def save(made: Model, name: str, recipe: str | None = None) -> Model:
    """Writes weights as a training does, with the whole text of a recipe; the model, ready to be compared with."""
    save_file(made.state_dict(), name, {"format": "pt", "name": "tiny", **({"recipe": recipe} if recipe else {})})
    return made.eval()


def outcome(*weights: str, **options: Any) -> archspec.Tested:
    told = {"recipe": "look.yaml"} | options
    return archspec.test("tiny.yaml", weights=weights or ("w.safetensors",), data="pictures", **told)


def same(answers: Sequence[Answer], expected: Tensor, labels: Sequence[int]) -> None:
    """Holds that answers are these probabilities (images x classes): the five likeliest, and where the label stands."""
    likely, best = expected.topk(5)
    assert [one.best for one in answers] == [tuple(row) for row in best.tolist()]
    torch.testing.assert_close(torch.tensor([one.probabilities for one in answers]), likely.float(), atol=1e-6, rtol=1e-5)
    places = expected.argsort(1, descending=True)
    assert [one.rank for one in answers] == [row.index(label) + 1 for row, label in zip(places.tolist(), labels, strict=True)]


@torch.no_grad()
def test_center_is_what_a_plain_loop_with_torchvision_gives(use: Use) -> None:
    images, made = use(Pictures()), save(model(0), "w.safetensors")
    look = v2.Compose([v2.Resize(18), v2.CenterCrop(16), NORMAL])
    expected = torch.cat([made(look(image)[None]).softmax(1) for image in images])
    found = outcome(protocol="center").results
    same(found.answers, expected, images.labels)
    assert len({one.best[0] for one in found.answers}) > 2  # a test of images that all look alike would show little
    for k in (1, 5):
        peer = multiclass_accuracy(expected, torch.tensor(images.labels), 7, average="micro", top_k=k)
        assert found.right(k) / COUNT == pytest.approx(float(peer))


@torch.no_grad()
def test_ten_crops_are_what_a_plain_loop_with_torchvision_gives(use: Use) -> None:
    images, made = use(Pictures()), save(model(0), "w.safetensors")
    crops = v2.Compose([v2.Resize(18), v2.TenCrop(16)])
    expected = torch.stack([made(NORMAL(torch.stack(crops(image)))).softmax(1).mean(0) for image in images])
    same(outcome(protocol="10-crop").results.answers, expected, images.labels)


@torch.no_grad()
def test_144_crops_are_averaged_one_by_one(use: Use) -> None:
    images, made = use(Pictures()), save(model(0), "w.safetensors")
    look = View("144-crop", 16, 16, (18, 20, 23, 25))
    expected = []
    for image in list(images)[:4]:
        each = [made(NORMAL(crop)[None]).softmax(1)[0].double() for crop in cut(image, look)]
        assert len(each) == 144
        expected.append(sum(each) / 144)
    same(outcome(protocol="144-crop").results.answers[:4], torch.stack(expected), images.labels[:4])


@torch.no_grad()
def test_an_ensemble_is_the_mean_of_its_members(use: Use) -> None:
    """Three models beside each other and together: with five classes an answer holds all probabilities."""
    images = use(Pictures(5))
    names = [f"w{seed}.safetensors" for seed in range(3)]
    for seed, name in enumerate(names):
        save(model(seed, 5), name)
    options = {"set": "vars.classes=5", "protocol": "10-crop"}
    alone = [outcome(name, **options).results for name in names]
    together = outcome(*names, **options).results
    each = torch.zeros(3, COUNT, 5, dtype=torch.float64)
    for at, one in enumerate(alone):
        for image, answer in enumerate(one.answers):
            each[at, image, list(answer.best)] = torch.tensor(answer.probabilities, dtype=torch.float64)
        assert together.right(1, at) == one.right(1)
    same(together.answers, each.mean(0), images.labels)
    assert [one.ranks for one in together.answers] == [*zip(*([a.rank for a in one.answers] for one in alone), strict=True)]
    assert together.members == tuple(names)


@pytest.mark.parametrize("protocol", ["center", "10-crop", "144-crop"])
def test_no_more_than_a_batch_goes_through_at_once_and_chunks_change_nothing(
    use: Use, protocol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(model(0), "w.safetensors")
    sizes: list[int] = []
    forward = Model.forward
    monkeypatch.setattr(Model, "forward", lambda self, x: (sizes.append(len(x)), forward(self, x))[1])
    expected = None
    for batch in (5, 32, 1000):
        sizes.clear()
        answers = outcome(protocol=protocol, batch=batch, limit=9).results.answers
        assert max(sizes) <= batch
        assert sum(sizes) == 9 * {"center": 1, "10-crop": 10, "144-crop": 144}[protocol]
        expected = expected or answers
        assert [(one.best, one.rank) for one in answers] == [(one.best, one.rank) for one in expected]
        likely = [torch.tensor([one.probabilities for one in found]) for found in (answers, expected)]
        torch.testing.assert_close(*likely, atol=1e-6, rtol=1e-5)


@pytest.mark.filterwarnings("ignore:This DataLoader will create:UserWarning")
def test_the_same_twice_and_with_workers_also_with_random_transforms(use: Use) -> None:
    use(Pictures(broken=[3]))
    save(model(0), "w.safetensors")
    Path("look.yaml").write_text(RECIPE.replace("test:\n", "test:\n    - RandomHorizontalFlip: {p: 0.5}\n", 1))
    first, again, workers = (outcome(workers=count).results for count in (0, 0, 2))
    assert first == again == workers
    assert len(first.answers) == COUNT - 1
    Path("look.yaml").write_text(RECIPE)
    assert first != outcome().results  # it did flip


def test_images_that_cannot_be_read_are_counted_and_not_tested(use: Use) -> None:
    made = save(model(0), "w.safetensors")
    whole = outcome().results
    broken = [0, 7, COUNT - 1]
    use(Pictures(broken=broken))
    found = outcome()
    assert found.results.skipped == tuple((f"index {at}", "it ends too early") for at in broken)
    assert found.results.answers == tuple(one for at, one in enumerate(whole.answers) if at not in broken)
    assert "not counted: 3 images that could not be read" in str(found)
    assert found.data()["images"] == COUNT - 3
    assert made.training is False


def test_grey_and_coloured_images_in_one_batch(use: Use) -> None:
    """The transforms make them alike."""
    save(model(0), "w.safetensors")
    expected = outcome().results.answers
    use(Pictures(grey=[2, 3]))
    Path("look.yaml").write_text(RECIPE.replace("test:\n", "test:\n    - RGB\n", 1))
    found = outcome(batch=32).results.answers
    assert len(found) == COUNT
    seen = [[(one.best, one.probabilities) for one in answers[:2]] for answers in (found, expected)]
    assert seen[0] == seen[1]


def test_counts_are_scikit_learns() -> None:
    """The confusion matrix, recall and precision of every class; a class without images and one that is never taken."""
    generator = torch.Generator().manual_seed(1)
    labels, taken = torch.randint(0, 4, (60,), generator=generator), torch.randint(1, 5, (60,), generator=generator)
    answers = [
        Answer("", label, 1 if label == other else 2, (), (other,), (1.0,))
        for label, other in zip(labels.tolist(), taken.tolist(), strict=True)
    ]
    results = Results(("a", "b", "c", "d", "e"), ("w",), tuple(answers))
    expected = confusion_matrix(labels, taken, labels=range(5))
    assert results.matrix == expected.tolist()
    precision, recall, _, support = precision_recall_fscore_support(labels, taken, labels=range(5), zero_division=math.nan)
    nan = [math.nan if one is None else one for rows in results.of_classes for one in (rows.recall, rows.precision)]
    assert nan == pytest.approx([value for pair in zip(recall, precision, strict=True) for value in pair], nan_ok=True)
    assert [one.images for one in results.of_classes] == support.tolist()
    assert (results.of_classes[4].recall, results.of_classes[0].precision) == (None, None)
    for at, one in enumerate(results.of_classes):
        wrong = [count * (other != at) for other, count in enumerate(expected[at])]
        assert (one.mistaken and one.mistaken[1]) == (max(wrong) or None)
        assert one.mistaken is None or wrong[results.classes.index(one.mistaken[0])] == max(wrong)


def test_top_5_tells_nothing_of_five_classes(use: Use) -> None:
    for classes, tops in ((5, {"top_1"}), (6, {"top_1", "top_5"})):
        use(Pictures(classes))
        save(model(0, classes), "w.safetensors")
        found = outcome(classes=classes)
        (one,) = found.data()["models"]
        assert set(one) == {"weights", *tops}
        assert ("top-5 %" in str(found)) == (classes == 6)


def test_a_limit_is_spread_over_all_images(use: Use) -> None:
    save(model(0), "w.safetensors")
    assert [one.name for one in outcome(limit=4).results.answers] == ["index 0", "index 5", "index 11", "index 17"]
    assert len(outcome(limit=99).results.answers) == COUNT


# the recipe


def test_a_recipes_text_reads_as_the_same_recipe(folder: Path) -> None:
    (folder / "base.yaml").write_text(RECIPE)
    (folder / "more.yaml").write_text("name: more\nextends: base.yaml\nbatch: 7\ntest: {scales: [20, 21, 22, 23]}\n")
    one = load("more.yaml", set=["epochs=3", "test.protocol=10-crop"])
    again = loaded_text(one.text, "w.safetensors (recipe)")
    assert again.text == one.text
    assert again.digest == one.digest
    apart = {"extends", "optimizer", "transforms", "loss"}  # names remember where they were written
    assert again.settings.model_dump(exclude=apart) == one.settings.model_dump(exclude=apart)
    assert again.settings.name == "more"
    assert (again.settings.epochs, again.settings.batch, again.settings.test.scales) == (3, 7, (20, 21, 22, 23))


def test_a_recipes_text_may_not_reach_for_files(folder: Path) -> None:
    (folder / "base.yaml").write_text(RECIPE)
    with pytest.raises(SpecError) as error:
        loaded_text("name: more\nextends: base.yaml\n", "w.safetensors (recipe)")
    (one,) = error.value.diagnostics
    assert (str(one.place), one.message) == (
        "w.safetensors (recipe):2:10",
        "the first document of a whole recipe extends nothing",
    )


def test_weights_carry_their_recipe_and_a_run_folder_its_weights(use: Use) -> None:
    Path("run").mkdir()
    save(model(0), "run/weights.safetensors", load("look.yaml", set=["test.resize=20"]).text)
    expected = outcome("run/weights.safetensors", recipe_set=["test.resize=20"]).results.answers
    assert outcome("run", recipe=None).results.answers == expected
    changed = outcome("run", recipe=None, recipe_set=["test.resize=18"]).results.answers
    assert changed == outcome("run").results.answers
    assert changed != expected


def test_recipes_of_members_may_differ_in_all_but_the_test(use: Use) -> None:
    for seed in (0, 1):
        save(model(seed), f"w{seed}.safetensors", load("look.yaml", set=[f"seed={seed}", "epochs=4"]).text)
    assert outcome("w0.safetensors", "w1.safetensors", recipe=None).recipe.settings.seed == 0
    save(model(1), "w1.safetensors", load("look.yaml", set=["test.resize=20"]).text)
    told = refused("w0.safetensors", "w1.safetensors", recipe=None)
    assert told == [("unsupported", "w1.safetensors carries a recipe that tests otherwise than that of w0.safetensors")]


# what is wrong


def refused(*weights: str, **options: Any) -> list[tuple[str, str]]:
    """The codes and messages of what is wrong."""
    with pytest.raises(SpecError) as error:
        outcome(*weights, **options)
    return [(one.code, one.message) for one in error.value.diagnostics]


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        ({"recipe": None}, "missing-key", "w.safetensors carries no recipe, which says how images are transformed"),
        ({"split": "test2"}, "unsupported", "--split is one of train, validation, test, all, found `test2`"),
        ({"protocol": "12-crop"}, "unsupported", "--protocol is one of center, 10-crop, 144-crop, found `12-crop`"),
        ({"device": "tpu"}, "unsupported", "--device is one of cpu, cuda, found `tpu`"),
        ({"batch": 0}, "unsupported", "--batch is a whole number from 1 to 2,147,483,647"),
        ({"workers": -1}, "unsupported", "--workers is a whole number from 0 to 2,147,483,647"),
        ({"limit": 0}, "unsupported", "--limit is a whole number from 1 to 2,147,483,647"),
        (
            {"input": "16x18x3", "protocol": "144-crop"},
            "unsupported",
            "144-crop takes squares, and the network reads 16 x 18 pixels (height x width)",
        ),
        (
            {"recipe_set": ["transforms.test=[]"]},
            "bad-argument",
            "the test transforms make 3x16x16 (uint8) of a crop of 3x16x16 (uint8), and the network reads 3x16x16 (float32)",
        ),
        (
            {"recipe_set": ["transforms.test=[{Normalize: {mean: [0], std: [1]}}]"]},
            "bad-argument",
            "the test transforms cannot take a crop of 3x16x16 (uint8): Input tensor should be a float tensor. Got torch.uint8.",
        ),
    ],
)
def test_a_test_that_cannot_be(use: Use, options: dict[str, Any], code: str, message: str) -> None:
    save(model(0), "w.safetensors")
    assert refused(**options) == [(code, message)]


def test_data_that_does_not_suit_the_network(use: Use) -> None:
    save(model(0), "w.safetensors")
    use(Pictures(5))
    ((code, _),) = refused()
    assert code == "bad-data"
    use(Pictures(broken=range(COUNT)))
    assert refused() == [("bad-data", "none of 23 images can be read")]


def test_weights_that_are_not_there_or_not_finite(use: Use) -> None:
    assert refused("none.safetensors") == [("bad-file", "none.safetensors: there is no such file")]
    Path("run").mkdir()
    assert refused("run") == [("bad-run", "run: the folder has no weights.safetensors")]
    Path("text.safetensors").write_text("no weights")
    assert [code for code, _ in refused("text.safetensors", recipe=None)] == ["bad-weights"]
    save(model(0), "w.safetensors")
    made = model(1)
    with torch.no_grad():
        made.fc.bias[2] = math.nan
    save(made, "nan.safetensors")
    message = "what the network makes of index 0 with these weights is not finite"
    assert refused("w.safetensors", "nan.safetensors") == [("bad-weights", message)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("outputs: {a: conv, b: fc}\n", "a test counts classes, and the network has several outputs: a, b"),
        ("  - {id: c, type: conv, patch: 3x3, filters: 7}\n", "a test counts classes, and the network gives a map of 16x16x7"),
    ],
)
def test_a_network_that_gives_no_classes(use: Use, change: str, message: str) -> None:
    save(model(0), "w.safetensors")
    rows = SPEC.split("heads:")[0] if change.startswith("outputs") else SPEC.split("rows:")[0] + "rows:\n"
    Path("tiny.yaml").write_text(rows.replace("  - softmax\n", "") + change)
    assert refused() == [("unsupported", message)]


def test_a_long_and_narrow_image_is_skipped(use: Use) -> None:
    images = Pictures()
    images.values[4] = torch.zeros(3, 1, 300_000, dtype=torch.uint8)
    use(images)
    save(model(0), "w.safetensors")
    reason = "300000 x 1 pixels (width x height) are too long and narrow to be resized"
    assert outcome().results.skipped == (("index 4", reason),)


class Deadly(Pictures):
    """Ends the process that reads an image."""

    def __getitem__(self, at: int) -> tv_tensors.Image:
        os._exit(1)


def test_a_worker_that_ends_is_an_error_that_names_the_option(use: Use) -> None:
    save(model(0), "w.safetensors")
    use(Deadly())
    ((code, message),) = refused(workers=1)
    assert code == "unsupported"
    assert message.startswith("a process that reads images ended: DataLoader worker (pid")


def test_a_device_that_is_full_is_an_error_that_names_the_option(use: Use, monkeypatch: pytest.MonkeyPatch) -> None:
    save(model(0), "w.safetensors")

    def full(self: Model, x: Tensor) -> Tensor:
        raise torch.OutOfMemoryError("no room")

    monkeypatch.setattr(Model, "forward", full)
    assert refused(batch=4) == [("too-large", "cpu has no memory for so many crops at once")]


# the command line


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """The exit status of the command line, in this process."""
    monkeypatch.setattr(sys, "argv", ["archspec", "test", "tiny.yaml", "--data", "pictures", *words])
    with pytest.raises(SystemExit) as stop:
        main()
    return int(stop.value.code or 0)


def test_the_page_and_the_files(use: Use, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    images = use(Pictures(broken=range(11)))
    for seed in (0, 1):
        save(model(seed), f"w{seed}.safetensors")
    words = ("--weights", "w0.safetensors", "--weights", "w1.safetensors", "--recipe", "look.yaml", "--protocol", "10-crop")
    assert run(monkeypatch, *words, "-o", "t.json") == 0
    shown = capsys.readouterr()
    made = outcome("w0.safetensors", "w1.safetensors", protocol="10-crop")
    assert shown.out == str(made) + "wrote t.json\n"
    assert shown.err.splitlines() == [f"skipped index {at}: it ends too early" for at in range(10)] + ["skipped 1 more images"]
    assert json.loads(Path("t.json").read_text()) == made.data()
    assert run(monkeypatch, *words, "-o", "t.csv", "--format", "json") == 0
    assert json.loads(capsys.readouterr().out.rpartition("}")[0] + "}") == made.data()
    head, *lines = csv.reader(io.StringIO(Path("t.csv").read_text()))
    assert head[:5] == ["image", "class", "rank", "likeliest 1", "probability 1"]
    assert [line[:2] for line in lines] == [[images.names[at], images.classes[images.labels[at]]] for at in range(11, COUNT)]
    assert sum(line[1] == line[3] for line in lines) == made.results.right(1) == sum(line[2] == "1" for line in lines)


def test_the_confusion_is_shown_for_few_classes_or_where_it_is_asked_for(use: Use) -> None:
    save(model(0), "w.safetensors")
    assert "class \\ taken for" in str(outcome())
    assert "class \\ taken for" not in str(outcome(confusion=False))
    use(Pictures(25))
    save(model(0, 25), "w.safetensors")
    page = str(outcome(classes=25))
    assert "class \\ taken for" not in page
    assert "and 5 classes that were found more often: -o FILE has them" in page
    assert "24 class 24" in str(outcome(classes=25, confusion=True))


def test_an_interrupted_test_writes_nothing(
    use: Use, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    save(model(0), "w.safetensors")

    def interrupt(self: Model, x: Tensor) -> Tensor:
        raise KeyboardInterrupt

    monkeypatch.setattr(Model, "forward", interrupt)
    assert run(monkeypatch, "--weights", "w.safetensors", "--recipe", "look.yaml", "-o", "t.csv") == 130
    assert capsys.readouterr().err == "\nstopped; no file was written\n"
    assert not Path("t.csv").exists()


def test_progress_says_what_is_left(use: Use, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    save(model(0), "w.safetensors")
    told: list[tuple[int, int, float | None]] = []
    outcome(batch=10, progress=lambda *one: told.append(one))
    assert [one[:2] for one in told] == [(10, 23), (20, 23), (23, 23)]
    assert told[0][2] > told[2][2] == 0
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    show = progress("tested")
    for one in ((1, 2000, 100.0), (2, 2000, 12.3), (3, 2000), (2000, 2000, 0.0)):
        show(*one)
    lines = capsys.readouterr().err.split("\r\x1b[K")
    assert lines == ["", "tested 1 of 2,000, 2 min left", "tested 2 of 2,000, 12 s left", "tested 3 of 2,000", ""]
