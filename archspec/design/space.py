"""A design space as it is written, in a file and in options: axes over the cells of a spec, links, and constraints."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from typing import Any, TypeVar, cast

from archspec.design.axes import Axis, Told, axes, spelled_changes, told_entry, told_option
from archspec.design.cells import Cells
from archspec.design.members import Space as Space
from archspec.design.where import Constraint, constraints
from archspec.ir.expand import expand
from archspec.ir.loaded import loaded
from archspec.ir.tree import Network
from archspec.language.diagnostics import Problems, SpecError, fail
from archspec.language.load import load
from archspec.language.nodes import Map, Seq, Text, is_formula
from archspec.language.places import option
from archspec.language.spec import Spec

T = TypeVar("T")

#: axes of one space, the values that they list, members, and constraints
MAX_AXES, MAX_LISTED, MAX_SIZE, MAX_CONSTRAINTS = 10_000, 1_000_000, 10**1000, 100
#: values of the other axes with which a path is looked for that the plain network lacks
_TRIED = 50


def space(
    name: str,
    *,
    vary: Iterable[str] = (),
    each: Iterable[str] = (),
    where: Iterable[str] = (),
    links: Iterable[tuple[str, str]] = (),
    set: Iterable[str] = (),
    input: str | None = None,
    known: tuple[Spec, Network] | None = None,
) -> Space:
    """The space of a spec, or of a file with a section `space`, with more axes and constraints from options.

    `known` are the spec and its network, if they were loaded already with `set` and `input`. Raises SpecError with all that is
    wrong.
    """
    set = tuple(set)
    spec, network = known or loaded(name, set, input)
    problems, vary, each, links = Problems(), list(vary), list(each), list(links)
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
        limits += _tried(problems, _limits, Text(text, option("--where", text)), network, found, again) or []
    if len(limits) > MAX_CONSTRAINTS:
        problems.add("bad-value", f"a space has at most {MAX_CONSTRAINTS} constraints", limits[-1].place)
    if input is not None and any(axis.name == "input" for axis in found):
        problems.add("bad-value", "`input` is on an axis, and stated", option("--input", input))
    problems.check()
    made = Space(name, tuple(found), network)
    if made.size > MAX_SIZE:
        raise fail("bad-value", "a space has at most 10^1000 variants", found[-1].place)
    options = {"vary": vary, "each": each, "links": [f"{path}={formula}" for path, formula in links]}
    return replace(made, links=tuple(linked), where=tuple(limits), set=set, input=input, told=options)


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
        _tried(problems, _limits, text, network, found, again)
        for text in (where[: MAX_CONSTRAINTS + 1] if isinstance(where, Seq) else [where])
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
    listed = 0
    for at, one in enumerate(told):
        try:
            found[at] = axes(one, cells)
            listed += len(found[at][0])
            if listed > MAX_LISTED:
                raise fail("bad-value", f"the axes of a space list at most {MAX_LISTED:,} values", one.path.place)
        except SpecError as error:
            missed[at] = error
        if listed > MAX_LISTED:
            break
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
    ends = [(axis, step) for step in (-1, 0) for axis in others]
    between = ((axis, step) for axis in others for step in range(1, len(axis) - 1))
    for axis, step in islice(chain(ends, between), _TRIED):
        try:
            changed = again(spelled_changes(axis.at(step)))
            yield Cells(changed, expand(changed))
        except SpecError:
            continue


def _limits(text: Text, network: Network, found: Sequence[Axis], again: Callable[[list[str]], Spec]) -> list[Constraint]:
    """The conditions of a text. A row that it names may be there with the axes' values only."""
    try:
        return constraints(text, network, found)
    except SpecError as error:
        for grown in _grown(again, found) if all(one.code == "unknown-name" for one in error.diagnostics) else ():
            try:
                return constraints(text, grown.network, found)
            except SpecError:
                continue
        raise


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
