"""What a model with heads returns in training: a named tuple whose class is found by its field names."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

#: the classes by their fields. A plain dict, filled before a forward pass: torch.compile can look a class up but not make one
_CLASSES: dict[tuple[str, ...], Any] = {}


def output_class(fields: tuple[str, ...]) -> Any:
    """The named tuple class of these fields; the same class for the same fields, so that it can be pickled by them."""
    if fields not in _CLASSES:
        made = namedtuple("Output", fields)  # type: ignore[misc] # the fields are those of a spec
        made.__module__ = __name__
        made.__reduce__ = _reduce  # type: ignore[method-assign] # the class is made here
        _CLASSES[fields] = made
    return _CLASSES[fields]


def _reduce(self: Any) -> tuple[Any, ...]:
    return restored, (self._fields, tuple(self))


def restored(fields: tuple[str, ...], values: tuple[Any, ...]) -> Any:
    """A named tuple as it was pickled, maybe in another process."""
    return output_class(fields)(*values)


def output(fields: tuple[str, ...], values: tuple[Any, ...]) -> Any:
    """The named tuple `(logits, aux1, ...)`, of a class that `output_class` has made."""
    return _CLASSES[fields](*values)
