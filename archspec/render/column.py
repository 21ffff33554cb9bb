"""What a column of a report is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

from archspec.render.lines import Line

#: an exact count, a measured number, a share of the whole, a size along each side (None: all of it), or text; None where
#: there is no figure
Value: TypeAlias = int | float | Fraction | tuple[int | Fraction | float | None, ...] | str | None


@dataclass(frozen=True)
class Column:
    """`key` names it on the command line, `header` says its unit to people, `unit` (where the key does not) to programs.

    `value` is its figure for one line. `sums`: the whole network's is the sum of the rows. `json`: how the JSON has it, a
    `count`, `perhaps` one (or null), or the `sides` of a map; empty if it has not.
    `order`: what text is sorted by. `decimals`: those of a measured number.
    """

    key: str
    header: str
    about: str
    value: Callable[[Line], Value]
    style: Literal["name", "text", "number", "share", "bar"] = "number"
    unit: str = ""
    sums: bool = False
    json: Literal["", "count", "perhaps", "sides"] = ""
    decimals: int = 0
    order: Callable[[Line], Value] | None = None

    @property
    def left(self) -> bool:
        """Whether its cells begin at the left, as words do."""
        return self.style in ("name", "text", "bar")
