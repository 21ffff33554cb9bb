"""A column of an op or a block: its header, its type, its default."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from archspec.language.names import normal
from archspec.language.nodes import describe, shown
from archspec.language.values import LayerValue, RowValue

REQUIRED: Any = object()


@dataclass(frozen=True)
class Column:
    """`default` is a value, a formula (text that starts with =), or REQUIRED."""

    name: str
    header: str
    annotation: Any
    default: Any = REQUIRED
    about: str = ""
    least: float | None = None
    most: float | None = None
    choices: tuple[Any, ...] = ()

    @property
    def holds_layer(self) -> bool:
        return self.annotation is LayerValue

    @property
    def holds_row(self) -> bool:
        return self.annotation is RowValue

    def parse(self, value: Any) -> Any:
        """The typed value; raises ColumnError with a message that says what was found and what was expected."""
        try:
            parsed = _adapter(self.annotation).validate_python(value)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            reason = first.get("ctx", {}).get("error", first["msg"])
            item = getattr(reason, "item", value)
            raise ColumnError(f"{self.header} must be {reason}, found {describe(item)}", item) from None
        if self.least is not None and parsed < self.least:
            raise ColumnError(f"{self.header} must be at least {self.least:g}, found {describe(value)}", value)
        if self.most is not None and parsed > self.most:
            raise ColumnError(f"{self.header} must be at most {self.most:g}, found {describe(value)}", value)
        if self.choices and parsed not in self.choices:
            choices = ", ".join(map(shown, self.choices))
            raise ColumnError(f"{self.header} must be one of {choices}, found {describe(value)}", value)
        return parsed


class ColumnError(ValueError):
    """A value that its column does not take; `item` is the part of it that is wrong."""

    def __init__(self, message: str, item: Any) -> None:
        super().__init__(message)
        self.item = item


@lru_cache(256)
def _adapter(annotation: Any) -> TypeAdapter[Any]:
    return TypeAdapter(annotation)


def by_header(columns: Iterable[Column]) -> dict[str, Column]:
    """Columns by every name that a key may use: the identifier and the header, normalised."""
    found: dict[str, Column] = {}
    for column in columns:
        found[normal(column.name)] = column
        found[normal(column.header)] = column
    return found
