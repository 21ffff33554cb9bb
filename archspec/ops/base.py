"""What every op is: columns, a shape rule, a cost rule, and a module."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from functools import cache, reduce
from operator import add, mul
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self, TypeAlias

from pydantic import BaseModel, ConfigDict
from pydantic import Field as _Field
from pydantic.fields import FieldInfo

from archspec.language.columns import REQUIRED, Column
from archspec.ops.facts import Facts
from archspec.ops.reach import Reach

if TYPE_CHECKING:
    from torch import nn


#: the size of a tensor, as torch has it: its dimensions, none for a single number
Size: TypeAlias = tuple[int, ...]


class Shape(NamedTuple):
    """One example's size: channels x height x width, or a vector of `channels` if `flat` (then 1x1)."""

    channels: int
    height: int = 1
    width: int = 1
    flat: bool = False

    @property
    def elements(self) -> int:
        return self.channels * (self.height * self.width)

    @property
    def tensor(self) -> tuple[int, ...]:
        """The size of the tensor without its batch dimension."""
        return (self.channels,) if self.flat else (self.channels, self.height, self.width)

    def __str__(self) -> str:
        return f"{self.height}x{self.width}x{self.channels}"


class ShapeError(Exception):
    """An op, or a join of branches, cannot take what comes in; `column` names the cell at fault."""

    def __init__(self, message: str, column: str | None = None) -> None:
        super().__init__(message)
        self.message, self.column = message, column


class Cost(NamedTuple):
    """What one node costs for one example, as exact integers that add up over nodes.

    `params` are elements of trained tensors, `biases` those of them that are biases of convolutions and linears;
    `macs` are multiply-adds of convolutions and linears without bias; `activations` are their output elements;
    `buffers` are elements of floating-point tensors in the state_dict that are not trained (running statistics).
    """

    params: int = 0
    biases: int = 0
    macs: int = 0
    activations: int = 0
    buffers: int = 0

    def __add__(self, other: Cost) -> Cost:  # type: ignore[override] # costs add up; a tuple would grow longer
        return Cost(*map(add, self, other))

    @classmethod
    def total(cls, costs: Iterable[Cost]) -> Cost:
        """The sum of costs."""
        return cls(*map(sum, zip(*costs, strict=True))) if (costs := tuple(costs)) else cls()


def column(
    default: Any = ...,
    *,
    header: str | None = None,
    about: str = "",
    least: float | None = None,
    choices: tuple[str, ...] = (),
    scale: str | None = None,
) -> Any:
    """A column of an op: a pydantic field with the header that papers print. A default that starts with = is a formula.
    `scale="none"`: channels that a scale does not multiply.
    """
    bounds: Any = {"minimum": least, "enum": choices, "scale": scale}
    return _Field(default, title=header, description=about, json_schema_extra=bounds)


class Op(BaseModel):
    """A primitive op. Subclass it in a module of archspec.ops that is named after it; its fields are its columns."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, defer_build=True)

    name: ClassVar[str]
    #: its trained tensors, which an initialisation may name, with their number of dimensions
    tensors: ClassVar[Mapping[str, int]] = {}
    #: its floating-point tensors in the state_dict that are not trained (running statistics)
    statistics: ClassVar[tuple[str, ...]] = ()
    #: whether the op is one of the layers that `depth` counts (convolutions and linears)
    layer: ClassVar[bool] = False
    #: whether, as the last row, it only reads the logits: the model returns its input (see docs/language.md, softmax)
    reading: ClassVar[bool] = False
    #: whether its module has torch's argument `inplace`: it can write its output over its input
    inplace: ClassVar[bool] = False

    def output(self, shape: Shape) -> Shape:
        """The output's shape for an input of `shape`; raises ShapeError."""
        return shape

    def state(self, shape: Shape, out: Shape) -> Mapping[str, Size]:
        """The sizes of its tensors in the state_dict, in torch's order, for an input of `shape`, whose output is `out`."""
        return {}

    def cost(self, shape: Shape, out: Shape) -> Cost:
        """What it costs for an input of `shape`, whose output is `out`: of an op that does not say, its tensors alone."""
        sizes = self.state(shape, out)
        if not sizes:
            return Cost()
        trained, kept = ([elements(size) for name, size in sizes.items() if name in of] for of in (self.tensors, self.statistics))
        return Cost(sum(trained), buffers=sum(kept))

    def facts(self, shape: Shape, out: Shape) -> Facts:
        """What other tools count of it besides its cost, for an input of `shape`, whose output is `out`."""
        return Facts()

    def reach(self, shape: Shape, out: Shape) -> tuple[Reach, Reach]:
        """Which rows and columns of the input a place of the output reads; statistics over a map (group norm) do not count."""
        return Reach(), Reach()

    def allocates(self, shape: Shape, out: Shape) -> int:
        """Elements of the new memory that holds its output in eval mode; 0 if the output is the input's own memory."""
        return out.elements

    def module(self, shape: Shape) -> nn.Module:
        """The torch module for an input of `shape`; torch is imported inside."""
        # not abstract: an op without a module can be checked and counted
        raise NotImplementedError(f"{type(self).__name__} has no module")

    @property
    def spreads(self) -> bool:
        """Whether it depends on its place among the ops of its kind that also say so."""
        return False

    def placed(self, index: int, count: int) -> Self:
        """The op as the `index`-th (from 0) of `count` that spread."""
        return self

    @classmethod
    def about(cls) -> str:
        return inspect.getdoc(cls) or ""

    @classmethod
    def columns(cls) -> dict[str, Column]:
        return _columns(cls)


@cache
def _columns(op: type[Op]) -> dict[str, Column]:
    return {name: _column(name, field) for name, field in op.model_fields.items()}


def _column(name: str, field: FieldInfo) -> Column:
    annotation: Any = field.annotation
    for extra in reversed(field.metadata):  # pydantic takes an Annotated type apart
        annotation = _annotated(annotation, extra)
    default = REQUIRED if field.is_required() else field.default
    bounds: Any = field.json_schema_extra or {}
    header = field.title or name.replace("_", " ")
    told = {"least": bounds.get("minimum"), "choices": bounds.get("enum", ()), "scale": bounds.get("scale")}
    return Column(name, header, annotation, default, field.description or "", **told)


def _annotated(annotation: Any, extra: Any) -> Any:
    from typing import Annotated

    return Annotated[annotation, extra]


def elements(size: Size) -> int:
    """How many numbers a tensor of this size has."""
    return reduce(mul, reversed(size)) if size else 1  # channels last: they are what differs where numbers are arrays


def layer_cost(state: Mapping[str, Size], places: int, out: Shape) -> Cost:
    """What a convolution or linear costs, each weight of which meets so many places."""
    weights = elements(state["weight"])
    biases = elements(state.get("bias", (0,)))
    return Cost(weights + biases, biases, weights * places, out.elements)


def divides(parts: int, column: str, counts: Mapping[str, int]) -> None:
    """ShapeError unless so many groups divide every count."""
    for what, count in counts.items():
        if count % parts:
            raise ShapeError(f"{parts} groups do not divide the {count} {what}", column)


def needs_map(shape: Shape, what: str) -> None:
    """ShapeError unless a map comes in."""
    if shape.flat:
        raise ShapeError(f"{what} needs a map, but a flattened vector of {shape.channels} comes in")
