"""One trial of a search: a variant is built as a tree, costed, held to the budget, and measured if it keeps it.

A trial is *complete* if it has its figures. One over the budget is complete too, so that samplers see by how much it is over;
what would have to be measured is not, and stands as infinite. An invalid variant (the language refuses it) is pruned, and
farther from the budget than any other: samplers learn to keep away, and it counts, so that a space without a valid variant
comes to an end. A point that was tried before is looked up, whatever came of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from archspec.analysis.costs import network_cost
from archspec.analysis.variants import cost_alone
from archspec.design.budget import WORST, violation
from archspec.design.objectives import OBJECTIVES, Objective
from archspec.design.parameters import Parameter, parameters
from archspec.design.space import Space
from archspec.ir.tree import Network
from archspec.language.diagnostics import SpecError

if TYPE_CHECKING:
    from optuna import Trial
    from optuna.trial import FrozenTrial

#: attributes of a trial: its number and machine once it has begun (one that is run again has them of the first time, until
#: it has begun itself), the trial that it repeats, why it is invalid, what it costs
STARTED, SAME, INVALID, COSTS = "started", "same as", "invalid", "costs"
#: the constraint that only invalid variants have
_VALID = "valid"
#: codes of what is wrong with a variant when it is measured; anything else is wrong with how it is measured
_OF_VARIANT = {"too-large"}

Point: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True)
class Trials:
    """What every trial of a search has in common. `variant` gives the network at a step on each axis, or raises SpecError;
    `measures` has a function for each objective that is measured; `known` the finished trials by their point.
    """

    space: Space
    variant: Callable[[Sequence[int]], Network]
    objectives: Sequence[Objective]
    measures: Mapping[str, Callable[[Network], float]]
    known: Callable[[], Mapping[Point, FrozenTrial]]

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """One for each axis."""
        return parameters(self.space.axes)

    def point(self, trial: Trial | FrozenTrial) -> Point:
        """What a trial tries."""
        return tuple(trial.params[one.name] for one in self.parameters)

    def steps(self, trial: FrozenTrial) -> list[int]:
        """The step of a trial on each axis."""
        return [one.step_of(trial.params[one.name]) for one in self.parameters]

    def run(self, trial: Trial) -> list[float]:
        """The figure of each objective. Raises TrialPruned for an invalid variant, SpecError if it cannot be measured so."""
        steps = [one.suggest(trial) for one in self.parameters]
        before = self.known().get(self.point(trial))
        if before is not None:
            return self._look_up(trial, before)
        try:
            network = self.variant(steps)
            costs = network_cost(network)
            figures = {one.name: one.figure(costs) for one in OBJECTIVES.values() if one.figure}
            family = cost_alone(network)
            listed = dict(zip((axis.name for axis in self.space.axes), self.space.values(steps), strict=True))
            broken = {one.text: violation(one, family, listed) for one in self.space.where}
        except SpecError as error:
            raise self._pruned(trial, error) from None
        over = any(amount > 0 for amount in broken.values())
        try:
            values = [self._value(one, network, figures, over) for one in self.objectives]
        except SpecError as error:
            if error.diagnostics[0].code not in _OF_VARIANT:
                raise
            raise self._pruned(trial, error) from None
        _constrain(trial, broken)
        trial.set_user_attr(COSTS, figures)
        return values

    def _value(self, one: Objective, network: Network, figures: Mapping[str, int], over: bool) -> float:
        if not one.measured:
            return figures[one.name]
        return one.worst if over else self.measures[one.name](network)

    def _look_up(self, trial: Trial, before: FrozenTrial) -> list[float]:
        from optuna import TrialPruned

        trial.set_user_attr(SAME, before.user_attrs.get(SAME, before.number))
        _constrain(trial, before.constraints)
        for name in (COSTS, INVALID):
            if name in before.user_attrs:
                trial.set_user_attr(name, before.user_attrs[name])
        if before.values is None:
            raise TrialPruned
        return list(before.values)

    def _pruned(self, trial: Trial, error: SpecError) -> Exception:
        from optuna import TrialPruned

        trial.set_user_attr(INVALID, _reasons(error))
        _constrain(trial, {_VALID: 1 + WORST * len(self.space.where)})
        return TrialPruned()


def _constrain(trial: Trial, broken: Mapping[str, float]) -> None:
    """A trial that is run again may have its constraints from the first time."""
    for text, amount in broken.items():
        if text not in trial.constraints:
            trial.set_constraint(text, amount)


def _reasons(error: SpecError) -> list[str]:
    return [f"{one.row}: {one.message}" if one.row else one.message for one in error.diagnostics[:5]]
