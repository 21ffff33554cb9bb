"""The pydantic models of a document.

Rows stay nodes here: their columns depend on their type, and are validated when the tree is built.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, WithJsonSchema

from archspec.language.diagnostics import did_you_mean
from archspec.language.factors import ScaleModel
from archspec.language.figures import Counts, Extent, Figure, Published, output_size
from archspec.language.names import REASONS, nearest
from archspec.language.nodes import is_null, shown
from archspec.language.reasons import Reason
from archspec.language.values import TYPES, Number, Word, nonnegative, number, written

Shape3 = tuple[int, int, int]


_SIDE = r"\s*\+?0*[1-9]\d*\s*"
_INPUT = written("height x width x channels: 224x224x3", pattern=f"{_SIDE}([x×X]{_SIDE}){{2}}")


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

    title: Word | None = Field(default=None, description="of the paper")
    authors: Word | None = Field(default=None, description="for example Szegedy et al.")
    year: Word | None = Field(default=None, description="of publication")
    arxiv: Word | None = Field(default=None, description="its number at arXiv")
    doi: Word | None = Field(default=None, description="its DOI")
    url: Word | None = Field(default=None, description="where it can be read")
    table: Word | None = Field(default=None, description="which table or figure the rows are")
    notes: Word | None = Field(default=None, description="what else a reader should know")
    counts: Counts = Field(default=Counts(), description="the rules by which the source counts")


class RowClaims(Strict):
    """What a source says of a row: figures, and why some of them are not what comes out."""

    params: Published = Field(default=None, description="parameters, for example 6.8M")
    ops: Published = Field(default=None, description="operations, for example 1.5B")
    depth: Published = Field(default=None, description="convolutions and linears on the longest path")
    activations: Published = Field(default=None, description="output elements of convolutions and linears")
    receptive_field: Extent = Field(
        default=None, alias="receptive field", description="how much of the input one place of the output reads"
    )
    erratum: Reason = Field(default=None, description="what the source has wrong, for all figures or for each")
    why: Reason = Field(default=None, description="why a figure is not what comes out, for all figures or for each")

    def figures(self) -> Iterator[tuple[str, Figure | tuple[int, int] | None]]:
        """The figures that are told of, by their key; None takes an inherited one away."""
        for name, field in type(self).model_fields.items():
            if name in self.model_fields_set and name not in REASONS:
                yield field.alias or name, getattr(self, name)


class TotalClaims(RowClaims):
    """What a source says of the whole network."""

    params_with_heads: Published = Field(
        default=None, alias="params with heads", description="parameters, those of the heads included"
    )


class Elsewhere(SourceInfo):
    """A further source, and what it says of the network and of its rows."""

    claims: TotalClaims = Field(default=TotalClaims(), description="what it says of the whole network")
    rows: dict[str, RowClaims] = Field(default={}, description="what it says of rows, by their ids")


def _single(value: Any) -> float:
    parsed = number(value)
    if abs(parsed) > 3.4e38:
        raise ValueError("a number that float32 holds")
    return parsed


_number = written("a number", "number", pattern=r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?%?")
_spread = written("a number of at least 0", "number", pattern=r"\+?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?%?", minimum=0)
Spread = Annotated[float | None, PlainValidator(nonnegative, json_schema_input_type=_spread)]


class Distribution(Strict):
    """How a tensor starts: exactly one of these. Sources: He et al. 2015 (he), Glorot & Bengio 2010 (xavier)."""

    constant: Annotated[float | None, PlainValidator(_single, json_schema_input_type=_number)] = Field(
        default=None, description="the number; a bare number is the same"
    )
    normal: Spread = Field(default=None, description="standard deviation around 0")
    uniform: Spread = Field(default=None, description="bound around 0")
    he_normal: Literal["fan in", "fan out"] | None = Field(default=None, alias="he normal", description="gain for relu")
    he_uniform: Literal["fan in", "fan out"] | None = Field(default=None, alias="he uniform", description="gain for relu")
    xavier_normal: Spread = Field(default=None, alias="xavier normal", description="gain")
    xavier_uniform: Spread = Field(default=None, alias="xavier uniform", description="gain")

    def __str__(self) -> str:
        (name,) = self.model_fields_set
        return f"{name.replace('_', ' ')} {shown(getattr(self, name))}"

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
Scheme = dict[
    str, dict[str, Annotated[Distribution, BeforeValidator(_distribution, json_schema_input_type=_number | Distribution)]]
]


class InitScheme(Strict):
    """A named way to initialise a network, as data."""

    about: Word = ""
    tensors: Scheme = {}


_COLUMN_TYPE: Any = Annotated[Any, WithJsonSchema({"enum": list(TYPES)})]


def _column_type(value: Any) -> str:
    if not isinstance(value, str) or value not in TYPES:
        near = did_you_mean(nearest(str(value), TYPES))
        raise ValueError(f"one of {', '.join(TYPES)}" + (f" ({near})" if near else ""))
    return str(value)


class ColumnModel(Strict):
    """A column of a block."""

    type: Annotated[str, PlainValidator(_column_type, json_schema_input_type=_COLUMN_TYPE)] = Field(
        description="what its cells hold"
    )
    header: Word | None = Field(default=None, description="what the paper prints; the id with spaces if it is not stated")
    default: Any = Field(default=None, description="a value or a formula; without it the column is needed")
    min: Number | None = Field(default=None, description="the least value, of a column of numbers")
    max: Number | None = Field(default=None, description="the largest value, of a column of numbers")
    choices: tuple[Word, ...] = Field(default=(), description="the values that it takes")
    scale: Literal["none", "width"] | None = Field(
        default=None,
        description="whether a scale multiplies the channels that are written in it; by its type if it is not stated",
    )
    about: Word = Field(default="", description="what it means")


class BlockModel(Strict):
    """A block: a template with typed columns. A block that redefines another may leave parts out."""

    about: Word | None = Field(default=None, description="one line of text")
    columns: dict[str, ColumnModel] | None = Field(default=None, description="the columns by id")
    vars: dict[str, Any] | None = Field(default=None, description="named formulas; each sees the columns and the vars before it")
    body: Any = Field(default=None, description="a row, a list of rows, or a combinator")


#: one axis of a design space
_VALUES: Any = {"type": ["number", "string", "boolean"]}
_AXES = WithJsonSchema(
    {"type": "object", "additionalProperties": {"anyOf": [_VALUES, {"type": "array", "minItems": 1, "items": _VALUES}]}}
)
_LINKS = WithJsonSchema({"type": "object", "additionalProperties": {"type": "string", "pattern": "^="}})


class SpaceModel(Strict):
    """A design space: which cells vary, over which values, and what its members keep to."""

    vary: Annotated[dict[str, Any], _AXES] = Field(
        default={}, description="an axis for each path: a range 16:96:16, or a list of values"
    )
    each: Annotated[dict[str, Any], _AXES] = Field(
        default={}, description="the same, with an axis for each cell that a path meets"
    )
    links: Annotated[dict[str, Word], _LINKS] = Field(default={}, description="formulas for cells that follow from others")
    where: Annotated[
        tuple[Word, ...],
        BeforeValidator(
            lambda value: (value,) if isinstance(value, str) else value, json_schema_input_type=Word | tuple[Word, ...]
        ),
    ] = Field(default=(), description="constraints, such as params <= 7M: one, or a list")


class Document(Strict):
    """One YAML document: a spec, or the changes that a spec makes to the one it extends."""

    name: Word = Field(default="", description="the network's name")
    about: Word = Field(default="", description="one line of text, shown in reports")
    extends: Word | None = Field(default=None, description="the spec that this one changes: a shipped name, or a file")
    uses: Word | tuple[Word, ...] | None = Field(default=None, description="a file of blocks, or a list of them")
    source: SourceInfo | None = Field(default=None, description="where the table comes from, and how it counts")
    input: Annotated[Shape3 | None, PlainValidator(_input_size, json_schema_input_type=_INPUT)] = Field(
        default=None, description="height x width x channels: 224x224x3"
    )
    vars: dict[str, Any] = Field(default={}, description="named values for formulas")
    scale: Annotated[ScaleModel | None, BeforeValidator(lambda value: None if is_null(value) else value)] = Field(
        default=None, description="what multiplies the channels and the repeats"
    )
    defaults: dict[str, dict[str, Any]] = Field(default={}, description="values for columns, by type")
    blocks: dict[str, BlockModel] = Field(default={}, description="the spec's own blocks")
    rows: Any = Field(default=None, description="the list of rows; in a spec that extends another, changes by path")
    heads: Annotated[dict[str, Any], BeforeValidator(lambda value: {} if is_null(value) else value)] = Field(
        default={}, description="auxiliary classifiers, which exist in training only"
    )
    outputs: Annotated[Any, PlainValidator(lambda value: value, json_schema_input_type=list[str] | dict[str, str] | None)] = (
        Field(default=None, description="the rows that the model returns by name: a list of ids, or names with ids")
    )
    claims: TotalClaims = Field(default=TotalClaims(), description="what the source says of the whole network")
    elsewhere: dict[str, Annotated[Elsewhere | None, BeforeValidator(lambda value: None if is_null(value) else value)]] = Field(
        default={}, description="what further sources say of the network, by a name for each"
    )
    init: Any = Field(default=None, description="how the weights start: a scheme's name, or op, tensor, distribution")
    space: SpaceModel | None = Field(default=None, description="the variants of this spec that a sweep looks through")
