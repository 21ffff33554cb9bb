"""What a search makes small (or large): costs in closed form, and figures that must be measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from archspec.analysis.costs import NetworkCost
from archspec.analysis.dtypes import element_bytes
from archspec.language.choices import one_of
from archspec.language.diagnostics import fail
from archspec.language.places import option


@dataclass(frozen=True)
class Objective:
    """`figure` is its value in closed form; None if it must be measured, which takes a function of its name in `search`.

    `header` and `unit` say what its numbers are, with what they leave out. `decimals`: those of a measured number.
    """

    name: str
    header: str
    unit: str
    figure: Callable[[NetworkCost], int] | None = None
    direction: Literal["minimize", "maximize"] = "minimize"
    decimals: int = 0

    @property
    def measured(self) -> bool:
        return self.figure is None

    @property
    def worst(self) -> float:
        """The value of a variant that is not measured, because it breaks the budget."""
        return float("inf") if self.direction == "minimize" else float("-inf")


#: by name, in the order of the help; for another one, add it here (and, if it is measured, its function to archspec.api.searches)
OBJECTIVES: Mapping[str, Objective] = {
    one.name: one
    for one in (
        Objective("latency", "ms", "milliseconds of a batch on this machine, the median of the repeats", decimals=3),
        Objective("params", "parameters", "biases included", lambda costs: costs.total.params),
        Objective("macs", "multiply-adds", "of convolutions and linears, without bias", lambda costs: costs.total.macs),
        Objective(
            "activations", "activations", "output elements of convolutions and linears", lambda costs: costs.total.activations
        ),
        Objective("depth", "depth", "convolutions and linears on the longest path", lambda costs: costs.depth),
        Objective(
            "memory",
            "peak bytes",
            "peak bytes of activations in float32",
            lambda costs: costs.memory.peak * element_bytes("float32"),
        ),
    )
}


def objectives(names: Iterable[str]) -> tuple[Objective, ...]:
    """The objectives of these names, in this order. Raises SpecError."""
    chosen = list(names)
    for name in chosen:
        one_of("--objective", name, OBJECTIVES)
        if chosen.count(name) > 1:
            raise fail("unsupported", f"`{name}` stands twice among the objectives", option("--objective", ",".join(chosen)))
    return tuple(OBJECTIVES[name] for name in chosen)
