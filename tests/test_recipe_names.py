"""Names of torch in recipes: what can be reached, what arguments mean, and what a trial finds, all beside torch's own classes."""

from __future__ import annotations

import resource
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.distributions import Distribution
from torch.optim import lr_scheduler
from torchvision.transforms import InterpolationMode, v2
from torchvision.tv_tensors import Image

import archspec
from archspec.language.diagnostics import Problems, SpecError
from archspec.language.nodes import Map, Text
from archspec.language.places import option
from archspec.recipe.load import Recipe, load
from archspec.recipe.named import Named
from archspec.training.kinds import BATCH, KINDS, LOSSES, OPTIMIZERS, SCHEDULES, TRANSFORMS, Kind
from archspec.training.made import Maker
from archspec.training.signatures import parameters
from archspec.training.torch_names import batch_transforms, check_recipe, loss, optimizer, schedule, transforms

#: for lenet5, which reads 32x32x1; what differs is written in the last lines
TOP = """\
name: r
epochs: 20
batch: 4
"""
REST = {
    "optimizer": "{SGD: {lr: 0.1}}",
    "transforms": "{train: [{Resize: {size: [32, 32]}}, {ToDtype: {dtype: float32}}], test: [{ToDtype: {dtype: float32}}]}",
}
Check = Callable[..., Any]


def written(folder: Path, changes: dict[str, str]) -> Recipe:
    """A recipe whose changed keys stand in line 4 and below, in order."""
    keys = {**changes, **{key: text for key, text in REST.items() if key not in changes}}
    path = folder / "r.yaml"
    path.write_text(TOP + "".join(f"{key}: {text}\n" for key, text in keys.items()))
    return load(str(path))


@pytest.fixture
def found(tmp_path: Path) -> Check:
    """The diagnostics of a changed recipe: place, code, message, hint."""

    def check(changes: dict[str, str], spec: str = "lenet5", **known: Any) -> list[tuple[str, ...]]:
        try:
            check_recipe(written(tmp_path, changes), archspec.load(spec), **known)
        except SpecError as error:
            told = [one.as_dict() for one in error.diagnostics]
            return [(f"{one['line']}:{one['column']}", one["code"], one["message"], one["hint"]) for one in told]
        return []

    return check


def named(key: str, text: str, folder: Path) -> Any:
    """A name, or the names of a list, as it stands in a recipe."""
    settings = written(folder, {key: text}).settings
    return settings.transforms.train if key == "transforms" else getattr(settings, key)


def weights() -> list[nn.Parameter]:
    return [nn.Parameter(torch.ones(3, 2))]


# what can be reached

OUTSIDE = ["os.system", "__import__", "functional", "Transform", "Lambda", "Optimizer", "LRScheduler", "_LRScheduler", "_Loss"]
OUTSIDE += [
    "Module",
    "Linear",
    "lr_scheduler",
    "torch.load",
    "load",
    "__class__",
    "NLLLoss2d",
    "AveragedModel",
    "v2",
    "Any",
    "eval",
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.word)
def test_a_kind_is_the_public_classes_that_torch_exports_for_it(kind: Kind) -> None:
    base = {OPTIMIZERS.word: torch.optim.Optimizer, SCHEDULES.word: lr_scheduler.LRScheduler}.get(kind.word)
    base = base or (nn.modules.loss._Loss if kind is LOSSES else v2.Transform)
    home = {"torch.optim": torch.optim, "torch.nn": nn, "torch.optim.lr_scheduler": lr_scheduler}.get(kind.home, v2)
    for name, one in kind.classes.items():
        assert one is getattr(home, name)
        assert issubclass(one, base)
        assert one is not base
        assert not name.startswith("_")
    assert not {*OUTSIDE} & {*kind.classes}


def test_all_that_is_usual_is_there() -> None:
    """Every class that torch lists for the kind, but for base classes."""
    assert {*lr_scheduler.__all__} - {*SCHEDULES.classes} == {"LRScheduler"}
    listed = {name for name in torch.optim.__all__ if isinstance(getattr(torch.optim, name), type)}
    assert listed - {*OPTIMIZERS.classes} == {"Optimizer"}
    assert {name for name in vars(v2) if name.startswith("Random")} <= {*TRANSFORMS.classes}
    assert {"CrossEntropyLoss", "NLLLoss", "MultiMarginLoss"} <= {*LOSSES.classes}
    assert {*BATCH.classes} == {"MixUp", "CutMix", "Compose", "RandomApply", "RandomChoice", "RandomOrder"}


