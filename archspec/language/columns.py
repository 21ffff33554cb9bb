"""A column of an op or a block: its header, its type, its default."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from archspec.language.diagnostics import did_you_mean
from archspec.language.names import nearest, normal
from archspec.language.nodes import describe, shown
from archspec.language.values import Channels, LayerValue, RowValue

REQUIRED: Any = object()

#: which values a column remembers, and how many
_SHORT, _KEPT = 20, 200


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
    #: what of a scale multiplies the numbers written in it: `width` or `none`; by its type, if nothing is said
    scale: str | None = None
    #: short values that were parsed, by type and value: the same few stand in every row
    _parsed: dict[tuple[type, Any], Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def holds_layer(self) -> bool:
        return self.annotation is LayerValue

    @property
    def holds_row(self) -> bool:
        return self.annotation is RowValue

    @cached_property
    def scaled(self) -> bool:
        """Whether a number that is written in it is channels that a scale multiplies."""
        return self.scale == "width" or (self.scale is None and self.annotation == Channels)

    def parse(self, value: Any) -> Any:
        """The typed value; raises ColumnError with a message that says what was found and what was expected."""
        if not isinstance(value, str | int | float) or (isinstance(value, str) and len(value) > _SHORT):
            return self._parse(value)
        key = (type(value), str(value) if isinstance(value, str) else value)  # not the text itself, which holds its file
        if key not in self._parsed:
            parsed = self._parse(value)
            if len(self._parsed) >= _KEPT:
                self._parsed.clear()
            self._parsed[key] = parsed
        return self._parsed[key]

    def _parse(self, value: Any) -> Any:
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
            near = did_you_mean(nearest(str(value), map(shown, self.choices)))
            raise ColumnError(f"{self.header} must be one of {choices}, found {describe(value)}", value, near)
        return parsed


class ColumnError(ValueError):
    """A value that its column does not take; `item` is the part of it that is wrong, `hint` what may have been meant."""

    def __init__(self, message: str, item: Any, hint: str | None = None) -> None:
        super().__init__(message)
        self.item, self.hint = item, hint


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
