"""Column types: what a cell's text, or a formula's value, is turned into.

Each type is a function from text or value to a value; it raises ValueError with *what it
expects*, and the caller adds what was found and where. As pydantic annotations the same
functions validate the columns of ops and of blocks. Beside each stands what it takes, as a JSON Schema
for editors, which cannot run the function.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, PlainValidator, WithJsonSchema

from archspec.language.functions import finite
from archspec.language.functions import whole as entire
from archspec.language.many import Many, is_number, is_truth, is_whole

MAX_COUNT = 2**31 - 1

_INT = re.compile(r"[+-]?\d{1,25}")
_NUMBER = re.compile(r"[+-]?(\d{1,25}\.?\d{0,25}|\.\d{1,25})([eE][+-]?\d{1,3})?")

#: a size as text, its numbers of at least 1 or of at least 0
SIZE, SIZE_OR_0 = (rf"{one}(\s*[x×X]\s*{one})?" for one in (r"\+?0*[1-9]\d*", r"\+?\d+"))

_EDGE = r"\+?\d+(\s*:\s*\+?\d+)?"
#: a padding that differs from side to side, as text
EDGES = rf"{_EDGE}(\s*[x×X]\s*{_EDGE})?"


class ItemError(ValueError):
    """One item of a list is wrong."""

    def __init__(self, wanted: str, item: Any) -> None:
        super().__init__(wanted)
        self.item = item


def whole(least: int, most: int, wanted: str) -> Callable[[Any], int]:
    """A parser for whole numbers from `least` to `most`."""

    def parse(value: Any) -> int:
        if (isinstance(value, str) and _INT.fullmatch(value)) or (isinstance(value, float) and value.is_integer()):
            value = int(value)
        if isinstance(value, tuple) and value and all(part == value[0] for part in value):  # a square size is a number
            value = value[0]
        value = entire(value)
        if not is_whole(value) or is_truth(value) or value < least:
            raise ValueError(wanted)
        if value > most:
            raise ValueError(f"{wanted} of at most {most:,}")
        return value  # type: ignore[no-any-return] # an int, of one variant or of many

    return parse


def number(value: Any) -> float:
    """A finite number: `6`, `0.25`, `1e-3`, `40%`."""
    if isinstance(value, str):
        text = value.removesuffix("%")
        if _NUMBER.fullmatch(text):
            parsed = int(text) if _INT.fullmatch(text) else float(text)
            value = parsed / 100 if text != value else parsed
    if not is_number(value) or not finite(value):
        raise ValueError("a finite number")
    return value  # type: ignore[no-any-return] # of one variant or of many


def nonnegative(value: Any) -> float:
    """A finite number of at least 0."""
    try:
        parsed = number(value)
    except ValueError:
        parsed = -1.0
    if parsed < 0:
        raise ValueError("a number of at least 0")
    return parsed


def fraction(value: Any) -> float:
    """A share from 0 to below 1: `0.4` or `40%`."""
    try:
        share = number(value)
    except ValueError:
        share = -1.0
    if not 0 <= share < 1:
        raise ValueError("a share from 0 to below 1, such as 0.4 or 40%")
    return share if isinstance(share, Many) else float(share)


def sides(least: int, wanted: str) -> Callable[[Any], tuple[int, int]]:
    """A parser for height x width: `3x3`, `1x7`, or `3` for both."""
    one = whole(least, MAX_COUNT, wanted)

    def parse(value: Any) -> tuple[int, int]:
        parts = value.lower().replace("×", "x").split("x") if isinstance(value, str) else value
        if isinstance(parts, int | float | Many):
            parts = [parts]
        if not isinstance(parts, list | tuple) or not 1 <= len(parts) <= 2:
            raise ValueError(wanted)
        height, width = (one(part.strip() if isinstance(part, str) else part) for part in (parts * 2)[:2])
        return height, width

    return parse


def padding(value: Any) -> Any:
    """`same`, `valid`, `tf same`, rows x columns added on both sides (`3`, `1x3`), or before:after (`0:1`, `0:1x2:2`)."""
    wanted = "same, valid, tf same, or a size such as 1, 0x3 or 0:1x0:1"
    if isinstance(value, str):
        if " ".join(value.split()) in ("same", "valid", "tf same"):
            return " ".join(value.split())
        if ":" in value:
            return _edges(value, wanted)
    elif isinstance(value, tuple) and len(value) == 2 and all(isinstance(part, tuple) for part in value):
        return value
    return sides(0, wanted)(value)


def _edges(value: str, wanted: str) -> Any:
    """`0:1x2:2` is rows above and below, columns left and right; a padding that is the same on both sides stays a size."""
    parts = value.lower().replace("×", "x").split("x")
    if len(parts) > 2 or any(part.count(":") > 1 for part in parts):
        raise ValueError(wanted)
    one = whole(0, MAX_COUNT, wanted)
    pairs = [tuple(one(side.strip()) for side in (part.split(":") * 2)[:2]) for part in (parts * 2)[:2]]
    if all(before == after for before, after in pairs):
        return tuple(before for before, _ in pairs)
    return tuple(pairs)


def boolean(value: Any) -> bool:
    """`true` or `false`; `yes` and `no` are understood."""
    words = {"true": True, "yes": True, "false": False, "no": False}
    if isinstance(value, str) and value.lower() in words:
        return words[value.lower()]
    if value is None or isinstance(value, str | tuple | list | dict):
        raise ValueError("true or false")
    return bool(value)


def text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a word or text")
    if any(not character.isprintable() and not character.isspace() for character in value):
        raise ValueError("text without control characters")
    return str(value)


def numbers(value: Any) -> tuple[float, ...]:
    """A list of finite numbers, one a channel."""
    if not isinstance(value, list | tuple) or not value:
        raise ValueError("a list of numbers")
    found = []
    for item in value:
        try:
            found.append(number(item))
        except ValueError:
            raise ItemError("a list of numbers", item) from None
    return tuple(found)


def layer(value: Any) -> Any:
    """A type, or none: resolved by the row that holds it, where its formulas can be seen."""
    return value


def row(value: Any) -> Any:
    """The id of an earlier row: resolved by the row that holds it."""
    return value


def written(about: str, *types: str, pattern: str | None = None, **more: Any) -> Any:
    """What a value looks like in YAML, as the JSON Schema of an input: its JSON types, and what it is as text."""
    if pattern is not None:
        types, more = (*types, "string"), {"pattern": f"^({pattern})$", **more}
    return Annotated[Any, WithJsonSchema({"description": about, "type": types[0] if len(types) == 1 else [*types], **more})]


Size: TypeAlias = tuple[int, int]

_whole = written("a whole number", "integer", pattern=r"[+-]?\d+", minimum=-MAX_COUNT, maximum=MAX_COUNT)
_count = written("a whole number of at least 1", "integer", pattern=r"\+?0*[1-9]\d*", minimum=1, maximum=MAX_COUNT)
_channels = written("a number of channels", "integer", pattern=r"\+?0*[1-9]\d*", minimum=1, maximum=MAX_COUNT)
_number = written("a finite number: 6, 0.25, 1e-3, 40%", "number", pattern=_NUMBER.pattern + "%?")
_share = r"\+?(0*\d{0,2}(\.\d*)?%|0*(\.\d*)?|\d+(\.\d*)?[eE]-\d+)"
_fraction = written("a share from 0 to below 1: 0.4, 40%", "number", pattern=_share, minimum=0, exclusiveMaximum=1)
_size = written("height x width: 3x3, 1x7, or 3 for both", "integer", "array", pattern=SIZE, minimum=1, minItems=1, maxItems=2)
_padding = Annotated[
    Any,
    WithJsonSchema(
        {
            "description": "same, valid, tf same, rows x columns on both sides (1, 0x3), or before:after (0:1x0:1)",
            "anyOf": [
                {"enum": ["same", "valid", "tf same"]},
                {
                    "type": ["integer", "array", "string"],
                    "minimum": 0,
                    "minItems": 1,
                    "maxItems": 2,
                    "pattern": f"^({SIZE_OR_0}|{EDGES})$",
                },
            ],
        }
    ),
]
_margin = written("height x width, 0 allowed: 1, 0x2", "integer", "array", pattern=SIZE_OR_0, minimum=0, minItems=1, maxItems=2)
_bool = written("true or false", "boolean", pattern="[Tt]rue|TRUE|[Ff]alse|FALSE|[Yy]es|YES|[Nn]o|NO")
_word = written("a word or text", "string", "number", "boolean", "null")
_numbers = written("a list of numbers, one for each channel", "array", minItems=1, items={"type": ["number", "string"]})
_layer = written("a type, a mapping with a type and its columns, or none", "string", "object")
_row = written("the id of an earlier row", "string")

Int = Annotated[int, PlainValidator(whole(-MAX_COUNT, MAX_COUNT, "a whole number"), json_schema_input_type=_whole)]
Count = Annotated[int, PlainValidator(whole(1, MAX_COUNT, "a positive whole number"), json_schema_input_type=_count)]
Channels = Annotated[int, PlainValidator(whole(1, MAX_COUNT, "a positive whole number"), json_schema_input_type=_channels)]
Number = Annotated[float, PlainValidator(number, json_schema_input_type=_number)]
Fraction = Annotated[float, PlainValidator(fraction, json_schema_input_type=_fraction)]
Sides = Annotated[Size, PlainValidator(sides(1, "a size such as 3 or 3x3"), json_schema_input_type=_size)]
Padding = Annotated[
    Literal["same", "valid", "tf same"] | Size | tuple[Size, Size], PlainValidator(padding, json_schema_input_type=_padding)
]
Margin = Annotated[Size, PlainValidator(sides(0, "a size such as 0, 1 or 1x0"), json_schema_input_type=_margin)]
Bool = Annotated[bool, BeforeValidator(boolean, json_schema_input_type=_bool)]
Word = Annotated[str, BeforeValidator(text, json_schema_input_type=_word)]
Numbers = Annotated[tuple[float, ...], PlainValidator(numbers, json_schema_input_type=_numbers)]
LayerValue = Annotated[Any, PlainValidator(layer, json_schema_input_type=_layer)]
RowValue = Annotated[Any, PlainValidator(row, json_schema_input_type=_row)]

#: What `type:` says in the columns of a block.
TYPES: dict[str, Any] = {
    "int": Int,
    "count": Count,
    "channels": Channels,
    "number": Number,
    "fraction": Fraction,
    "size": Sides,
    "margin": Margin,
    "padding": Padding,
    "bool": Bool,
    "text": Word,
    "numbers": Numbers,
    "layer": LayerValue,
    "row": RowValue,
}