@pytest.mark.parametrize("name", OUTSIDE)
def test_nothing_else_can_be_reached(name: str, found: Check) -> None:
    nested = f"{{RandomApply: {{transforms: [{name}]}}}}"
    train = f"{{train: [{name}, {nested}], test: [{name}], batch: [{name}]}}"
    told = found({"optimizer": name, "schedule": name, "loss": name, "transforms": train})
    assert [one[1] for one in told] == ["unknown-class"] * 7
    assert all(one[2].startswith(f"`{name}` is no ") for one in told)


def test_a_name_under_another_key_is_told_where_it_stands(found: Check) -> None:
    told = found(
        {
            "optimizer": "StepLR",
            "loss": "crossentropyloss",
            "transforms": "{train: [MixUp], batch: [Resize], test: [{ToDtype: {dtype: float32}}]}",
        }
    )
    assert told == [
        (
            "4:12",
            "unknown-class",
            "`StepLR` is no optimizer of torch.optim that a recipe may name",
            "it is a schedule, which stands under `schedule`",
        ),
        (
            "5:7",
            "unknown-class",
            "`crossentropyloss` is no loss of torch.nn that a recipe may name",
            "did you mean `CrossEntropyLoss`?",
        ),
        (
            "6:22",
            "unknown-class",
            "`MixUp` is no transform of torchvision.transforms.v2 that a recipe may name",
            "it is a transform of a batch, which stands under `transforms.batch`",
        ),
        (
            "6:38",
            "unknown-class",
            "`Resize` is no transform of a batch of torchvision.transforms.v2 that a recipe may name",
            "it is a transform, which stands under `transforms.train and transforms.test`",
        ),
    ]


# what arguments mean: the same object as torch's class makes of Python's values

crop = {"size": 24, "scale": (0.08, 1), "ratio": (3 / 4, 4 / 3)}
MADE = {
    "[{RandomResizedCrop: {size: 24, scale: [8%, 1], ratio: [3/4, 4/3], interpolation: BICUBIC}}]": v2.RandomResizedCrop(
        **crop, interpolation=InterpolationMode.BICUBIC
    ),
    "[{Resize: {size: [8, 9], interpolation: nearest_exact, antialias: false}}]": v2.Resize(
        [8, 9], InterpolationMode.NEAREST_EXACT, antialias=False
    ),
    "[{Resize: {size: null, max_size: 30}}]": v2.Resize(None, max_size=30),
    "[{ToDtype: {dtype: float16, scale: true}}]": v2.ToDtype(torch.float16, scale=True),
    "[{AutoAugment: {policy: cifar10}}]": v2.AutoAugment(v2.AutoAugmentPolicy.CIFAR10),
    "[{Pad: {padding: [1, 2], fill: 0.5, padding_mode: reflect}}]": v2.Pad([1, 2], fill=0.5, padding_mode="reflect"),
    "[{ColorJitter: {brightness: 50%, hue: [-0.1, 0.1]}}]": v2.ColorJitter(brightness=0.5, hue=(-0.1, 0.1)),
    "[{RandomChoice: {p: [1, 3], transforms: [RandomHorizontalFlip, {RandomApply: {transforms: [RGB]}}]}}]": v2.RandomChoice(
        [v2.RandomHorizontalFlip(), v2.RandomApply([v2.RGB()])], p=[1, 3]
    ),
}


@pytest.mark.parametrize("text", MADE)
def test_a_transform_is_the_one_that_torchvision_makes(text: str, tmp_path: Path) -> None:
    problems = Problems()
    made = transforms(named("transforms", f"{{train: {text}}}", tmp_path), problems)
    problems.check()
    assert repr(made) == repr(v2.Compose([MADE[text]]))
    image = Image(torch.arange(3 * 30 * 20).reshape(3, 30, 20).to(torch.uint8))
    outcomes = []
    for one in (made, MADE[text]):
        torch.manual_seed(3)
        outcomes.append(one(image))
    assert torch.equal(*outcomes)


