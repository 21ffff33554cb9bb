"""A design space: axes over the cells of a spec, cells that follow from them, and constraints. Its members have numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast

from archspec.design.axes import Axis, Told, axes, spelled_changes, told_entry, told_option
from archspec.design.cells import Cells
from archspec.design.ranges import Value
from archspec.design.where import Constraint, constraints
from archspec.ir.expand import expand
from archspec.ir.loaded import loaded
from archspec.ir.tree import Network
from archspec.language.diagnostics import Problems, SpecError, fail
from archspec.language.load import load
from archspec.language.nodes import Map, Seq, Text, is_formula
from archspec.language.places import option
from archspec.language.spec import Spec

if TYPE_CHECKING:
    from archspec.language.many import Array

T = TypeVar("T")

#: axes of one space
MAX_AXES = 10_000
#: values of the other axes with which a path is looked for that the plain network lacks
_TRIED = 100


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


def space(
    spec: str,
    *,
    vary: Iterable[str] = (),
    each: Iterable[str] = (),
    where: Iterable[str] = (),
    links: Iterable[tuple[str, str]] = (),
    set: Iterable[str] = (),
    input: str | None = None,
) -> Space:
    """The space of a spec, or of a file with a section `space`, with more axes and constraints from options.

    Raises SpecError with all that is wrong.
    """
    set = tuple(set)
    return space_of(spec, *loaded(spec, set, input), vary=vary, each=each, where=where, links=links, set=set, input=input)


def space_of(
    name: str,
    spec: Spec,
    network: Network,
    *,
    vary: Iterable[str] = (),
    each: Iterable[str] = (),
    where: Iterable[str] = (),
    links: Iterable[tuple[str, str]] = (),
    set: Iterable[str] = (),
    input: str | None = None,
) -> Space:
    """The same of a spec that was loaded, with `set` and `input`, under this name."""
    problems, set, vary, each, links = Problems(), tuple(set), list(vary), list(each), list(links)
    told = [_tried(problems, told_option, "--vary", text) for text in vary]
    told += [_tried(problems, told_option, "--vary-each", text, True) for text in each]

    def again(changes: list[str]) -> Spec:
        return load(name, set=[*set, *changes], input=input)

    found, linked, limits = _of_spec(spec, network, again, problems, [one for one in told if one])
    cells = Cells(spec, network)
    for path, formula in links:
        place = option("links", f"{path}={formula}")
        linked += filter(None, [_tried(problems, _link, Text(path, place), Text(formula, place), cells, found)])
    for text in where:
        limits += _tried(problems, constraints, Text(text, option("--where", text)), network, found) or []
    if input is not None and any(axis.name == "input" for axis in found):
        problems.add("bad-value", "`input` is on an axis, and stated", option("--input", input))
    problems.check()
    options = {"vary": vary, "each": each, "links": [f"{path}={formula}" for path, formula in links]}
    return Space(name, tuple(found), network, tuple(linked), tuple(limits), set, input, options)


def _of_spec(
    spec: Spec, network: Network, again: Callable[[list[str]], Spec], problems: Problems, more: Sequence[Told] = ()
) -> tuple[list[Axis], list[tuple[str, str]], list[Constraint]]:
    """Axes, links and constraints of a loaded spec's section `space`, and `more` axes; what is wrong goes to `problems`.

    `again` loads the spec with further changes.
    """
    section = spec.space or Map(spec.place)
    told: list[Told] = []
    for key in ("vary", "each"):
        held = section.get(key)
        for path, node in held.items() if isinstance(held, Map) else ():
            one = _tried(problems, told_entry, cast(Map, held).key(path), node, key == "each")
            told += [one] if one else []
    cells = Cells(spec, network)
    found = _axes([*told, *more], cells, again, problems)
    _apart(found, problems)
    links, where = section.get("links"), section.get("where")
    linked = [
        _tried(problems, _link, cast(Map, links).key(path), node, cells, found)
        for path, node in (links.items() if isinstance(links, Map) else ())
    ]
    limits = [
        _tried(problems, constraints, text, network, found)
        for text in (where if isinstance(where, Seq) else [where])
        if isinstance(text, Text)
    ]
    return found, [link for link in linked if link], [one for some in limits for one in some or ()]


def _tried(problems: Problems, call: Callable[..., T], *values: Any) -> T | None:
    """What it gives; None if it is wrong, which is kept."""
    try:
        return call(*values)
    except SpecError as error:
        for diagnostic in error.diagnostics:
            problems.include(diagnostic)
        return None


def _axes(told: Sequence[Told], cells: Cells, again: Callable[[list[str]], Spec], problems: Problems) -> list[Axis]:
    """The axes in order. What the plain network lacks may be there with the other axes' values."""
    found: dict[int, list[Axis]] = {}
    missed: dict[int, SpecError] = {}
    for at, one in enumerate(told):
        try:
            found[at] = axes(one, cells)
        except SpecError as error:
            missed[at] = error
    others = [axis for made in found.values() for axis in made]
    for grown in _grown(again, others) if any(_is_unknown(error) for error in missed.values()) else ():
        for at in [at for at, error in missed.items() if _is_unknown(error)]:
            try:
                found[at] = [replace(axis, late=True) for axis in axes(told[at], grown)]
                del missed[at]
            except SpecError:
                continue
        if not any(map(_is_unknown, missed.values())):
            break
    for wrong in missed.values():
        for diagnostic in wrong.diagnostics:
            problems.include(diagnostic)
    made = [axis for at in sorted(found) for axis in found[at]]
    if len(made) > MAX_AXES:
        problems.add("bad-value", f"a space has at most {MAX_AXES:,} axes, found {len(made):,}", made[-1].place)
    return made


def _is_unknown(error: SpecError) -> bool:
    return all(one.code == "unknown-path" for one in error.diagnostics)


def _grown(again: Callable[[list[str]], Spec], others: Sequence[Axis]) -> Iterator[Cells]:
    """The spec with a value of one of the other axes, its rows and cells as they are then."""
    for axis, step in [(one, step) for one in others for step in range(len(one) - 1, -1, -1)][:_TRIED]:
        try:
            changed = again(spelled_changes(axis.at(step)))
            yield Cells(changed, expand(changed))
        except SpecError:
            continue


def _apart(found: Sequence[Axis], problems: Problems) -> None:
    """No cell moves on two axes."""
    first: dict[str, Axis] = {}
    for axis in found:
        for cell in axis.cells:
            other = first.setdefault(cell, axis)
            if other is not axis:
                message = f"`{cell}` is on two axes"
                problems.add("bad-value", message, axis.place, related=[("the other one", other.place)])
                break


def _link(path: Text, formula: Any, cells: Cells, found: Sequence[Axis]) -> tuple[str, str]:
    if not is_formula(formula):
        raise fail("bad-value", "a link is a formula, such as =2 * w", getattr(formula, "place", path.place))
    met = cells.find(path)
    if not met:
        raise cells.unknown(path)
    for axis in found:
        if not set(met).isdisjoint(axis.cells):
            message = f"`{path}` is linked, and is on an axis"
            raise fail("bad-value", message, path.place, related=[("the axis", axis.place)])
    return str(path), str(formula)
