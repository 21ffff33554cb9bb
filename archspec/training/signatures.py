"""A parameter of a class of torch: what its annotation takes, and a value of a recipe as that."""

from __future__ import annotations

import collections.abc
import inspect
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from numbers import Number
from types import NoneType, UnionType
from typing import Any, Literal, Union

import torch

from archspec.language.diagnostics import did_you_mean
from archspec.language.names import nearest, normal

#: values of one argument
_LENGTH = 1000
#: words that a message lists
_SHOWN = 12
#: data types of images
_DTYPES = {
    name: getattr(torch, name) for name in ("float32", "float16", "bfloat16", "float64", "uint8", "int16", "int32", "int64")
}
_LISTS = frozenset({list, collections.abc.Sequence, collections.abc.Iterable})
_NUMBERS = frozenset({int, float, Number})
#: what a value of a recipe is called, and the annotations that take it
_FORMS: dict[type, tuple[str, frozenset[Any]]] = {
    bool: ("true or false", frozenset({bool})),
    int: ("a number", _NUMBERS),
    float: ("a number", _NUMBERS),
    list: ("a list", _LISTS | {tuple}),
    str: ("text", frozenset({str})),
    NoneType: ("null", frozenset({NoneType})),
}


class UnfitError(ValueError):
    """What was expected in place of a value, and what may have been meant."""

    def __init__(self, wanted: str, hint: str | None = None) -> None:
        super().__init__(wanted)
        self.hint = hint


@dataclass(frozen=True)
class Parameter:
    """`bases` are the alternatives of the annotation, generic ones by their origin, none if it has no annotation; `words` are
    the texts that stand for members of an enumeration or data types, or that are the only ones it takes; `length` is that of
    a tuple, if it has one.
    """

    needed: bool
    bases: tuple[Any, ...]
    words: Mapping[str, Any]
    length: int | None = None

    @property
    def wanted(self) -> str:
        """What a recipe may write; empty if nothing is known."""
        words = [*self.words]
        known = [f"one of {', '.join(words[:_SHOWN])}{', ...' if len(words) > _SHOWN else ''}"] if words else []
        forms = [word for word, bases in _FORMS.values() if bases & {*self.bases} and not (words and word == "text")]
        return " or ".join(dict.fromkeys([*known, *forms]))

    @property
    def foreign(self) -> str | None:
        """The name of what it takes, if a recipe can write none of that: a tensor, a function or another object."""
        others = [one for one in self.bases if one is not NoneType]
        takes_any = any(_FORMS[form][1] & {*others} for form in _FORMS)
        return None if not others or self.words or takes_any else str(getattr(others[0], "__name__", others[0]))

    def takes(self, found: Any, limit: float) -> Any:
        """A value of a recipe as the class takes it. Whether a number is whole, or large enough, is the class's to judge; none
        is above the limit. Raises UnfitError.
        """
        if isinstance(found, str) and self.words:
            by_key = {_key(word): meaning for word, meaning in self.words.items()}
            if _key(found) not in by_key:
                raise UnfitError(self.wanted, did_you_mean(nearest(found, self.words)))
            return by_key[_key(found)]
        if isinstance(found, dict):
            raise UnfitError(self.wanted or "a number, text or a list")
        if self.bases and not _FORMS[type(found)][1] & {*self.bases}:
            raise UnfitError(self.wanted)
        _check_size(found, limit)
        if isinstance(found, int) and not isinstance(found, bool) and float in self.bases and int not in self.bases:
            return float(found)  # some classes compute with it as a tensor, whose kind is then its own
        if not isinstance(found, list) or tuple not in self.bases or _LISTS & {*self.bases}:
            return found
        if self.length not in (None, len(found)):
            raise UnfitError(f"a list of {self.length} values")
        return tuple(found)


@cache
def parameters(found: type) -> Mapping[str, Parameter]:
    """The parameters of a class by name, in order."""
    names = {**vars(collections.abc), **vars(typing)}  # which torch imports for its type checker alone
    try:
        hints = typing.get_type_hints(found.__init__, localns=names)  # type: ignore[misc] # of the class itself
    except NameError:
        hints = {}  # no annotation can be read: the class judges
    told = inspect.signature(found).parameters
    return {name: _parameter(one, hints.get(name, Any)) for name, one in told.items()}


def _parameter(parameter: inspect.Parameter, annotation: Any) -> Parameter:
    alternatives = [*_alternatives(annotation)]
    bases = () if Any in alternatives else tuple(map(_base, alternatives))
    parts = next((typing.get_args(one) for one in alternatives if typing.get_origin(one) is tuple), ())
    length = None if not parts or ... in parts else len(parts)
    return Parameter(parameter.default is parameter.empty, bases, _words(alternatives), length)


def _base(one: Any) -> Any:
    """Without what is in it; functions in a list are functions."""
    inner = [typing.get_origin(part) or part for part in typing.get_args(one)]
    return collections.abc.Callable if inner == [collections.abc.Callable] else typing.get_origin(one) or one


def _alternatives(annotation: Any) -> Iterator[Any]:
    if typing.get_origin(annotation) in (Union, UnionType):
        for part in typing.get_args(annotation):
            yield from _alternatives(part)
    else:
        yield annotation


def _words(alternatives: Sequence[Any]) -> dict[str, Any]:
    words: dict[str, Any] = {}
    for one in alternatives:
        if typing.get_origin(one) is Literal:
            words |= {word: word for word in typing.get_args(one) if isinstance(word, str)}
        elif isinstance(one, type) and issubclass(one, Enum):
            by_value = {str(member.value): member for member in one}
            known = {*map(_key, by_value)}
            words |= by_value | {member.name: member for member in one if _key(member.name) not in known}
        elif one is torch.dtype:
            words |= _DTYPES
    return words


def _key(word: str) -> str:
    """`NEAREST_EXACT` and `nearest-exact` are one word."""
    return normal(word.replace("-", "_"))


def _check_size(found: Any, limit: float) -> None:
    """Raises UnfitError for a number above the limit, or for too many of them."""
    todo, seen = [found], 0
    while todo:
        one = todo.pop()
        seen += 1
        if seen > _LENGTH:
            raise UnfitError(f"a list of at most {_LENGTH:,} values")
        if isinstance(one, list):
            todo += one
        elif isinstance(one, dict):
            raise UnfitError("a list of numbers")
        elif isinstance(one, int | float) and abs(one) > limit:
            raise UnfitError(f"at most {limit:,g}")