@pytest.mark.parametrize(
    ("text", "make"),
    [
        ("{SGD: {lr: 1e-2, momentum: 90%, nesterov: true}}", lambda p: torch.optim.SGD(p, 0.01, 0.9, nesterov=True)),
        ("{Adam: {betas: [0.8, 0.9], weight_decay: 1/4}}", lambda p: torch.optim.Adam(p, betas=(0.8, 0.9), weight_decay=0.25)),
        ("{Adafactor: {eps: [null, 1e-3]}}", lambda p: torch.optim.Adafactor(p)),
        ("RMSprop", torch.optim.RMSprop),
    ],
)
def test_an_optimizer_is_the_one_that_torch_makes(text: str, make: Any, tmp_path: Path) -> None:
    problems = Problems()
    made, params = optimizer(named("optimizer", text, tmp_path), iter(wanted := weights()), problems), wanted
    problems.check()
    assert repr(made) == repr(make(params))
    assert made is not None
    assert made.param_groups[0]["params"] == params


@pytest.mark.parametrize(
    ("text", "make"),
    [
        ("{StepLR: {step_size: 2, gamma: 0.96}}", lambda o: lr_scheduler.StepLR(o, 2, 0.96)),
        ("{MultiStepLR: {milestones: [2, 5]}}", lambda o: lr_scheduler.MultiStepLR(o, [2, 5])),
        (
            "{SequentialLR: {milestones: [3], schedulers: [{LinearLR: {total_iters: 3}}, {CosineAnnealingLR: {T_max: 5}}]}}",
            lambda o: lr_scheduler.SequentialLR(
                o, [lr_scheduler.LinearLR(o, total_iters=3), lr_scheduler.CosineAnnealingLR(o, 5)], [3]
            ),
        ),
        (
            "{ChainedScheduler: {schedulers: [{ConstantLR: {factor: 1/2}}, {ExponentialLR: {gamma: 0.9}}]}}",
            lambda o: lr_scheduler.ChainedScheduler(
                [lr_scheduler.ConstantLR(o, 0.5), lr_scheduler.ExponentialLR(o, 0.9)], optimizer=o
            ),
        ),
        (
            "{OneCycleLR: {max_lr: 0.3, total_steps: 9, anneal_strategy: LINEAR}}",
            lambda o: lr_scheduler.OneCycleLR(o, 0.3, 9, anneal_strategy="linear"),
        ),
    ],
)
def test_a_schedule_has_the_rates_of_torchs(text: str, make: Any, tmp_path: Path) -> None:
    problems = Problems()
    name = named("schedule", text, tmp_path)
    rates = []
    for maker in (lambda o: schedule(name, o, problems), make):
        of = torch.optim.SGD(weights(), lr=0.1, momentum=0.9)
        made = maker(of)
        rates.append([])
        for _ in range(8):
            rates[-1].append(of.param_groups[0]["lr"])
            of.step()
            made.step()
    problems.check()
    assert rates[0] == rates[1]
    assert len({*rates[0]}) > 1


def test_batches_are_mixed_as_torchvision_mixes_them(tmp_path: Path) -> None:
    text = "{batch: [{RandomChoice: {transforms: [{MixUp: {alpha: 0.2}}, CutMix]}}]}"
    problems = Problems()
    made = batch_transforms(written(tmp_path, {"transforms": text}).settings.transforms.batch, 7, problems)
    problems.check()
    other = v2.RandomChoice([v2.MixUp(alpha=0.2, num_classes=7), v2.CutMix(num_classes=7)])
    images, labels = torch.rand(4, 1, 8, 8, generator=torch.Generator().manual_seed(0)), torch.tensor([0, 6, 2, 3])
    outcomes = []
    for one in (made, other):
        torch.manual_seed(1)
        outcomes.append(one(images, labels))
    assert outcomes[0][1].shape == (4, 7)
    assert all(torch.equal(one, same) for one, same in zip(*outcomes, strict=True))


