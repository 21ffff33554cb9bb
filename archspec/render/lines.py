"""The lines of a report: its rows and their parts, the whole network, the heads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from archspec.analysis.costs import NodeCost
from archspec.ir.tree import Tree
from archspec.ops.base import Cost

if TYPE_CHECKING:
    from archspec.render.report import Report


@dataclass(frozen=True)
class Line:
    """A node of the report, or the whole network (`part` None). `level` is 1 for a row, 2 for its parts, and so on; 0 for
    the whole.
    """

    report: Report
    kind: Literal["row", "total", "head"]
    level: int
    part: NodeCost | None = None

    @property
    def node(self) -> Tree | None:
        return self.part.node if self.part else None

    @property
    def name(self) -> str:
        return self.node.name if self.node else "total"

    @property
    def path(self) -> str:
        """The node's path; empty for the whole network."""
        return self.node.path if self.node else ""

    @cached_property
    def cost(self) -> Cost:
        """Of the whole network: the sum of its rows."""
        return self.part.cost if self.part else self.report.costs.total

    @property
    def facts(self) -> Mapping[str, int]:
        return self.part.facts if self.part else self.report.costs.facts

    @property
    def depth(self) -> int:
        return self.part.depth if self.part else self.report.costs.depth


def row_lines(report: Report, row: NodeCost) -> Iterator[Line]:
    """A row and its parts, down to the report's depth."""
    for level, part in row.to_depth(report.depth):
        yield Line(report, "row", level, part)


def head_lines(report: Report) -> Iterator[Line]:
    """The heads and their parts, down to the report's depth."""
    for head in report.costs.heads:
        for level, part in head.to_depth(report.depth):
            yield Line(report, "head", level, part)
