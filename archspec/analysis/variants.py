"""The costs of many variants of a spec at once: numbers that stand for all of them, made once, and computed for any number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import TYPE_CHECKING, Any

from archspec.analysis.costs import NetworkCost, network_cost, total
from archspec.ir.family import Family
from archspec.ir.tree import Choice, Inner, Network, Tree
from archspec.language.arrays import Program
from archspec.language.diagnostics import SpecError, fail
from archspec.language.many import Many, deny
from archspec.language.places import option
from archspec.language.truths import both, either, select
from archspec.ops.base import Cost

if TYPE_CHECKING:
    from archspec.language.many import Array


@dataclass(frozen=True)
class FamilyCost:
    """What the networks of many variants cost for one example: every figure is a number of all variants, or a plain one."""

    family: Family

    @cached_property
    def networks(self) -> tuple[tuple[Any, NetworkCost], ...]:
        """The costs of each network, and where it is the one."""
        return tuple((truth, network_cost(network)) for truth, network in self.family.networks)

    @cached_property
    def valid(self) -> Any:
        """The truth of whether a variant is a network."""
        wrong = reduce(either, (failure.truth for failure in self.family.failures), False)
        return both(reduce(either, (truth for truth, _ in self.networks), False), deny(wrong))

    @cached_property
    def total(self) -> Cost:
        """The sum of the rows."""
        return self._cost(lambda costs: costs.total)

    @cached_property
    def params_with_heads(self) -> Any:
        return self.total.params + self._cost(lambda costs: costs.heads_total).params

    @cached_property
    def depth(self) -> Any:
        """Convolutions and linears on the longest path."""
        return self._number(lambda costs: costs.depth)

    def of(self, path: str) -> Cost | None:
        """What the node at a path costs; 0 in a variant that has no such node, None if no variant has one."""
        found = [_where(there, total(node)) for there, node in self.at(path)]
        return Cost.total(found) if found else None

    def at(self, path: str) -> Iterator[tuple[Any, Tree]]:
        """The nodes at a path, and where each of them is the one."""
        for truth, costs in self.networks:
            for node in (*costs.network.rows, *(head.node for head in costs.network.heads)):
                yield from _found(node, truth, lambda one: one.path == path, lambda one: path.startswith(f"{one.path}."))

    def outermost(self, wanted: Callable[[Tree], bool]) -> Iterator[tuple[Any, Tree]]:
        """The rows, or what is inside of them, that are wanted, and where each of them is there: not what is inside of one."""
        for truth, costs in self.networks:
            for node in costs.network.rows:
                yield from _found(node, truth, wanted, lambda inner: not wanted(inner))

    def _cost(self, told: Callable[[NetworkCost], Cost]) -> Cost:
        return Cost.total(_where(truth, told(costs)) for truth, costs in self.networks)

    def _number(self, told: Callable[[NetworkCost], Any]) -> Any:
        return sum(select(truth, told(costs), 0) for truth, costs in self.networks)


def cost_alone(network: Network) -> FamilyCost:
    """The costs of a family of one network: its numbers are plain."""
    return FamilyCost(Family(((True, network),), ()))


def _where(truth: Any, cost: Cost) -> Cost:
    return Cost(*(select(truth, figure, 0) for figure in cost))


def _found(node: Tree, truth: Any, wanted: Callable[[Tree], bool], inside: Callable[[Tree], bool]) -> Iterator[tuple[Any, Tree]]:
    if isinstance(node, Choice):
        for case, child in zip(node.truths, node.children, strict=True):
            yield from _found(child, both(truth, case), wanted, inside)
        return
    if wanted(node):
        yield truth, node
    if isinstance(node, Inner) and inside(node):
        for child in node.children:
            yield from _found(child, truth, wanted, inside)


class Reasons(Mapping[int, SpecError]):
    """What is wrong with each variant that is not valid, by index: found when it is asked for, by loading that one alone."""

    def __init__(self, valid: Array, load: Callable[[int], Network]) -> None:
        self._wrong, self._load = dict.fromkeys(int(index) for index in (~valid).nonzero()[0]), load

    def __getitem__(self, index: int) -> SpecError:
        if index not in self._wrong:
            raise KeyError(index)
        try:
            self._load(index)
        except SpecError as error:
            return error
        raise AssertionError(f"variant {index} is valid alone")

    def __contains__(self, index: object) -> bool:
        return index in self._wrong

    def __iter__(self) -> Iterator[int]:
        return iter(self._wrong)

    def __len__(self) -> int:
        return len(self._wrong)


@dataclass(frozen=True, repr=False)
class Variants:
    """What each variant of a spec costs for one example, as int64 arrays, computed when they are first asked for.

    A variant that is wrong costs 0 and is not `valid`; `reasons` says why. A figure that does not fit in 63 bits makes an
    array of Python's integers. `given` are the values of the numbers that differ.
    """

    size: int
    costs: FamilyCost
    given: Mapping[Many, Array]
    load: Callable[[int], Network]

    def __len__(self) -> int:
        return self.size

    def __repr__(self) -> str:
        return f"<Variants: {self.size:,}, of which {int(self.valid.sum()):,} are valid>"

    @cached_property
    def valid(self) -> Array:
        """Whether each variant is a network."""
        valid: Array = self._computed([self.costs.valid])[0]
        return valid

    @cached_property
    def reasons(self) -> Mapping[int, SpecError]:
        return Reasons(self.valid, self.load)

    @cached_property
    def total(self) -> Cost:
        """Every figure of `Cost`, without heads."""
        return Cost(*self._figures(self.costs.total))

    @property
    def params(self) -> Array:
        return self._of_total("params")

    @property
    def macs(self) -> Array:
        return self._of_total("macs")

    @property
    def activations(self) -> Array:
        return self._of_total("activations")

    def _of_total(self, figure: str) -> Array:
        array: Array = getattr(self.total, figure)  # typed as an int, which it is of one variant
        return array

    @cached_property
    def params_with_heads(self) -> Array:
        params: Array = self._figures([self.costs.params_with_heads])[0]
        return params

    @cached_property
    def depth(self) -> Array:
        """Convolutions and linears on the longest path."""
        depth: Array = self._figures([self.costs.depth])[0]
        return depth

    def of(self, path: str) -> Cost:
        """What the node at a path costs, a row or what is inside of one or of a head; 0 in a variant that has no such node."""
        cost = self.costs.of(path)
        if cost is None:
            raise fail("unknown-path", f"no variant has a node at `{path}`", option("path", path))
        return Cost(*self._figures(cost))

    def _figures(self, numbers: Sequence[Any]) -> list[Any]:
        figures = self._computed(numbers)
        for figure in figures:
            figure[~self.valid] = 0
        return figures

    def _computed(self, numbers: Sequence[Any]) -> list[Any]:
        import numpy as np

        found = Program(numbers)(self.given)
        return [one if isinstance(one, np.ndarray) else np.full(self.size, one) for one in found]