# what is wrong with arguments

WRONG = {
    "optimizer": {
        "{SGD: {lr: fast, momentun: 0.9, params: 3, nesterov: 1}}": [
            ("4:23", "`lr` of SGD must be a number, found `fast`", None),
            ("4:29", "`momentun` is not an argument of SGD", "did you mean `momentum`?"),
            ("4:44", "`params` of SGD is not a recipe's to give: archspec gives it", None),
            ("4:65", "`nesterov` of SGD must be true or false, found `1`", None),
        ],
        "{SGD: {__init__: 1, self: 2}}": [
            ("4:19", "`__init__` is not an argument of SGD", ...),
            ("4:32", "`self` is not an argument of SGD", ...),
        ],
        # what torch itself says
        "{SGD: {lr: 0.1, nesterov: true}}": [("4:19", "SGD: Nesterov momentum requires a momentum and zero dampening", None)],
        "{Adam: {betas: [0.9]}}": [("4:27", "`betas` of Adam must be a list of 2 values, found a list", None)],
        "SparseAdam": [("4:12", "SparseAdam: SparseAdam does not support dense gradients, please consider Adam instead", None)],
        "{SGD: {lr: 1/0}}": [("4:23", "`lr` of SGD must be a fraction over another number than 0, found `1/0`", None)],
        "{SGD: {lr: 0.1, momentum: [0.9]}}": [("4:38", "`momentum` of SGD must be a number, found a list", None)],
        "{SGD: {lr: 0.1, momentum: {a: 1}}}": [("4:38", "`momentum` of SGD must be a number, found a mapping", None)],
        "{LBFGS: {max_iter: 1000000000}}": [("4:31", "`max_iter` of LBFGS must be at most 1,000, found `1000000000`", None)],
    },
    "schedule": {
        "{StepLR: {gamma: 0.9}}": [("4:12", "`step_size` of StepLR is missing", None)],
        "{StepLR: {step_size: 3, last_epoch: 5}}": [
            ("4:35", "`last_epoch` of StepLR is not a recipe's to give: archspec gives it", None)
        ],
        "LambdaLR": [("4:11", "`lr_lambda` of LambdaLR is a Callable, which a recipe cannot give", None)],
        "{MultiplicativeLR: {lr_lambda: os.system}}": [
            ("4:31", "`lr_lambda` of MultiplicativeLR is a Callable, which a recipe cannot give", None)
        ],
        "{OneCycleLR: {max_lr: 0.1, total_steps: 30, anneal_strategy: cosine}}": [
            ("4:72", "`anneal_strategy` of OneCycleLR must be one of cos, linear, found `cosine`", "did you mean `cos`?")
        ],
        "{OneCycleLR: {max_lr: 0.1, total_steps: 19}}": [
            ("4:25", "OneCycleLR ends after 19 steps, and the training takes 20", None)
        ],
        "{ChainedScheduler: {schedulers: StepLR}}": [
            ("4:43", "`schedulers` of ChainedScheduler must be a list of schedules, found `StepLR`", None)
        ],
    },
    "loss": {
        "{CrossEntropyLoss: {weight: [1, 2]}}": [
            ("4:27", "`weight` of CrossEntropyLoss is a Tensor, which a recipe cannot give", None)
        ],
        "{CrossEntropyLoss: {reduction: none}}": [
            ("4:27", "CrossEntropyLoss must make one number of a batch", "with `reduction: mean`, the default")
        ],
        "{CrossEntropyLoss: {label_smoothing: 2}}": [
            (
                "4:27",
                ...,
                ...,
            )
        ],
        "BCEWithLogitsLoss": [("4:7", ..., "CrossEntropyLoss does")],
        "L1Loss": [("4:7", ..., "CrossEntropyLoss does")],
    },
    "train": {
        "{Resize: {size: 32, interpolation: bicubics}}": [("4:57", ..., "did you mean `bicubic`?")],
        "{Resize: {size: 32, interpolation: [bicubic]}}": [
            (
                "4:57",
                (
                    "`interpolation` of Resize must be one of nearest, nearest-exact, bilinear, bicubic, box, hamming, lanczos "
                    "or a number, found a list"
                ),
                None,
            )
        ],
        "{ToDtype: {dtype: {Image: float32}}}": [
            (
                "4:40",
                (
                    "`dtype` of ToDtype must be one of float32, float16, bfloat16, float64, uint8, int16, int32, int64, "
                    "found a mapping"
                ),
                None,
            )
        ],
        "LinearTransformation": [
            ("4:22", "`transformation_matrix` of LinearTransformation is a Tensor, which a recipe cannot give", None),
            ("4:22", "`mean_vector` of LinearTransformation is a Tensor, which a recipe cannot give", None),
        ],
        "{RandomApply: {transforms: [{a: 1}]}}": [
            (
                "4:50",
                (
                    "each of `transforms` must be a name of torch, such as SGD, or one name with its arguments, such as "
                    "{SGD: {lr: 0.01, momentum: 0.9}}, found a mapping"
                ),
                None,
            )
        ],
        "{Resize: {size: 1000000}}": [("4:38", "`size` of Resize must be at most 4,096, found `1000000`", None)],
    },
    "batch": {
        "{MixUp: {num_classes: 3}}": [("4:31", "`num_classes` of MixUp is not a recipe's to give: archspec gives it", None)],
        "{MixUp: {alpha: -1}}": [("4:31", ..., None)],  # in torchvision's own words
        "{MixUp: {labels_getter: os.system}}": [
            ("4:31", "MixUp: labels_getter should either be 'default', a callable, or None, but got os.system.", None)
        ],
        "{CutMix: {labels_getter: null}}": [("4:32", ..., None)],  # which only a batch shows
    },
}


