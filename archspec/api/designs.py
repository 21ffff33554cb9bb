"""Variants of a spec: costs and sweep of many at once, diff of two. Each takes a path or the name of a shipped spec."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archspec.api.networks import all_changes, check, load
from archspec.ir.tree import Network
from archspec.language.diagnostics import Diagnostic, SpecError, fail
from archspec.language.load import load as load_spec
from archspec.language.places import option
from archspec.language.spelled import (
    Axes,
    Changes,
    Input,
    Scaling,
    spelled_axes,
    spelled_cell,
    spelled_changes,
    spelled_names,
    spelled_size,
)

if TYPE_CHECKING:
    from archspec.analysis.variants import Variants
    from archspec.render.diff.difference import Difference
    from archspec.render.sweep import Swept


def costs(spec: str | os.PathLike[str], *, set: Changes = (), scale: Scaling = None, input: Any = None, **vars: Any) -> Variants:
    """The costs of many variants at once: the numbers in mappings (`set`, `scale`), in `input` and in vars may be numpy arrays.

    All arrays have one length, an element for each variant; what is no array is the same in all of them. A variant that is
    wrong is not `valid` and costs 0. Raises SpecError for what is wrong with all of them alike: the spec itself, a path
    that meets nothing, an array of another length or of anything but integers and bools.
    """
    from archspec.analysis.given import given_arrays

    name = os.fspath(spec)
    changes = {**(set if isinstance(set, Mapping) else {}), **{f"vars.{key}": value for key, value in vars.items()}}
    changes |= {f"scale.{key}": value for key, value in scale.items()} if isinstance(scale, Mapping) else {}
    text = scale if isinstance(scale, str) else None
    first = [] if isinstance(set, Mapping) else spelled_changes(set)
    given = given_arrays(changes, input)
    options = [*first, *(f"{p}={spelled_cell(v)}" if p not in given.slots else (p, given.slots[p]) for p, v in changes.items())]
    loaded = load_spec(name, set=options, scale=text, input=spelled_size(given.input_of(0)))
    loaded.problems.check()

    def one(index: int) -> Network:
        changed = [*first, *spelled_changes(given.changes_of(index))]
        return load(name, set=changed, scale=text, input=given.input_of(index))

    found = given.variants(loaded, one)
    if not found.valid.any():
        own = {(wrong.code, wrong.message) for wrong in check(name)}
        wrong = found.reasons[0].diagnostics
        alike = [w for w in wrong if not given.many or w.code == "unknown-path" or (w.code, w.message) in own]
        if alike:  # no variant is to blame
            raise SpecError(alike)
    return found


def diff(
    before: str | os.PathLike[str],
    after: str | os.PathLike[str] | None = None,
    *,
    depth: int = 1,
    all: bool = False,
    set: Changes = (),
    scale: Scaling = None,
    input: Input = None,
    **vars: Any,
) -> Difference:
    """What changes from one spec to another, or (without `after`) to itself with changes: rows by name, figures, tensors.

    `set`, `scale`, and vars by keyword, change the second. `input` is that of both if two are named, else one more change. `all`
    shows also the rows that stay the same. Raises SpecError, with what is wrong with either.
    """
    from archspec.design.diff import diff as diff_networks
    from archspec.render.diff.difference import Difference

    changes = all_changes(set, vars, scale)
    if after is None and not changes and input is None:
        message = "a difference is between two specs, or between one and itself with changes"
        raise fail("unsupported", message, option("SPEC", os.fspath(before)), hint="name another spec, or add --set PATH=VALUE")
    networks, problems = [], dict[str, Diagnostic]()
    pair = ((before, (), input if after is not None else None), (before if after is None else after, changes, input))
    for spec, given, size in pair:
        try:
            networks.append(load(spec, set=given, input=size))
        except SpecError as error:
            problems |= {str(one): one for one in error.diagnostics}  # the same may be wrong with both
            if after is None:
                break  # what is wrong with the one is wrong with the other
    if problems:
        raise SpecError(problems.values())
    told = changes if after is not None or input is None else [*changes, f"input={spelled_size(input)}"]
    return Difference(diff_networks(*networks), tuple(told), depth, all)


def sweep(
    spec: str | os.PathLike[str],
    *,
    vary: Axes = (),
    each: Axes = (),
    where: str | Iterable[str] = (),
    links: Mapping[str, str] | None = None,
    samples: int | None = None,
    seed: int = 0,
    pareto: str | Iterable[str] = (),
    top: int | None = None,
    by: str | None = None,
    output: str | os.PathLike[str] | None = None,
    plot: str | os.PathLike[str] | None = None,
    set: Changes = (),
    scale: Scaling = None,
    input: Input = None,
    announce: Callable[[Iterable[str]], None] = lambda lines: None,
    progress: Callable[[int, int], None] = lambda done, of: None,
    **vars: Any,
) -> Swept:
    """Many variants of a spec, or the members of a design space, costed at once; needs numpy.

    `vary` and `each` are axes by path: a range as text (`"16:96:16"`), or values; `where` are constraints. It keeps the
    Pareto front of the figures `pareto`, or the `top` best by the figure `by` (`"-depth"`: the largest), or all variants
    that keep every constraint. `output` (.csv, .jsonl) gets these rows as they come. `plot` (.png, .svg)
    shows all of them: the front of two figures, else the distribution of one. Raises SpecError.
    """
    from dataclasses import replace

    from archspec.design.cloud import Cloud
    from archspec.design.keep import choice
    from archspec.design.space import space
    from archspec.design.sweep import plan
    from archspec.render.plots import drawn, ready, sweep_plot
    from archspec.render.sweep import Swept, announced

    name, changes, size = os.fspath(spec), all_changes(set, vars, scale), spelled_size(input)
    made = space(
        name,
        vary=spelled_axes(vary),
        each=spelled_axes(each),
        where=[where] if isinstance(where, str) else where,
        links=(links or {}).items(),
        set=changes,
        input=size,
    )
    planned = plan(made, samples, seed)
    path = Path(output) if output is not None else None
    chosen = choice(planned, samples, spelled_names(pareto or ()), top, by, path)
    if plot is not None:
        ready(plot)
        chosen = replace(chosen, more=(Cloud(drawn(chosen.pareto, chosen.by)),))
    announce(announced(planned))
    counts, rows = chosen.run(progress)
    if plot is not None:
        sweep_plot(planned, chosen.more[0], plot)
    return Swept(planned, counts, rows, chosen.pareto, chosen.by if top is not None else None)
