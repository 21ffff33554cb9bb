"""What the rows of one expansion share: where diagnostics go, which blocks they are in, and the limits that no spec may pass."""

from __future__ import annotations

import operator
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from typing import NoReturn

from archspec.ir.at import At, StopError
from archspec.ir.cases import Cases
from archspec.ir.cells import Reporter
from archspec.ir.copies import Copy
from archspec.ir.edits import Edits
from archspec.ir.scope import Cell, RowNames
from archspec.ir.types import Types
from archspec.language.blocks import Block
from archspec.language.diagnostics import Problems
from archspec.language.intervals import MAX_INT
from archspec.language.names import id_problem
from archspec.language.places import Place, Source
from archspec.ops.base import Cost, Op, Shape

MAX_NODES = 100_000
MAX_NESTING = 40
MAX_CELLS = 1_000_000


_TOO_LARGE = (MAX_INT, "overflow", "the counts no longer fit in 63 bits")
#: what each of the counts may reach
_LIMITS = (
    (MAX_NODES, "too-many-nodes", f"the network has more than {MAX_NODES:,} nodes"),
    (MAX_CELLS, "too-many-nodes", f"the blocks of the network hold more than {MAX_CELLS:,} cells"),
    *(_TOO_LARGE, _TOO_LARGE, _TOO_LARGE),
)


class Expansion(Cases):
    """What the rows of one expansion share.

    `defaults` are the spec's cells by type, `spec_names` what its rows and own blocks see, `inherited` the texts whose
    claims are only compared.
    """

    def __init__(
        self,
        problems: Problems,
        types: Types,
        edits: Edits,
        defaults: Mapping[str, dict[str, Cell]],
        spec_names: RowNames,
        inherited: frozenset[Source],
        outer: Cases | None = None,
    ) -> None:
        super().__init__(problems, (0, 0, 0, 0, 0), outer)  # nodes, cells, parameters, multiply-adds, activations
        self.types, self.edits, self.defaults, self.inherited = types, edits, defaults, inherited
        edits.cases = self
        self.spec_names = spec_names
        self.used: set[str] = set()
        self._users: list[tuple[str, Place]] = []
        self._blocks: list[Block] = []
        #: whether a row is being tried: a try within a try would double the work at every level
        self.trying = False
        #: each op with its output and its cost: most rows are an op that stood at the same shape before
        self._made: dict[Hashable, tuple[Op, Shape, Cost]] = {}
        #: blocks by what they are, values, size and depth
        self._copies: dict[Hashable, Copy] = {}
        self.depth = 0

    def report(self, at: At) -> Reporter:
        return Reporter(self.problems, at.path, self._users[0] if self._users else None)

    def check_id(self, name: str, place: Place) -> None:
        """Reports an id that cannot be one."""
        problem = id_problem(name)
        if problem:
            self.problems.add(*problem, place)

    def bounded(self, output: Shape | None, place: Place, at: At) -> Shape | None:
        """The shape, if its elements count in 63 bits."""
        if output is not None and output.elements > MAX_INT:
            self.stop("overflow", "the output no longer counts in 63 bits", place, at)
        return output

    def count(self, place: Place, at: At, number: int = 1) -> None:
        """Counts nodes of the network."""
        self.add_counts((number, 0, 0, 0, 0), place, at)

    def cells(self, number: int, place: Place, at: At) -> None:
        """Counts the cells and vars of blocks."""
        self.add_counts((0, number, 0, 0, 0), place, at)

    def costs(self, cost: Cost, place: Place, at: At) -> None:
        """Adds up what the ops cost, which must count in 63 bits."""
        self.add_counts((0, 0, cost.params, cost.macs, cost.activations), place, at)

    def add_counts(self, more: tuple[int, ...], place: Place, at: At) -> None:
        """Adds to the counts, none of which may pass its limit."""
        self.counts = counts = tuple(map(operator.add, self.counts, more))
        for count, (most, code, message) in zip(counts, _LIMITS, strict=True):
            if count > most:
                self.stop(code, message, place, at)

    def deeper(self, place: Place, at: At) -> None:
        """One level deeper; whoever calls it takes the level away again."""
        self.depth += 1
        if self.depth > MAX_NESTING:
            self.stop("too-deep", f"blocks are nested more than {MAX_NESTING} levels", place, at)

    @contextmanager
    def used_by(self, block: Block, place: Place, at: At) -> Iterator[None]:
        """Inside a block that the row at `place` uses."""
        if block in self._blocks:
            names = " uses ".join(b.name for b in [*self._blocks[self._blocks.index(block) :], block])
            self.stop("cyclic-block", f"the block uses itself: {names}", place, at)
        self.used.add(block.name)
        self._blocks.append(block)
        self._users.append((at.dotted, place))
        try:
            yield
        finally:
            self._blocks.pop()
            self._users.pop()

    def stop(self, code: str, message: str, place: Place, at: At) -> NoReturn:
        """Reports that a limit was passed, and ends the expansion."""
        self.report(at).add(code, message, place)
        raise StopError
