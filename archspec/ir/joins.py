"""How branches come together: the shape rule of each combinator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from archspec.ir.at import At, Outcome, inner
from archspec.ir.cells import BrokenError, Reporter
from archspec.ir.tree import Tree
from archspec.language.places import Place
from archspec.language.truths import select
from archspec.ops.base import Shape, ShapeError

Named = Sequence[tuple[str, Shape]]


def _disagree(kind: str, what: str, first: str, shape: Shape, name: str, other: Shape) -> ShapeError:
    sizes = [f"{one}{' flattened' if one.flat else ''}" for one in (shape, other)]
    return ShapeError(f"branches of a {kind} must agree{what}: {first} gives {sizes[0]}, {name} gives {sizes[1]}")


def concat(branches: Named) -> Shape:
    """Channels side by side; height and width must agree."""
    (first, shape), *rest = branches
    for name, other in rest:
        if other[1:] != shape[1:]:
            raise _disagree("concat", " in height and width", first, shape, name, other)
    return shape._replace(channels=sum(other.channels for _, other in branches))


def same(branches: Named) -> Shape:
    """Element by element; shapes must be equal."""
    (first, shape), *rest = branches
    for name, other in rest:
        if other != shape:
            raise _disagree("sum", "", first, shape, name, other)
    return shape


def broadcast(branches: Named) -> Shape:
    """Element by element, where a 1x1 map scales a whole channel."""
    largest = max((shape for _, shape in branches), key=lambda shape: shape.elements)
    for name, other in branches:
        scales = not other.flat and not largest.flat and other == (largest.channels, 1, 1, False)
        if other != largest and not scales:
            raise ShapeError(
                f"branches of a product must agree, or be 1x1x{largest.channels}: {name} gives {other} beside {largest}"
            )
    return largest


JOINS: dict[str, Callable[[Named], Shape]] = {"concat": concat, "sum": same, "product": broadcast, "split": concat}


def shares(shape: Shape, count: int) -> Shape:
    """What each of `count` branches of a split gets."""
    if shape.channels % count:
        raise ShapeError(f"{count} branches of a split do not divide the {shape.channels} channels that come in")
    return shape._replace(channels=shape.channels // count)


def present(kind: str, branches: Sequence[tuple[str, Outcome]]) -> dict[str, Shape | None]:
    """What each branch brings to a join, by name. One that only some variants have brings nothing to the others: no channels to a
    concat, and what suits a branch that all have. If there is none, variants are told apart by what they have (raises Differ).
    """
    always = next((found.output for _, found in branches if found.there is True), None)
    shapes: dict[str, Shape | None] = {}
    for name, found in branches:
        if found.there is True or found.output is None:
            shapes[name] = found.output
        elif always is not None:
            nothing = always._replace(channels=0) if kind == "concat" else always
            shapes[name] = Shape(*(select(found.there, *sides) for sides in zip(found.output, nothing, strict=True)))
        elif found.there:
            shapes[name] = found.output
    return shapes


def joined(
    kind: str, shapes: Sequence[tuple[str, Shape | None]], nodes: Sequence[Tree | None], at: At, place: Place, report: Reporter
) -> Outcome:
    """Branches, or (without nodes) several earlier rows, brought together. Raises BrokenError after reporting."""
    if not nodes and (len(shapes) < 2 or kind == "split"):
        needs = "branches" if kind == "split" else "branches, or several rows in `from`"
        report.add("bad-value", f"`type: {kind}` needs {needs}", place, f"write {kind}: and named branches")
        raise BrokenError
    known = [(name, shape) for name, shape in shapes if shape is not None]
    if len(known) < len(shapes):
        return Outcome(None, None)
    try:
        output = JOINS[kind](known)
    except ShapeError as error:
        report.add("shape-mismatch", error.message, place)
        raise BrokenError from None
    return inner(kind, nodes, at if nodes else replace(at, shape=known[0][1]), output, place)
