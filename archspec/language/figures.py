"""Published figures as text: `2.7K`, `118M`, `28x28x256`, and the rules by which a source counts."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator

from archspec.language.nodes import is_null
from archspec.language.values import SIZE, Bool, sides, whole, written
from archspec.language.values import Fraction as Share

_FIGURE = re.compile(r"(\d{1,18}(?:,\d{3}){0,6})(?:\.(\d{1,9}))?\s*(K|M|B|G|T| ?thousand| ?million| ?billion)?", re.IGNORECASE)
_WORDS = {"thousand": "K", "million": "M", "billion": "B"}
_POWERS = {"": 0, "K": 1, "M": 2, "B": 3, "G": 3, "T": 4}


@dataclass(frozen=True)
class Figure:
    """A printed number: its digits as an exact fraction, how many decimals were printed, and its suffix."""

    text: str
    value: Fraction
    decimals: int
    suffix: str

    def number(self, base: int) -> Fraction:
        """The number that is meant where K is `base`."""
        return self.value * int(base ** _POWERS[self.suffix])

    def rounds_from(self, computed: int, base: int) -> bool:
        """Whether `computed`, rounded as this figure is printed (half up), gives this figure."""
        scaled = Fraction(computed, base ** _POWERS[self.suffix]) * 10**self.decimals
        return bool(math.floor(scaled + Fraction(1, 2)) == self.value * 10**self.decimals)

    def like(self, computed: int, base: int) -> str:
        """`computed` in this figure's unit, with one decimal more than was printed; exact if it is far below the unit."""
        places = self.decimals + 1 if self.suffix else self.decimals
        scaled = int(Fraction(computed, base ** _POWERS[self.suffix]) * 10**places + Fraction(1, 2))
        if scaled < 10 and self.suffix:
            return f"{computed:,}"
        whole_part, decimals = divmod(scaled, 10**places)
        return f"{whole_part}.{decimals:0{places}d}{self.suffix}" if places else f"{whole_part:,}{self.suffix}"


def figure(value: object) -> Figure:
    """Reads `159K`, `2.7K`, `6,998,552`, `1.5 billion`; raises ValueError with what it expects."""
    match = _FIGURE.fullmatch(str(value).strip())
    if isinstance(value, bool) or not match:
        raise ValueError("a figure such as 159K, 2.7K or 118M")
    digits, decimals, word = match[1].replace(",", ""), match[2] or "", (match[3] or "").strip()
    suffix = _WORDS.get(word.lower(), word.upper())
    return Figure(str(value).strip(), Fraction(f"{digits}.{decimals or 0}"), len(decimals), suffix)


def output_size(value: object, wanted: str = "a size such as 28x28x256, height x width x channels") -> tuple[int, ...]:
    """Reads `28x28x256` (height x width x channels) or `4x4` (any channels); raises ValueError."""
    one = whole(1, 2**31 - 1, wanted)
    parts = str(value).lower().replace("×", "x").split("x") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or len(parts) not in (2, 3):
        raise ValueError(wanted)
    return tuple(one(part.strip() if isinstance(part, str) else part) for part in parts)


#: reads a receptive field, `195` or `195x195`
extent = sides(1, "a number of places such as 195, or height x width")

_figure = written(
    "a figure as the source prints it: 159K, 2.7K, 6,998,552, 1.5 billion",
    *("number", "null"),
    pattern=r"\s*\d[\d,]*(\.\d+)?\s*([KMBGTkmbgt]| ?([Tt]housand|[MmBb]illion))?\s*",
    minimum=0,
)
_extent = written("places of the input: 195, or height x width", "integer", "null", pattern=rf"\s*{SIZE}\s*", minimum=1)
_one = r"\s*\+?0*[1-9]\d*\s*"
_output_size = written(
    "height x width x channels: 28x28x256, or 28x28 without the channels",
    *("array",),
    pattern=f"{_one}([x×X]{_one}){{1,2}}",
    minItems=2,
    maxItems=3,
)

#: figures and sizes as a source prints them
Published = Annotated[
    Figure | None, PlainValidator(lambda value: None if is_null(value) else figure(value), json_schema_input_type=_figure)
]
Extent = Annotated[
    tuple[int, int] | None,
    PlainValidator(lambda value: None if is_null(value) else extent(value), json_schema_input_type=_extent),
]
OutputSize = Annotated[tuple[int, ...], PlainValidator(output_size, json_schema_input_type=_output_size)]


def _either(*units: int) -> Callable[[object], int]:
    """A parser for one of the sizes that a unit has in print."""

    def parse(value: object) -> int:
        if value not in [str(unit) for unit in units]:
            raise ValueError(" or ".join(map(str, units)))
        return int(str(value))

    return parse


_K = Literal[1000, 1024, "1000", "1024"]
_M = Literal[1000000, 1048576, "1000000", "1048576"]


class _Rules(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    K: Annotated[int | None, PlainValidator(_either(1000, 1024), json_schema_input_type=_K)] = Field(
        default=None, description="what K is"
    )
    M: Annotated[int | None, PlainValidator(_either(1000**2, 1024**2), json_schema_input_type=_M)] = Field(
        default=None, description="what M is, the square of K"
    )

    @property
    def base(self) -> int:
        """What K is; M is its square."""
        if self.K is not None:
            return self.K
        return round(self.M**0.5) if self.M is not None else 1000


class ParamRules(_Rules):
    """How the source counts parameters: what K (or M) is, and whether biases are in."""

    bias: Bool = Field(default=True, description="whether biases are counted")


class OpRules(_Rules):
    """How the source counts operations: what M (or K) is; a multiply-add is one operation, or two flops."""

    unit: Literal["multiply-adds", "flops"] = Field(
        default="multiply-adds", description="what one operation is: a multiply-add, or a flop, two of which make one"
    )


class Counts(BaseModel):
    """The counting rules of a source, by which its figures are audited."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    params: ParamRules = Field(default=ParamRules(), description="how parameters are counted")
    ops: OpRules = Field(default=OpRules(), description="how operations are counted")
    tolerance: Share = Field(default=0.02, description="the share that a figure may be off and still agree")
