"""The values of an axis as they are written: `16:96:16`, `0.5,1,2`, `*0.5:*1.5:*0.25`, words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

from archspec.language.diagnostics import SpecError, fail
from archspec.language.nodes import Text, shown
from archspec.language.values import boolean, number

#: what a cell gets: a word is the text of a cell, as `--set` takes it
Value: TypeAlias = int | float | bool | str
Kind: TypeAlias = Literal["int", "float", "bool", "word"]

#: values of one axis
MAX_VALUES = 100_000

_PLAIN = r"[+-]?(?:\d{1,18}(?:\.\d{0,18})?|\.\d{1,18})(?:[eE][+-]?\d{1,2})?"
_RANGE = re.compile(rf"(\*?{_PLAIN}):(\*?{_PLAIN})(?::(\*?{_PLAIN}))?")
_FACTOR = re.compile(rf"\*{_PLAIN}")
_RANGES = "a range is first:last:step, such as 16:96:16"


@dataclass(frozen=True)
class Listed:
    """The values in order; `factors`: each is multiplied with what the cell has."""

    values: tuple[Value, ...]
    kind: Kind
    factors: bool


def listed(texts: Sequence[Text]) -> Listed:
    """The values of an axis, each text a list of items apart by commas. Raises SpecError at the item that is wrong."""
    items = [item for text in texts for item in _items(text)]
    found = [value for item in items for value in _values(item, alone=len(items) == 1)]
    if len(found) > MAX_VALUES:
        raise _too_many(items[0], len(found))
    factors = [isinstance(value, _Factor) for value in found]
    if any(factors) and not all(factors):
        other = items[0] if not factors[0] else next(item for item in items if not item.startswith("*"))
        raise fail(
            "bad-value", f"`{other}` is no factor, and the others are", other.place, hint="write *1 for the cell's own value"
        )
    values, kind = _typed([value.by if isinstance(value, _Factor) else value for value in found])
    if len(set(values)) < len(values):
        twice = Counter(values).most_common(1)[0][0]
        place = next((item.place for item in reversed(items) if item.lstrip("*") == spelled(twice)), items[-1].place)
        raise fail("bad-value", f"{'*' if any(factors) else ''}{spelled(twice)} stands twice", place)
    return Listed(values, kind, any(factors))


def spelled(value: Value) -> str:
    """A value as a cell of a spec."""
    if isinstance(value, bool) or not isinstance(value, float):
        return shown(value)
    return repr(value)


@dataclass(frozen=True)
class _Factor:
    by: Fraction


def _items(text: Text) -> Iterator[Text]:
    """The parts between commas that stand in no brackets and no quotes."""
    start, depth, quote = 0, 0, ""
    for at, character in enumerate(f"{text},"):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == "," and (depth <= 0 or at == len(text)):
            part = text[start:at]
            lead = len(part) - len(part.lstrip())
            # not `within`, which passes over the text up to there, for each of many parts
            place = text.place.shifted(start + lead + (not text.plain), max(1, len(part.strip())))
            if not part.strip():
                raise fail("bad-value", "a value is empty", place, hint="values stand apart by commas: 16,32,64")
            yield Text(part.strip(), place, text.plain)
            start = at + 1
    if start <= len(text):  # an open quote has taken the last comma
        place = text.place.shifted(start + (not text.plain), max(1, len(text) - start))
        raise fail("bad-value", f"`{text[start:]}` has an open quote", place)


def _values(item: Text, *, alone: bool) -> Iterator[Fraction | int | _Factor | bool | Text]:
    match = _RANGE.fullmatch(item)
    if match and (match[3] or alone):  # 0:1,1:1 are two paddings
        yield from _range(item, match)
    elif _FACTOR.fullmatch(item):
        yield _factor(item, item)
    elif item.startswith("*"):
        raise fail("bad-value", f"`{item}` is no factor", item.place, hint="a factor is a number after *, such as *0.5")
    else:
        yield _plain(item)


def _plain(item: Text) -> Fraction | bool | Text:
    try:
        number(item)
        return _exact(item)
    except ValueError:
        pass
    try:
        return boolean(item)
    except ValueError:
        return item


def _exact(text: str) -> Fraction:
    """A number of the language as it is written."""
    return Fraction(text.removesuffix("%")) / (100 if text.endswith("%") else 1)


def _factor(text: str, item: Text) -> _Factor:
    by = _exact(text[1:])
    if by <= 0:
        raise fail("bad-value", f"a factor is more than 0, found `{text}`", item.place)
    return _Factor(by)


def _range(item: Text, match: re.Match[str]) -> Iterator[Fraction | int | _Factor]:
    """Both ends belong to it."""
    if match[3] is None:
        raise fail("bad-value", f"the range `{item}` has no step", item.place, hint=_RANGES)
    stars = [part.startswith("*") for part in match.groups()]
    if any(stars) and not all(stars):
        hint = "a range of factors has all three with *: *0.5:*1.5:*0.25"
        raise fail("bad-value", f"`{item}` mixes factors and numbers", item.place, hint=hint)
    first, last, step = (_exact(part.lstrip("*")) for part in match.groups())
    if not step or (last - first) / step < 0:
        raise fail("bad-value", f"the step of `{item}` does not lead from {match[1]} to {match[2]}", item.place, hint=_RANGES)
    steps = (last - first) / step
    if steps.denominator != 1:
        raise _missed(item, match, first + round(steps) * step)
    if steps >= MAX_VALUES:
        raise _too_many(item, int(steps) + 1)
    for at in range(int(steps) + 1):
        if all(stars):
            yield _factor(f"*{first + at * step}", item)
        elif first.denominator == step.denominator == 1:
            yield first.numerator + at * step.numerator  # a Fraction takes long to make
        else:
            yield first + at * step


def _missed(item: Text, match: re.Match[str], near: Fraction) -> SpecError:
    star = "*" if match[1].startswith("*") else ""
    end = star + spelled(_number(near))
    message = f"steps of {match[3]} from {match[1]} miss {match[2]}"
    hint = f"the nearest end is {end}: {match[1]}:{end}:{match[3]}"
    return fail("bad-value", message, item.place.shifted(len(match[1]) + 1, len(match[2])), hint=hint)


def _too_many(item: Text, count: int) -> SpecError:
    return fail("bad-value", f"an axis has at most {MAX_VALUES:,} values, found {count:,}", item.place)


def _typed(values: Sequence[Fraction | int | bool | Text]) -> tuple[tuple[Value, ...], Kind]:
    """Numbers if all are numbers, true and false if all are; else words, as they were written."""
    if all(isinstance(value, bool) for value in values):
        return tuple(bool(value) for value in values), "bool"
    if all(isinstance(value, Fraction | int) and not isinstance(value, bool) for value in values):
        numbers = tuple(map(_number, values))
        return numbers, "int" if all(isinstance(one, int) for one in numbers) else "float"
    return tuple(str(value) if isinstance(value, Text) else spelled(_number(value)) for value in values), "word"


def _number(value: Fraction | int | bool | Text) -> Value:
    if not isinstance(value, Fraction):
        return value
    return int(value) if value.denominator == 1 else float(value)