def as_written(key: str, text: str) -> dict[str, str]:
    """A transform of training images or batches stands at 4:22."""
    rest = "".join(f", {other}: [{{ToDtype: {{dtype: float32}}}}]" for other in ("train", "test") if other != key)
    return {"transforms": f"{{{key}: [{text}]{rest}}}"} if key in ("train", "batch") else {key: text}


@pytest.mark.parametrize(("key", "text"), [(key, text) for key, table in WRONG.items() for text in table])
def test_a_wrong_argument_is_told_with_its_place(key: str, text: str, found: Check) -> None:
    told = found(as_written(key, text))
    expected = WRONG[key][text]
    assert [one[1] for one in told] == ["bad-argument"] * len(expected)
    for (place, _, message, hint), (at, wanted, wanted_hint) in zip(told, expected, strict=True):
        assert place == at
        assert wanted is ... or message == wanted
        assert wanted_hint is ... or hint == wanted_hint


def test_everything_is_told_in_one_run(found: Check) -> None:
    told = found(
        {"optimizer": "SDG", "loss": "L2Loss", "schedule": "StepLR", "transforms": "{train: [Crop], test: [{Resize: {}}]}"}
    )
    assert [one[:2] for one in told] == [
        ("4:12", "unknown-class"),
        ("5:7", "unknown-class"),
        ("6:11", "bad-argument"),
        ("7:22", "unknown-class"),
        ("7:37", "bad-argument"),
    ]


def test_transforms_in_transforms_have_a_bound(found: Check) -> None:
    text = "Identity"
    for _ in range(10):
        text = f"{{Compose: {{transforms: [{text}]}}}}"
    told = found({"transforms": f"{{train: [{text}]}}"})
    assert [one[1:3] for one in told if one[1] == "too-deep"] == [("too-deep", "`transforms` is nested more than 8 levels")]


#: of every form, and numbers that would fill a memory
JUNK = ["", "os.system", "true", "-1", "0", "1e300", "1000000000000", "bilinear", "float32", "none", "inf", "__class__"]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.word)
def test_no_argument_ends_in_a_traceback_or_fills_the_memory(kind: Kind) -> None:
    """Every parameter of every class, with junk; torch only warns of some."""
    at = option("--recipe", "r")
    given = {"params": weights(), "optimizer": torch.optim.SGD(weights(), 0.1), "num_classes": 3}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tried = 0
    for name, one in kind.classes.items():
        needed = [key for key, parameter in parameters(one).items() if parameter.needed and key not in kind.given]
        for key in parameters(one):
            for junk in JUNK:
                with torch.device("meta" if kind is LOSSES else "cpu"):
                    arguments = Map(at, {Text(other, at): Text("1", at) for other in needed} | {Text(key, at): Text(junk, at)})
                    problems = Problems()
                    made = Maker(kind, problems, given).made(Named(name, arguments, at))
                assert (made is None) == bool(len(problems))
                assert all(other.code == "bad-argument" for other in problems.found)
                tried += 1
    assert tried > 100
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < (300 << 20 if sys.platform == "darwin" else 300 << 10)


