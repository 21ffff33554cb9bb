"""The scale of a spec: what multiplies the channels that its text states, and how often its rows repeat."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from typing import Any

from archspec.language.arithmetic import round_to
from archspec.language.diagnostics import Problems
from archspec.language.many import Many, applied, limits
from archspec.language.nodes import Map, Text
from archspec.language.places import Place, Source
from archspec.language.truths import either, select

#: what `scale:` may say in a row: nothing of the scale holds for it, or only this part
ROW_WORDS = ("none", "width", "depth")


@dataclass(frozen=True)
class Scale:
    """`width` multiplies channels, which are rounded to a multiple of `divisor`; `depth` multiplies copies. 1 changes nothing."""

    width: Any = 1
    depth: Any = 1
    divisor: Any = 8

    def channels(self, count: Any) -> Any:
        """A number of channels times the width, by MobileNet's rule; 0, where a column has no branch, stays 0."""
        return count if _is_one(self.width) else _channels(count, self.width, self.divisor)

    def copies(self, count: Any) -> Any:
        """A number of copies times the depth, rounded up (Tan & Le 2019, in the authors' code)."""
        return count if _is_one(self.depth) else _copies(count, self.depth)

    def only(self, word: str) -> Scale:
        """The part of it that a row lets hold: one of ROW_WORDS."""
        return {"none": UNSCALED, "width": replace(self, depth=1), "depth": replace(self, width=1)}[word]


def _is_one(factor: Any) -> bool:
    return not isinstance(factor, Many) and factor == 1


def _channels(count: Any, width: Any, divisor: Any) -> Any:
    # in floats, as everyone's code has it: an exact product rounds 360 channels times 0.7 to 256, MobileNet's rule to 248
    return select(either(width == 1, count <= 0), count, round_to(count * width, divisor))


def _copies(count: Any, depth: Any) -> Any:
    if not isinstance(count, Many) and not isinstance(depth, Many):
        return _more(count, depth)
    counts, depths = limits(count), limits(depth)
    return applied(_more, (count, depth), (_more(counts[0], depths[0]), _more(counts[1], depths[1])), real=False)


def _more(count: Any, depth: Any) -> Any:
    # the decimal number as it is written: as floats 25 times 2.2 is above 55
    return math.ceil(count * Fraction(str(depth)))


UNSCALED = Scale()
SCALE_KEYS = tuple(field.name for field in fields(Scale))


def scale_document(flag: str, text: str, problems: Problems) -> Map:
    """`width=1.25,depth=1.2,divisor=8` as a document with a section `scale`, as if a spec had extended the named one."""
    source = Source(flag, text)
    whole = Place(source, width=max(1, len(text)))
    told, start = Map(whole), 0
    for part in text.split(","):
        name, equals, value = part.partition("=")
        lead = len(part) - len(part.lstrip())
        key = Text(name.strip(), source.at(start + lead, max(1, len(name.strip()))))
        at = start + len(name) + 1 + len(value) - len(value.lstrip())
        if not equals or not key or not value.strip():
            place = source.at(min(start + lead, max(0, len(text) - 1)), max(1, len(part.strip())))
            problems.add(
                "bad-change",
                f"`{part.strip()}` is not name=value" if part.strip() else "name=value is missing",
                place,
                hint="for example --scale width=1.4,depth=1.2",
            )
        elif key in told:
            problems.add("duplicate-key", f"`{key}` stands twice", key.place, related=[("first here", told.key(key).place)])
        else:
            told[key] = Text(value.strip(), source.at(at, len(value.strip())))
        start += len(part) + 1
    return Map(whole, {Text("scale", whole): told})
