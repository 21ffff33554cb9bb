"""What a sweep found: its variants by two costs with their front, or the distribution of one cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from archspec.analysis.costs import NetworkCost, network_cost
from archspec.design.rows import Objective
from archspec.language.diagnostics import fail
from archspec.language.places import option
from archspec.render.plots.distribution import Sample, distribution_plot
from archspec.render.plots.labels import label
from archspec.render.plots.pareto import Measure, pareto_plot
from archspec.render.plots.sheet import Target

if TYPE_CHECKING:
    from archspec.design.cloud import Cloud
    from archspec.design.sweep import Plan


def drawn(pareto: Sequence[Objective], by: Objective) -> tuple[Objective, ...]:
    """What a picture of a sweep shows: two costs of `pareto`, or one, or `by`. Raises SpecError for more than two."""
    if len(pareto) > 2:
        told = ",".join(map(str, pareto))
        message = f"a plot shows the Pareto front of two figures, found {len(pareto)}"
        raise fail("unsupported", message, option("--pareto", told), hint=f"for example --pareto {pareto[0]},{pareto[1]}")
    return tuple(pareto) or (by,)


def sweep_plot(plan: Plan, cloud: Cloud, path: Target) -> bool:
    """Draws what was collected, and the network without its axes; whether there was anything. Raises SpecError."""
    import numpy as np

    rows, front = cloud.rows(), cloud.front()
    if rows is None or not len(rows):
        return False
    first, *others = cloud.objectives
    own = network_cost(plan.space.network)
    if not others:
        sample = Sample(plan.space.network.name, rows.figures[first.name], of=cloud.count)
        distribution_plot(path, label(first.name), [sample])
        return True
    (second,) = others
    assert front is not None
    rest = rows.take(~np.isin(rows.place, front.place))
    x, y = (
        Measure(label(one.name), np.concatenate([front.figures[one.name], rest.figures[one.name]]), one.largest)
        for one in (first, second)
    )
    marked = {f"{plan.space.network.name}, unchanged": (_figure(own, first.name), _figure(own, second.name))}
    pareto_plot(path, x, y, np.arange(len(front)), marked=marked, of=cloud.count)
    return True


def _figure(costs: NetworkCost, name: str) -> int:
    """A total, or `row.figure`."""
    path, _, key = name.rpartition(".")
    if path:
        row = next(row for row in costs.rows if row.node.path == path)
        return row.depth if key == "depth" else int(getattr(row.cost, key))
    if name == "params_with_heads":
        return costs.total.params + costs.heads_total.params
    return costs.depth if name == "depth" else int(getattr(costs.total, name))