@pytest.mark.parametrize(
    "text",
    [
        "{LinearCrossEntropyLoss: {in_features: 100000000, num_classes: 100000000}}",
        "{LinearCrossEntropyLoss: {in_features: 8, num_classes: 10}}",
    ],
)
def test_a_loss_has_no_parameters(text: str, found: Check) -> None:
    if not hasattr(nn, "LinearCrossEntropyLoss"):
        pytest.skip("this torch has no such loss")
    message = "LinearCrossEntropyLoss has parameters of its own, which nothing would train"
    assert found({"loss": text}) == [("4:8", "bad-argument", message, None)]


@pytest.mark.parametrize(
    "text",
    [
        "{GaussianBlur: {kernel_size: 99999}}",
        "{ElasticTransform: {sigma: 3000}}",
        "{RandAugment: {num_ops: 1000000}}",
        "{AugMix: {mixture_width: 1000000}}",
        "{RandomZoomOut: {side_range: [1, 4000]}}",
        "{Pad: {padding: [0, 0, 0, 9000]}}",
        "{Normalize: {mean: [" + "0, " * 1000 + "0], std: [1]}}",
    ],
)
def test_no_transform_takes_the_machine_down(text: str, found: Check) -> None:
    (told,) = (one for one in found({"transforms": f"{{train: [{text}]}}"}) if one[0] != "4:13")
    assert told[1] == "bad-argument"
    assert "must be at most" in told[2] or "a list of at most 1,000 values" in told[2]


def test_an_image_stays_small_step_by_step(found: Check) -> None:
    """Each is within its bounds, the sixth is too much; nothing after it runs."""
    steps = ", ".join(["{Pad: {padding: 1500}}"] * 20)
    (told,) = found(
        {"transforms": f"{{train: [{steps}, {{ToDtype: {{dtype: float32}}}}], test: [{{ToDtype: {{dtype: float32}}}}]}}"}
    )
    assert told[2] == f"Pad makes an image of {(32 + 3 * 3000) ** 2:,} values, and {1 << 26:,} is the most"


# what a trial finds

FLOAT = "{ToDtype: {dtype: float32, scale: true}}"


def trained(*steps: str) -> dict[str, str]:
    return {"transforms": f"{{train: [{', '.join(steps)}], test: [{FLOAT}]}}"}


@pytest.mark.parametrize(
    ("steps", "known", "made", "hint"),
    [
        (["Identity"], {}, "uint8 32x32x1 of an image of 32x32x1", "`ToDtype: {dtype: float32, scale: true}`"),
        ([FLOAT], {"sizes": [(28, 30)]}, "float32 28x30x1 of an image of 28x30x1", "`Resize: {size: [32, 32]}`"),
        (["{CenterCrop: {size: 28}}", FLOAT], {}, "float32 28x28x1 of an image of 32x32x1", "`Resize: {size: [32, 32]}`"),
        (["{Resize: {size: 32}}", FLOAT], {"sizes": [(32, 32), (40, 30)]}, "float32 42x32x1 of an image of 40x30x1", ...),
        (
            ["{Grayscale: {num_output_channels: 3}}", FLOAT],
            {},
            "float32 32x32x3 of an image of 32x32x1",
            "`Grayscale: {num_output_channels: 1}`",
        ),
        (["ToPILImage"], {}, "PIL.Image.Image of an image of 32x32x1", None),
        (["{FiveCrop: {size: 32}}"], {}, "tuple of an image of 32x32x1", None),
        (["{ToDtype: {dtype: float64}}"], {}, "float64 32x32x1 of an image of 32x32x1", ...),
    ],
)
def test_transforms_must_make_what_the_network_reads(
    steps: list[str], known: dict[str, Any], made: str, hint: Any, found: Check
) -> None:
    ((place, code, message, told),) = found(trained(*steps), **known)
    assert (place, code) == ("4:21", "bad-argument")
    assert message == f"`transforms.train` makes {made}, and lenet5 reads float32 32x32x1"
    assert hint is ... or told == (hint and f"add or change {hint}")


