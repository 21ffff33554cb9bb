"""The pydantic models of a document, and pydantic's errors as diagnostics with places.

Rows stay nodes here: their columns depend on their type, and are validated when the tree is built.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, ValidationError

from archspec.language.diagnostics import Problems, did_you_mean
from archspec.language.figures import Counts, Figure, figure, output_size
from archspec.language.names import nearest
from archspec.language.nodes import Map, Node, describe, is_null
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
    source: SourceInfo | None = None
    input: Annotated[Shape3 | None, PlainValidator(_input_size)] = None
    vars: dict[str, Any] = {}
    defaults: dict[str, dict[str, Any]] = {}
    blocks: dict[str, BlockModel] = {}
    rows: Any = None
    heads: Annotated[dict[str, Any], BeforeValidator(lambda value: {} if is_null(value) else value)] = {}
    claims: TotalClaims = TotalClaims()
    init: Any = None


Model = TypeVar("Model", bound=BaseModel)

_EXPECTED = {
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "list_type": "a list",
    "tuple_type": "a list",
    "string_type": "text",
}


def validated(model: type[Model], node: Node, problems: Problems) -> Model | None:
    """The node as an instance of `model`; every pydantic error becomes a diagnostic at its own place.

    The parts of a mapping that are wrong are left out, so that the rest can still be looked at; None if nothing is left.
    """
    try:
        return model.model_validate(node)
    except ValidationError as error:
        wrong = error.errors(include_url=False)
    for found in wrong:
        _report(model, node, found, problems)
    rest = _without(node, {tuple(step for step in found["loc"] if isinstance(step, str))[:2] for found in wrong})
    return validated(model, rest, Problems()) if rest is not node and rest else None


def _without(node: Node, wrong: set[tuple[str, ...]]) -> Node:
    """The mapping without the parts that these locations, of one or two keys, lead to."""
    if not isinstance(node, Map):
        return node
    inner: dict[str, set[tuple[str, ...]]] = {}
    for first, *rest in wrong:
        inner.setdefault(first, set()).add(tuple(rest))
    kept = Map(node.place)
    for key, value in node.items():
        part = value if key not in inner else _without(value, inner[key] - {()}) if () not in inner[key] else None
        if part is value and key in inner:
            part = None  # the wrong part is not a key of it
        if part is not None:
            kept[node.key(key)] = part
    return kept if len(kept) < len(node) or any(kept[key] is not node[key] for key in kept) else node


def _report(model: type[BaseModel], root: Node, error: Any, problems: Problems) -> None:
    where = list(error["loc"])
    if error["type"] == "extra_forbidden":
        parent = typing.cast(Map, _walk(root, where[:-1])[0])
        known = _keys(model, where[:-1])
        hint = did_you_mean(nearest(where[-1], known)) or (f"the keys here are {', '.join(known)}" if known else None)
        problems.add("unknown-key", f"`{where[-1]}` is not a key here", parent.key(where[-1]).place, hint=hint)
        return
    node, reached = _walk(root, where)
    if error["type"] == "missing":
        problems.add("missing-key", f"the key `{where[-1]}` is missing", node.place)
        return
    wanted = error.get("ctx", {}).get("error") or _EXPECTED.get(error["type"])
    if error["type"] == "literal_error":
        wanted = "one of " + error["ctx"]["expected"].replace("'", "")
    hint = None
    if error["type"] == "literal_error" and isinstance(node, str):
        hint = did_you_mean(nearest(node, re.findall(r"'([^']*)'", error["ctx"]["expected"])))
    name = f"`{reached}` " if reached else "this "
    code = "bad-claim" if where[:1] == ["claims"] and len(where) > 1 else "bad-value"
    problems.add(code, f"{name}must be {wanted or error['msg']}, found {describe(node)}", node.place, hint=hint)


def _walk(node: Node, steps: list[Any]) -> tuple[Node, str]:
    """The node that an error's location leads to, and the last key on the way; union tags are passed over."""
    name = ""
    for step in steps:
        if isinstance(node, Map) and step in node:
            node, name = node[step], str(step)
        elif isinstance(node, list) and isinstance(step, int) and step < len(node):
            node = node[step]
    return node, name


def _keys(model: Any, steps: list[Any]) -> list[str]:
    """The keys that the model at this location knows."""
    for step in steps:
        model = _model_in(model)
        if isinstance(model, type) and issubclass(model, BaseModel):
            fields = {field.alias or name: field for name, field in model.model_fields.items()}
            model = fields[step].annotation if step in fields else None
        elif typing.get_origin(model) is dict:
            model = typing.get_args(model)[1]
    model = _model_in(model)
    if isinstance(model, type) and issubclass(model, BaseModel):
        return [field.alias or name for name, field in model.model_fields.items()]
    return []


def _model_in(annotation: Any) -> Any:
    """The model or dict inside Optional and Annotated."""
    while typing.get_origin(annotation) is Annotated or _is_union(annotation):
        arguments = [a for a in typing.get_args(annotation) if a is not type(None)]
        inner = [a for a in arguments if typing.get_origin(a) is dict or (isinstance(a, type) and issubclass(a, BaseModel))]
        annotation = (inner or arguments)[0]
    return annotation


def _is_union(annotation: Any) -> bool:
    return typing.get_origin(annotation) is typing.Union or type(annotation).__name__ == "UnionType"
