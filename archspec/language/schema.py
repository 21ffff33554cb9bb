"""The pydantic models of a document.

Rows stay nodes here: their columns depend on their type, and are validated when the tree is built.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator

from archspec.language.diagnostics import did_you_mean
from archspec.language.figures import Counts, Figure, figure, output_size
from archspec.language.names import nearest
from archspec.language.nodes import is_null
from archspec.language.values import TYPES, Number, Word, nonnegative, number

Shape3 = tuple[int, int, int]


def _input_size(value: Any) -> Shape3:
    wanted = "a size such as 224x224x3, height x width x channels"
    size = output_size(value, wanted)
    if not isinstance(value, str) or len(size) != 3:
        raise ValueError(wanted)
    return size[0], size[1], size[2]


class Strict(BaseModel):
    """Unknown keys are errors everywhere."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SourceInfo(Strict):
    """What the table was taken from, and how it counts."""

    title: Word | None = None
    authors: Word | None = None
    year: Word | None = None
    arxiv: Word | None = None
    doi: Word | None = None
    url: Word | None = None
    table: Word | None = None
    notes: Word | None = None
    counts: Counts = Counts()


class TotalClaims(Strict):
    """What the source says of the whole network."""

    params: Annotated[Figure | None, PlainValidator(figure)] = None
    ops: Annotated[Figure | None, PlainValidator(figure)] = None
    depth: Annotated[Figure | None, PlainValidator(figure)] = None


def _single(value: Any) -> float:
    parsed = number(value)
    if abs(parsed) > 3.4e38:
        raise ValueError("a number that float32 holds")
    return parsed


Spread = Annotated[float | None, PlainValidator(nonnegative)]


class Distribution(Strict):
    """How a tensor starts: exactly one of these. Sources: He et al. 2015 (he), Glorot & Bengio 2010 (xavier)."""

    constant: Annotated[float | None, PlainValidator(_single)] = None
    normal: Spread = Field(None, description="standard deviation around 0")
    uniform: Spread = Field(None, description="bound around 0")
    he_normal: Literal["fan in", "fan out"] | None = Field(None, alias="he normal")
    he_uniform: Literal["fan in", "fan out"] | None = Field(None, alias="he uniform")
    xavier_normal: Spread = Field(None, alias="xavier normal", description="gain")
    xavier_uniform: Spread = Field(None, alias="xavier uniform", description="gain")

    @property
    def needs_matrix(self) -> bool:
        """Whether it looks at a fan, which a vector does not have."""
        return any("he_" in name or "xavier" in name for name in self.model_fields_set)


def _distribution(value: Any) -> Any:
    if isinstance(value, Mapping):
        if len(value) != 1:
            raise ValueError("a number, or one distribution such as {he normal: fan out}")
        return value
    try:
        return {"constant": number(value)}
    except ValueError:
        raise ValueError("a number, or one distribution such as {he normal: fan out}") from None


#: op type -> tensor name -> distribution
Scheme = dict[str, dict[str, Annotated[Distribution, BeforeValidator(_distribution)]]]


class InitScheme(Strict):
    """A named way to initialise a network, as data."""

    about: Word = ""
    tensors: Scheme = {}


def _column_type(value: Any) -> str:
    if value not in TYPES:
        near = did_you_mean(nearest(str(value), TYPES))
        raise ValueError(f"one of {', '.join(TYPES)}" + (f" ({near})" if near else ""))
    return str(value)


class ColumnModel(Strict):
    """A column of a block."""

    type: Annotated[str, PlainValidator(_column_type)]
    header: Word | None = None
    default: Any = None
    min: Number | None = None
    max: Number | None = None
    choices: tuple[Word, ...] = ()
    about: Word = ""


class BlockModel(Strict):
    """A block: a template with typed columns. A block that redefines another may leave parts out."""

    about: Word | None = None
    columns: dict[str, ColumnModel] | None = None
    vars: dict[str, Any] | None = None
    body: Any = None


class Document(Strict):
    """One YAML document: a spec, or the changes that a spec makes to the one it extends."""

    name: Word = ""
    about: Word = ""
    extends: Word | None = None
    uses: Word | tuple[Word, ...] | None = None
    source: SourceInfo | None = None
    input: Annotated[Shape3 | None, PlainValidator(_input_size)] = None
    vars: dict[str, Any] = {}
    defaults: dict[str, dict[str, Any]] = {}
    blocks: dict[str, BlockModel] = {}
    rows: Any = None
    heads: Annotated[dict[str, Any], BeforeValidator(lambda value: {} if is_null(value) else value)] = {}
    outputs: Any = None
    claims: TotalClaims = TotalClaims()
    init: Any = None