@pytest.mark.parametrize(
    ("steps", "known"),
    [
        ([FLOAT], {}),  # images may be of the network's size
        (["{Pad: {padding: 2}}", FLOAT], {}),  # or of another that is not known yet
        (["{Pad: {padding: 2}}", FLOAT], {"sizes": [(28, 28)], "channels": (1,)}),
        (["{Grayscale: {num_output_channels: 1}}", "{Resize: {size: [32, 32]}}", FLOAT], {"channels": (1,), "sizes": [(9, 70)]}),
        (["{RandomCrop: {size: 32, padding: 4}}", "{RandomErasing: {p: 1}}", FLOAT, "{Normalize: {mean: [0.5], std: [1]}}"], {}),
        (["{RandomZoomOut: {p: 1}}", "{Resize: {size: [32, 32]}}", FLOAT], {}),
    ],
)
def test_what_may_fit_the_images_is_taken(steps: list[str], known: dict[str, Any], found: Check) -> None:
    assert found(trained(*steps), **known) == []


def test_images_of_known_channels_must_fit(found: Check) -> None:
    """In the test too, which looks at crops."""
    told = found(trained("{Resize: {size: [32, 32]}}", FLOAT), channels=(3,))
    assert [(one[0], one[2]) for one in told] == [
        ("4:21", "`transforms.train` makes float32 32x32x3 of an image of 32x32x3, and lenet5 reads float32 32x32x1"),
        ("4:99", "`transforms.test` makes float32 32x32x3 of an image of 32x32x3, and lenet5 reads float32 32x32x1"),
    ]


def test_a_transform_that_fails_is_named(found: Check) -> None:
    """With torchvision's own words, also where it draws whether to run."""
    told = found(trained("{RandomOrder: {transforms: [Identity, {Normalize: {mean: [0], std: [1]}}]}}", FLOAT))
    with pytest.raises(TypeError) as said:
        v2.Normalize([0], [1])(Image(torch.zeros(1, 4, 4, dtype=torch.uint8)))
    assert told == [("4:37", "bad-argument", f"RandomOrder: {said.value}", None)]


def test_a_loss_must_take_mixed_labels(found: Check) -> None:
    mixed = f"{{train: [{FLOAT}], test: [{FLOAT}], batch: [CutMix]}}"
    assert found({"loss": "NLLLoss"}) == []
    assert found({"loss": "CrossEntropyLoss", "transforms": mixed}) == []
    ((place, code, message, hint),) = found({"loss": "NLLLoss", "transforms": mixed})
    assert (place, code, hint) == ("4:7", "bad-argument", "CrossEntropyLoss does")
    assert message.startswith("NLLLoss does not take the probabilities of mixed classes: ")


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "RMSprop", "LBFGS", "Adafactor", "Rprop", "NAdam"])
def test_optimizers_of_whole_networks_are_taken(name: str, found: Check) -> None:
    assert found({"optimizer": name, "schedule": "ReduceLROnPlateau"}) == []


def test_a_schedule_of_steps_is_held_to_the_steps_once_they_are_known(found: Check) -> None:
    changes = {"schedule": "{OneCycleLR: {max_lr: 0.1, total_steps: 100}}", "schedule every": "step"}
    changes["optimizer"] = "{SGD: {momentum: 0.9}}"
    assert found(changes) == []
    assert found(changes, steps=5) == []
    assert found(changes, steps=6)[0][2] == "OneCycleLR ends after 100 steps, and the training takes 120"


