"""The members of a design space: how many there are, their numbers, and the changes that each of them makes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from archspec.design.axes import Axis, spelled_changes
from archspec.design.ranges import Value
from archspec.design.where import Constraint
from archspec.ir.tree import Network
from archspec.language.diagnostics import fail
from archspec.language.places import option

if TYPE_CHECKING:
    from archspec.language.many import Array


@dataclass(frozen=True)
class Space:
    """`spec` is the name of a spec, `set` and `input` the changes of all members, `network` what it is without its axes.

    The last axis turns fastest: member 1 differs from member 0 in its last axis.
    """

    spec: str
    axes: tuple[Axis, ...]
    network: Network = field(repr=False)
    links: tuple[tuple[str, str], ...] = ()
    where: tuple[Constraint, ...] = ()
    set: tuple[str, ...] = ()
    input: str | None = None
    #: the axes and links that options added to those of the file
    told: Mapping[str, list[str]] = field(default_factory=dict)

    @cached_property
    def size(self) -> int:
        """How many members there are, exactly."""
        return math.prod(map(len, self.axes))

    @cached_property
    def order(self) -> tuple[int, ...]:
        """The axes in the order in which their changes are made: a new type comes after the columns that it may lack."""
        ranks = [2 if axis.late else int(axis.switches) for axis in self.axes]
        return tuple(sorted(range(len(self.axes)), key=ranks.__getitem__))

    def steps(self, index: int) -> tuple[int, ...]:
        """The steps of a member on each axis. Raises SpecError for a number that no member has."""
        if not 0 <= index < self.size:
            message = f"the space has {self.size:,} members, numbered from 0; there is no {index:,}"
            raise fail("bad-value", message, option("member", str(index)))
        steps = []
        for axis in reversed(self.axes):
            index, step = divmod(index, len(axis))
            steps.append(step)
        return tuple(reversed(steps))

    def index(self, steps: Sequence[int]) -> int:
        """The number of the member with these steps."""
        number = 0
        for axis, step in zip(self.axes, steps, strict=True):
            number = number * len(axis) + int(step)
        return number

    def at(self, steps: Sequence[int]) -> dict[str, Value]:
        """The changes of the member with these steps, by path, in the order in which they are made; links come last."""
        found: dict[str, Value] = {}
        for at in self.order:
            found |= self.axes[at].at(int(steps[at]))
        return found | dict(self.links)

    def member(self, index: int) -> dict[str, Value]:
        """The changes of a member, by path."""
        return self.at(self.steps(index))

    def changes(self, steps: Sequence[int], *, whole: bool = False) -> list[str]:
        """The changes of the member with these steps as `--set` takes them, those of all members first; `whole`: and `input`."""
        size = [f"input={self.input}"] if self.input and whole else []
        return [*self.set, *spelled_changes(self.at(steps)), *size]

    def values(self, steps: Sequence[int]) -> tuple[Value, ...]:
        """What each axis lists at these steps; its factor, if it has factors."""
        return tuple(axis.values[int(step)] for axis, step in zip(self.axes, steps, strict=True))

    def digits(self, numbers: Array) -> list[Array]:
        """The steps on each axis of the members with these numbers (int64), as an int64 array for each axis."""
        import numpy as np

        found = []
        for axis in reversed(self.axes):
            numbers, steps = np.divmod(numbers, len(axis))
            found.append(steps)
        return found[::-1]
