"""The inner nodes of the tree as modules: a sequence, and branches that are joined. A value is dropped when its last reader
is called: it then lives as long as that call (see archspec.analysis.memory).
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

#: what a child reads: paths of values, or FLOW for what flows in from before
FLOW = ""
Reads = tuple[str, ...]


class Container(nn.Module):
    """An inner node. Its children are called with what they read; `takes` names what the container itself is given
    after its input: rows outside of it that something inside reads. Own names start with _, so that any id is free.
    """

    def __init__(self, children: Mapping[str, nn.Module], reads: Mapping[str, Reads], takes: Reads = ()) -> None:
        super().__init__()
        for name, child in children.items():
            self.add_module(name, child)
        self._reads, self._takes = dict(reads), takes
        self._label, self._cells = type(self).__name__, ""

    def _labelled(self, label: str, cells: str) -> Container:
        """Prints as a row of the table: its type and its cells."""
        self._label, self._cells = label, cells
        return self

    def _get_name(self) -> str:
        return self._label

    def extra_repr(self) -> str:
        return self._cells

    def _call(self, name: str, values: dict[str, Tensor], drops: Reads = ()) -> Any:
        """Calls a child with what it reads of `values`; those that `drops` names are held by the call alone."""
        child = self._modules[name]
        assert child is not None
        inputs = [values[read] for read in self._reads[name]]
        for read in drops:
            del values[read]
        return child(*inputs)

    def _drops(self, names: Iterable[str], stays: Iterable[str] = ()) -> dict[str, Reads]:
        """For each of these children, called in this order, what nothing reads after it: what flows in, and the paths that
        it is the last to read, but for those that stay.
        """
        names = tuple(names)
        last = {read: name for name in names for read in self._reads[name] if read not in (FLOW, *stays)}
        return {name: (FLOW, *(read for read in last if last[read] == name)) for name in names}


class Sequence(Container):
    """Children one after the other. `keeps` maps a child to the path under which later rows read it."""

    def __init__(
        self, children: Mapping[str, nn.Module], reads: Mapping[str, Reads], takes: Reads, keeps: Mapping[str, str]
    ) -> None:
        super().__init__(children, reads, takes)
        self._keeps, self._last = dict(keeps), self._drops(reads)

    def forward(self, x: Tensor, *others: Tensor) -> Tensor:
        values = dict(zip((FLOW, *self._takes), (x, *others), strict=True))
        for name in self._reads:
            values[FLOW] = self._call(name, values, self._last[name])
            if name in self._keeps:
                values[self._keeps[name]] = values[FLOW]
        return values[FLOW]


class Branches(Container):
    """Children side by side on the same input, or no children and several inputs; the results are joined."""

    def _join(self, results: list[Tensor]) -> Tensor:
        raise NotImplementedError  # each kind of branches has its own; torch's modules have no abstract methods

    def _inputs(self, x: Tensor) -> list[Tensor]:
        """What flows into each branch."""
        return [x] * len(self._reads)

    def forward(self, x: Tensor, *others: Tensor) -> Tensor:
        if not self._reads:
            return self._join([x, *others])
        values = dict(zip(self._takes, others, strict=True))
        flows = zip(self._reads, self._inputs(x), strict=True)
        results = [self._call(name, {FLOW: flow, **values}) for name, flow in flows]
        return self._join(results) if len(results) > 1 else results[0]


class Concat(Branches):
    def _join(self, results: list[Tensor]) -> Tensor:
        return torch.cat(results, 1)


class Sum(Branches):
    def _join(self, results: list[Tensor]) -> Tensor:
        return functools.reduce(operator.add, results)


class Product(Branches):
    def _join(self, results: list[Tensor]) -> Tensor:
        return functools.reduce(operator.mul, results)


class Split(Concat):
    """Each branch gets an equal share of the channels."""

    def _inputs(self, x: Tensor) -> list[Tensor]:
        return list(x.chunk(len(self._reads), 1))


BRANCHES: dict[str, type[Branches]] = {"concat": Concat, "sum": Sum, "product": Product, "split": Split}