def test_what_is_no_classifier_cannot_be_trained(found: Check, small: Path, marked: Path) -> None:
    ((_, code, message, _),) = [one for one in found({}, "unet") if one[1] == "unsupported"]
    assert message == "unet returns 388x388x2, and a recipe trains a classifier, which returns 1x1xclasses"
    told = [one for one in found({}, str(marked)) if one[1] == "unsupported"]
    assert [one[2:] for one in told] == [
        (
            "mark_up returns early 16x16x4, late 1x1x5, and a recipe trains a classifier, which returns logits",
            "take `outputs` away",
        ),
        ("head aux returns 1x1x3, and mark_up returns 1x1x5", "give them the same, or say `heads: false` in the recipe"),
    ]
    assert code == "unsupported"
    whole = {"transforms": f"{{train: [{{Resize: {{size: [24, 24]}}}}, {FLOAT}], test: [{FLOAT}]}}"}
    assert found(whole, str(small)) == []


@pytest.mark.skipif(torch.accelerator.is_available(), reason="this machine has a GPU")
def test_half_precision_needs_a_gpu(found: Check) -> None:
    told = found({"precision": "16-mixed"})
    assert told == [("4:12", "unsupported", "`16-mixed` needs a GPU, and this machine has none", "use bf16-mixed or 32-true")]


def test_a_trial_leaves_torch_as_it_was(found: Check) -> None:
    """The next draw, and what Python does with warnings."""
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    filters = [*warnings.filters]
    assert found(trained("{RandomResizedCrop: {size: 32}}", FLOAT)) == []
    assert torch.equal(torch.rand(3), expected)
    assert warnings.filters == filters


# the shipped recipes

SHIPPED = {"digits": "lenet5", "googlenet": "googlenet", "imagenet": "resnet50", "googlenet-32": "googlenet-32"}


def test_every_shipped_recipe_fits_a_spec() -> None:
    names = {path.stem for path in (Path(__file__).parent.parent / "recipes").glob("*.yaml")}
    assert names == {*SHIPPED}
    for name, spec in SHIPPED.items():
        check_recipe(load(name), archspec.load(spec))
    check_recipe(load("googlenet"), archspec.load("googlenet"), channels=(3,), sizes=[(250, 375), (375, 250)])


def test_googlenets_recipe_has_the_papers_facts() -> None:
    """Sections 5 to 7: arXiv 1409.4842."""
    settings = load("googlenet").settings
    problems = Problems()
    of = optimizer(settings.optimizer, weights(), problems)
    assert of is not None
    rates = schedule(settings.schedule, of, problems)  # type: ignore[arg-type] # it has one
    assert rates is not None
    first = of.param_groups[0]["lr"]
    for _ in range(16):
        of.step()
        rates.step()
    assert of.param_groups[0]["lr"] == pytest.approx(first * 0.96**2)
    assert of.param_groups[0]["momentum"] == 0.9
    assert isinstance(loss(settings.loss, problems), nn.CrossEntropyLoss)
    crops = transforms(settings.transforms.train, problems).transforms[0].transforms
    problems.check()
    assert {(one.size, tuple(one.scale), tuple(one.ratio)) for one in crops} == {((224, 224), (0.08, 1), (3 / 4, 4 / 3))}
    assert len({(one.interpolation, one.antialias) for one in crops}) == 4
    assert (settings.averaging and settings.averaging.kind, settings.heads) == ("polyak", True)
    assert (settings.test.protocol, settings.test.scales) == ("144-crop", (256, 288, 320, 352))
    subtracted = transforms(settings.transforms.test, problems)(Image(torch.full((3, 4, 4), 255, dtype=torch.uint8)))
    assert torch.allclose(subtracted[:, 0, 0], 1 - torch.tensor([0.485, 0.456, 0.406]))  # torchvision's means; no deviation


def test_a_compiled_module_in_the_process_does_not_let_wrong_arguments_pass(found: Check) -> None:
    """torch's compiler turns the checks of distributions off for good."""
    before = Distribution._validate_args
    Distribution.set_default_validate_args(False)
    try:
        ((_, code, message, _),) = found(as_written("batch", "{MixUp: {alpha: -1}}"))
        assert not Distribution._validate_args
    finally:
        Distribution.set_default_validate_args(before)
    assert code == "bad-argument"
    assert message.startswith("MixUp: Expected parameter concentration")
