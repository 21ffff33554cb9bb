"""The pydantic models of a recipe: its keys, and what each takes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator

from archspec.language.nodes import Map, Text, is_null
from archspec.language.places import Place, Source
from archspec.language.schema import SourceInfo, Strict
from archspec.language.values import Bool, Count, Fraction, Number, Word, number, whole, written
from archspec.recipe.named import Name, Named, value

#: how a test looks at an image; archspec.training.crops has the boxes of each
Protocol = Literal["center", "10-crop", "144-crop"]
#: as Lightning names them
Precision = Literal["32-true", "64-true", "16-mixed", "bf16-mixed", "bf16-true"]


def _share(node: Any) -> float:
    """A share between 0 and 1: `1/5`, `0.2`, `20%`."""
    wanted = "a share between 0 and 1, such as 1/5 or 20%"
    try:
        share = value(node) if isinstance(node, Text) else node
    except ValueError:
        share = None
    if not isinstance(share, int | float) or isinstance(share, bool) or not 0 < share < 1:
        raise ValueError(wanted)
    return float(share)


def _null(node: Any) -> Any:
    return None if is_null(node) or node == "none" else node


#: how a key says that there is none
_NONE = Literal["none"] | None
_part = written("a share between 0 and 1: 1/5, 0.2, 20%", "number", pattern=r"\d+/\d+|(\d+\.?\d*|\.\d+)%?")
_natural = written("a whole number of at least 0", "integer", pattern=r"\+?\d+", minimum=0)
_MOST_WORKERS = 128


def _above_0(node: Any) -> float:
    """A number above 0."""
    try:
        found = number(node)
    except ValueError:
        found = 0
    if found <= 0:
        raise ValueError("a number above 0")
    return found


_processes = written("a number of processes", "integer", pattern=r"\+?\d+", minimum=0, maximum=_MOST_WORKERS)
_norm = written("a number above 0", "number", pattern=r"\+?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?%?", exclusiveMinimum=0)
Workers = Annotated[int, PlainValidator(whole(0, _MOST_WORKERS, "a number of processes"), json_schema_input_type=_processes)]
Above0 = Annotated[float, PlainValidator(_above_0, json_schema_input_type=_norm)]
Share = Annotated[float, PlainValidator(_share, json_schema_input_type=_part)]
Natural = Annotated[int, PlainValidator(whole(0, 2**31 - 1, "a whole number of at least 0"), json_schema_input_type=_natural)]
Seed = Annotated[
    int, PlainValidator(whole(0, 2**31 - 1, "a seed, a whole number of at least 0"), json_schema_input_type=_natural)
]


_NOWHERE = Place(Source("recipe", ""))
_CROSS_ENTROPY = Named("CrossEntropyLoss", Map(_NOWHERE), _NOWHERE)
_Argument = Annotated[Any, PlainValidator(value, json_schema_input_type=Any)]


class HeldOutModel(Strict):
    """Training images that are kept for validation: so many of each class, drawn by a seed of their own."""

    share: Share = Field(description="of the images of each class")
    seed: Seed = Field(default=0, description="which ones; the seed of the training does not change them")


class DataModel(Strict):
    """How images are read."""

    workers: Workers = Field(default=0, description="processes that read and transform images; 0: the training's own")
    held_out: Annotated[HeldOutModel | None, BeforeValidator(_null, json_schema_input_type=HeldOutModel | _NONE)] = Field(
        default=None, alias="held out", description="what of the training images is kept for validation, if the data has no other"
    )
    arguments: dict[str, _Argument] = Field(default={}, description="further arguments of a torchvision data set, such as split")


class TransformsModel(Strict):
    """Transforms of torchvision.transforms.v2, in order, on images as uint8 tensors."""

    train: tuple[Name, ...] = Field(default=(), description="of each training image")
    batch: tuple[Name, ...] = Field(default=(), description="of a training batch with its labels: MixUp, CutMix")
    test: tuple[Name, ...] = Field(default=(), description="of each crop of a test or validation image")


class AveragingModel(Strict):
    """Weights averaged over the steps of the training, which validation and the result use."""

    kind: Literal["polyak", "ema"] = Field(description="polyak: the mean of all steps; ema: one that forgets")
    decay: Fraction | None = Field(default=None, description="of ema: what a step keeps of the mean, 0.999 if it is not stated")
    start: Natural = Field(default=0, alias="from epoch", description="the first epoch, from 0, whose steps count")


class EarlyStopModel(Strict):
    """The training ends when a validation metric gets no better."""

    metric: Literal["loss", "top-1", "top-5"] = Field(default="loss", description="of the validation: loss, top-1 or top-5")
    patience: Count = Field(description="epochs without a better value")
    least: Number = Field(default=0, alias="min delta", description="what counts as better")


class TestModel(Strict):
    """How an image is looked at in validation and test."""

    __test__ = False  # no test of pytest's

    protocol: Protocol = Field(
        default="center", description="of `archspec test`: center, 10-crop or 144-crop; validation looks at the center"
    )
    resize: Annotated[Count | None, BeforeValidator(_null, json_schema_input_type=Count | _NONE)] = Field(
        default=None, description="of center and 10-crop: the shorter side before crops, 256/224 of the input if not stated"
    )
    scales: tuple[Count, ...] = Field(
        default=(), description="of 144-crop: the shorter sides; 256, 288, 320 and 352 for an input of 224, and in proportion"
    )


class RecipeModel(Strict):
    """One YAML document: a recipe, or the changes to the one that it extends."""

    name: Word = Field(default="", description="the recipe's name")
    about: Word = Field(default="", description="one line of text")
    extends: Word | None = Field(default=None, description="the recipe that this one changes: a shipped name, or a file")
    source: SourceInfo | None = Field(default=None, description="where the protocol comes from")
    seed: Seed = Field(default=0, description="of the weights, the order of images, augmentation and dropout")
    epochs: Count = Field(description="passes over the training images")
    batch: Count = Field(description="images of one step of the optimizer, on all devices together")
    accumulate: Count = Field(default=1, description="parts in which a batch goes through the network, their gradients added")
    precision: Precision = Field(
        default="32-true", description="of numbers, as Lightning names it: 32-true, 64-true, bf16-true, bf16-mixed, 16-mixed"
    )
    optimizer: Name = Field(description="of torch.optim, with its arguments")
    schedule: Annotated[Name | None, BeforeValidator(_null, json_schema_input_type=Name | _NONE)] = Field(
        default=None, description="of the learning rate: of torch.optim.lr_scheduler, with its arguments"
    )
    every: Literal["epoch", "step"] = Field(
        default="epoch", alias="schedule every", description="when the schedule goes on: after each epoch, or each step"
    )
    clip: Annotated[Above0 | None, BeforeValidator(_null, json_schema_input_type=Above0 | _NONE)] = Field(
        default=None, alias="clip norm", description="the most that the gradients' norm may be"
    )
    loss: Name = Field(
        default=_CROSS_ENTROPY,
        description="of torch.nn, between logits and the numbers of classes; CrossEntropyLoss if it is not stated",
    )
    heads: Bool = Field(default=True, description="whether the spec's heads are trained too, each loss weighted as the spec says")
    averaging: Annotated[AveragingModel | None, BeforeValidator(_null, json_schema_input_type=AveragingModel | _NONE)] = Field(
        default=None, description="of the weights over the steps"
    )
    early_stop: Annotated[EarlyStopModel | None, BeforeValidator(_null, json_schema_input_type=EarlyStopModel | _NONE)] = Field(
        default=None, alias="early stop", description="whether it may end before all epochs"
    )
    data: DataModel = Field(default=DataModel(), description="how images are read")
    transforms: TransformsModel = Field(description="what is done to images")
    test: TestModel = Field(default=TestModel(), description="how an image is looked at in validation and test")
