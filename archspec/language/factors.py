"""The section `scale` of a document: its keys as they are written, and what a number in it must be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PlainValidator

from archspec.language.nodes import Given, Map, Node, is_formula, is_null
from archspec.language.values import MAX_COUNT, number, whole, written

_MAX_FACTOR = 1000

read_divisor = whole(1, MAX_COUNT, "a positive whole number")


def read_factor(value: Any) -> Any:
    """What channels or copies are multiplied with."""
    wanted = f"a number above 0, of at most {_MAX_FACTOR:,}"
    try:
        parsed = number(value)
    except ValueError:
        raise ValueError(wanted) from None
    if parsed <= 0 or parsed > _MAX_FACTOR:
        raise ValueError(wanted)
    return parsed


def _or_formula(parse: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A value as it is written, if it can be one; a formula, and what a program gives, show only later."""

    def checked(value: Any) -> Any:
        if not is_formula(value) and not isinstance(value, Given) and not is_null(value):
            parse(value)
        return value

    return checked


_positive = r"\+?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?%?"
_factor = written("a number above 0, or a formula", "number", "null", pattern=f"=.*|{_positive}", minimum=0, maximum=_MAX_FACTOR)
_divisor = written("a whole number of at least 1, or a formula", "integer", "null", pattern=r"=.*|\+?0*[1-9]\d*", minimum=1)
_Factor = Annotated[Any, PlainValidator(_or_formula(read_factor), json_schema_input_type=_factor)]


class ScaleModel(BaseModel):
    """What multiplies the channels that the spec states, and how often its rows repeat."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    width: _Factor = Field(default=None, description="multiplies channels")
    depth: _Factor = Field(default=None, description="multiplies how often rows repeat, rounded up")
    divisor: Annotated[Any, PlainValidator(_or_formula(read_divisor), json_schema_input_type=_divisor)] = Field(
        default=None, description="scaled channels are a multiple of it; 8 if it is not stated"
    )


def laid_scale(older: dict[str, Node], model: ScaleModel | None, section: Node) -> dict[str, Node]:
    """A scale over an older one, key by key: it replaces, and never multiplies with it. Null takes it away, or a key of it."""
    if is_null(section):
        return {}
    if model is None or not isinstance(section, Map):
        return older
    laid = {**older, **{key: section[key] for key in model.model_fields_set}}
    return {key: node for key, node in laid.items() if not is_null(node)}
