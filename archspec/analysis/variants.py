"""The costs of many variants of a spec at once: its numbers are arrays, and variants whose tree differs are taken apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from archspec.analysis.costs import NetworkCost, NodeCost, network_cost
from archspec.ir.expand import expand
from archspec.ir.tree import Inner, Network, Tree
from archspec.language.arrays import arrays
from archspec.language.diagnostics import SpecError, fail
from archspec.language.figures import output_size
from archspec.language.many import Batch, Differ
from archspec.language.nodes import Slot
from archspec.language.places import option
from archspec.language.spec import Spec
from archspec.ops.base import Cost

if TYPE_CHECKING:
    from archspec.language.many import Array


@dataclass(frozen=True)
class Group:
    """Variants with one tree, by index, and its costs, whose numbers are those of all of them; None: they are wrong."""

    which: Array
    costs: NetworkCost | None


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
    array of Python's integers.
    """

    size: int
    groups: tuple[Group, ...]
    load: Callable[[int], Network]

    def __len__(self) -> int:
        return self.size

    def __repr__(self) -> str:
        return f"<Variants: {self.size:,}, of which {int(self.valid.sum()):,} are valid; trees: {len(self.groups):,}>"

    @cached_property
    def valid(self) -> Array:
        """Whether each variant is a network."""
        import numpy as np

        valid = np.zeros(self.size, dtype=bool)
        for group in self.groups:
            valid[group.which] = group.costs is not None
        return valid

    @cached_property
    def reasons(self) -> Mapping[int, SpecError]:
        return Reasons(self.valid, self.load)

    @cached_property
    def total(self) -> Cost:
        """Every figure of `Cost`, without heads."""
        return Cost(*self._figures(lambda costs: costs.total))

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
        heads: Array = self._figures(lambda costs: costs.heads_total[:1])[0]
        return self.params + heads

    @cached_property
    def depth(self) -> Array:
        """Convolutions and linears on the longest path."""
        depth: Array = self._figures(lambda costs: (costs.depth,))[0]
        return depth

    def of(self, path: str) -> Cost:
        """What the node at a path costs, a row or what is inside of one or of a head; 0 in a variant that has no such node."""
        nodes = [_node(group.costs, path) if group.costs else None for group in self.groups]
        if not any(nodes):
            raise fail("unknown-path", f"no variant has a node at `{path}`", option("path", path))
        found = {id(group.costs): node for group, node in zip(self.groups, nodes, strict=True) if node is not None}
        return Cost(*self._figures(lambda costs: NodeCost(found[id(costs)]).cost if id(costs) in found else Cost()))

    def _figures(self, told: Callable[[NetworkCost], Sequence[Any]]) -> list[Any]:
        """The figures of each variant, from those of the groups."""
        import numpy as np

        found = [(group.which, arrays(told(group.costs))) for group in self.groups if group.costs is not None]
        count = len(found[0][1]) if found else len(Cost())
        results = []
        for at in range(count):
            values = [(which, figures[at]) for which, figures in found]
            wide = any(getattr(value, "dtype", None) == np.dtype(object) for _, value in values)
            result = np.zeros(self.size, dtype=object if wide else np.int64)
            for which, value in values:
                result[which] = value
            results.append(result)
        return results


def _node(costs: NetworkCost, path: str) -> Tree | None:
    nodes = [*costs.network.rows, *(head.node for head in costs.network.heads)]
    while nodes:
        node = nodes.pop()
        if node.path == path:
            return node
        nodes += node.children if isinstance(node, Inner) and path.startswith(node.path) else ()
    return None


def variants(
    spec: Spec, given: Sequence[tuple[Slot, Array]], input: Sequence[Any] | None, size: int, load: Callable[[int], Network]
) -> Variants:
    """The costs of `size` variants: each array is the values of one slot of the spec, or a side of `input`."""
    import numpy as np

    groups: list[Group] = []
    todo: list[Array] = [np.arange(size)]
    for array in [array for _, array in given if array.dtype == bool]:
        todo = [part for which in todo for part in _parts(which, array[which])]
    while todo:
        which = todo.pop()
        batch = Batch(len(which))
        try:
            for slot, array in given:
                slot.value = _number(array, which, batch)
            sizes = None if input is None else _sides([_number(side, which, batch) for side in input], spec)
            groups.append(Group(which, network_cost(expand(replace(spec, input=sizes) if sizes else spec))))
        except Differ as differ:
            todo += _parts(which, differ.by)
        except SpecError:
            groups.append(Group(which, None))
    return Variants(size, tuple(groups), load)


def _number(array: Any, which: Array, batch: Batch) -> Any:
    """The numbers of some variants as one; a bool is one for all of them."""
    if not hasattr(array, "dtype"):
        return array
    if array.dtype == bool:
        return bool(array[which[0]])
    return batch.given(array if len(which) == len(array) else array[which])


def _sides(sides: list[Any], spec: Spec) -> tuple[int, int, int]:
    try:
        height, width, channels = output_size(sides)
    except ValueError as error:
        raise fail("bad-value", f"input must be {error}", spec.input_place) from None
    return height, width, channels


def _parts(which: Array, by: Array) -> list[Array]:
    """The variants taken apart by what they answer."""
    import numpy as np

    if not len(which):
        return []
    _, group = np.unique(by, return_inverse=True)
    order = np.argsort(group, kind="stable")
    return np.split(which[order], np.flatnonzero(np.diff(group[order])) + 1)
