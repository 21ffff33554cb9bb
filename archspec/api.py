"""The verbs in Python: load, check, report, audit, reconcile, diff, sweep, build. Each takes a path or a shipped name."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archspec.analysis.audit import Finding
from archspec.analysis.audit import audit as audit_network
from archspec.analysis.costs import network_cost
from archspec.ir.loaded import loaded
from archspec.ir.tree import Network
from archspec.language.choices import one_of
from archspec.language.diagnostics import Diagnostic, SpecError, fail
from archspec.language.load import load as load_spec
from archspec.language.places import Place, option
from archspec.language.spelled import (
    Axes,
    Changes,
    Input,
    Scaling,
    scale_changes,
    spelled_axes,
    spelled_cell,
    spelled_changes,
    spelled_names,
    spelled_scale,
    spelled_size,
)
from archspec.render.report import Report as Report

if TYPE_CHECKING:
    from archspec.analysis.fvcore import FvcoreCount
    from archspec.analysis.latency import Latency, Settings
    from archspec.analysis.variants import Variants
    from archspec.compiler.module import Model
    from archspec.compiler.weights import Loaded
    from archspec.render.diff.difference import Difference
    from archspec.render.reconcile import Reconciliation
    from archspec.render.sweep import Swept


def load(spec: str | os.PathLike[str], *, set: Changes = (), scale: Scaling = None, input: Input = None, **vars: Any) -> Network:
    """The validated network of a spec. Raises SpecError with every error found.

    `set` are changes as on the command line (`"inception_3a.n5x5=64"`, several of them, or a mapping from path to
    value), `scale` multiplies channels and repeats (`"width=1.4,depth=1.2"`, or a mapping), `input` is height x width x channels,
    and keywords are vars of the spec (`classes=10`).
    """
    name = os.fspath(spec)
    return loaded(name, _all_changes(set, vars), spelled_size(input), spelled_scale(scale))[1]


def _all_changes(set: Changes, vars: Mapping[str, Any]) -> list[str]:
    return [*spelled_changes(set), *(f"vars.{key}={spelled_cell(value)}" for key, value in vars.items())]


def checked(
    spec: str | os.PathLike[str], *, set: Changes = (), scale: Scaling = None, input: Input = None, **vars: Any
) -> Network:
    """The same as `load`; of a design space its axes, links and constraints are looked at too."""
    name, changes, size = os.fspath(spec), _all_changes(set, vars), spelled_size(input)
    changed, network = loaded(name, changes, size, spelled_scale(scale))
    if changed.space is not None:
        from archspec.design.space import space_of

        space_of(name, changed, network, set=[*changes, *scale_changes(scale)], input=size)
    return network


def check(
    spec: str | os.PathLike[str], *, set: Changes = (), scale: Scaling = None, input: Input = None, **vars: Any
) -> tuple[Diagnostic, ...]:
    """Everything that is wrong with a spec; empty if nothing is."""
    try:
        checked(spec, set=set, scale=scale, input=input, **vars)
    except SpecError as error:
        return error.diagnostics
    return ()


def report(
    spec: str | os.PathLike[str],
    *,
    depth: int = 1,
    counter: str = "closed",
    columns: str | Iterable[str] = (),
    sort: str | None = None,
    measure: bool | Mapping[str, Any] = False,
    dtype: str = "float32",
    set: Changes = (),
    scale: Scaling = None,
    input: Input = None,
    **vars: Any,
) -> Report:
    """The costs of a spec in closed form, or (`counter="fvcore"`) with fvcore's count of the built module beside it.

    `columns` are those to show, in order (`"row,output,macs"`), `sort` is the column by which the rows are ordered.
    Bytes are of `dtype`. `measure` also runs the built module and times its rows: True, or the fields of
    `archspec.analysis.latency.Settings` (`{"batch": 8, "repeats": 50, "threads": 1, "dtype": "bfloat16", "device": "cuda"}`).
    """
    settings = None if measure is False else measure_settings({} if measure is True else measure)
    network = load(spec, set=set, scale=scale, input=input, **vars)
    latency = measured(network, option("SPEC", os.fspath(spec)), settings) if settings else None
    return report_network(network, depth=depth, counter=counter, columns=columns, sort=sort, latency=latency, dtype=dtype)


def measure_settings(told: Mapping[str, Any]) -> Settings:
    """How to measure, from what is told of it by name. Raises SpecError."""
    from dataclasses import fields

    from archspec.analysis.latency import Settings

    known = [field.name for field in fields(Settings)]
    for name in told:
        one_of("measure", name, known)
    return Settings(**told)


def measured(
    network: Network, place: Place, settings: Settings, progress: Callable[[int, int], None] = lambda done, of: None
) -> Latency:
    """The latency of a loaded network's rows on this machine, with random weights; `progress` is told the runs done, of all."""
    from archspec.compiler.checks import check_memory

    check_memory(network, place, heads=False, batch=settings.batch)
    from archspec.compiler.measure import measure
    from archspec.compiler.module import build_model

    return measure(build_model(network, heads=False), network, settings, progress)


def report_network(
    network: Network,
    *,
    depth: int = 1,
    counter: str = "closed",
    columns: str | Iterable[str] = (),
    sort: str | None = None,
    latency: Latency | None = None,
    dtype: str = "float32",
) -> Report:
    """The report of a loaded network; for fvcore a model is built."""
    if depth < 1:
        raise fail("unsupported", "depth is at least 1: the rows", option("depth", str(depth)))
    if counter not in COUNTERS:
        raise fail("unsupported", f"counter is one of {', '.join(COUNTERS)}", option("counter", counter))
    keys = tuple(spelled_names(columns))
    return Report(network, network_cost(network), depth, COUNTERS[counter](network), keys, sort, latency, dtype)


def _by_fvcore(network: Network) -> FvcoreCount:
    from archspec.analysis.fvcore import fvcore_count
    from archspec.compiler.module import build_model

    return fvcore_count(build_model(network), network)


#: what `--counter` may say
COUNTERS: dict[str, Callable[[Network], FvcoreCount | None]] = {"closed": lambda network: None, "fvcore": _by_fvcore}


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
    from archspec.design.space import space_of
    from archspec.design.sweep import plan
    from archspec.render.plots import drawn, ready, sweep_plot
    from archspec.render.sweep import Swept, announced

    name, changes, size = os.fspath(spec), _all_changes(set, vars), spelled_size(input)
    made = space_of(
        name,
        *loaded(name, changes, size),
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


def reconcile(
    spec: str | os.PathLike[str],
    *,
    counters: str | Iterable[str] | None = None,
    functions: str | Iterable[str] = (),
    live: bool = False,
    set: Changes = (),
    scale: Scaling = None,
    input: Input = None,
    **vars: Any,
) -> Reconciliation:
    """What every known counter prints for a spec (all, or those named), each as the terms that add up to it.

    `functions` are the ops that the code calls as functions, by type or path (`"relu"`, `"mixed_*.pool.pool"`): counters
    that hook modules see these otherwise. `live` also runs the installed tools on the built module, in which every op is
    a module. Raises SpecError.
    """
    from archspec.analysis.counters import CONVENTIONS
    from archspec.analysis.reconcile import reconcile_network
    from archspec.render.reconcile import Reconciliation

    known = {one.name: one for one in CONVENTIONS}
    chosen = [known[one_of("--counter", name, known)] for name in dict.fromkeys(spelled_names(counters or known))]
    functions = spelled_names(functions or ())
    if live and functions:
        message = "a live count is of the built module, in which every op is a module: it takes no functions"
        raise fail("unsupported", message, option("--functions", ",".join(functions)))
    network = load(spec, set=set, scale=scale, input=input, **vars)
    counts = reconcile_network(network, chosen, functions)
    return Reconciliation(
        network, counts, _run_counters(network, os.fspath(spec), [one.name for one in chosen]) if live else None
    )


def _run_counters(network: Network, spec: str, names: list[str]) -> dict[str, int | None]:
    from archspec.compiler.checks import check_memory

    check_memory(network, option("SPEC", spec), heads=False)
    from archspec.compiler.live import live_counts

    return live_counts(network, names)


def audit(
    spec: str | os.PathLike[str], *, set: Changes = (), scale: Scaling = None, input: Input = None, **vars: Any
) -> list[Finding]:
    """Each published figure of a spec against the computed one."""
    return audit_network(load(spec, set=set, scale=scale, input=input, **vars))


def diff(
    before: str | os.PathLike[str],
    after: str | os.PathLike[str] | None = None,
    *,
    depth: int = 1,
    all: bool = False,
    set: Changes = (),
    input: Input = None,
    **vars: Any,
) -> Difference:
    """What changes from one spec to another, or (without `after`) to itself with changes: rows by name, figures, tensors.

    `set`, and vars by keyword, change the second. `input` is that of both if two are named, else one more change. `all`
    shows also the rows that stay the same. Raises SpecError, with what is wrong with either.
    """
    from archspec.design.diff import diff as diff_networks
    from archspec.render.diff.difference import Difference

    changes = [*spelled_changes(set), *(f"vars.{key}={spelled_cell(value)}" for key, value in vars.items())]
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


def build(
    spec: str | os.PathLike[str],
    *,
    heads: bool = True,
    weights: str | os.PathLike[str] | None = None,
    partial: bool = False,
    set: Changes = (),
    scale: Scaling = None,
    input: Input = None,
    **vars: Any,
) -> Model:
    """The spec as a torch module in train mode, initialised by its scheme or with `weights` (safetensors) loaded.

    `partial` loads the weights that fit by name and size; the others stay initialised. `build("googlenet", classes=10)`
    sets the spec's var `classes`. Raises SpecError.
    """
    network = load(spec, set=set, scale=scale, input=input, **vars)
    return compiled(network, option("SPEC", os.fspath(spec)), heads=heads, weights=weights, partial=partial)[0]


def compiled(
    network: Network,
    place: Place,
    *,
    heads: bool = True,
    weights: str | os.PathLike[str] | None = None,
    partial: bool = False,
) -> tuple[Model, Loaded | None]:
    """The module of a loaded network, and what was loaded into it. What can be refused is refused before torch is imported."""
    from archspec.compiler.checks import check_memory, check_weights_file

    if partial and weights is None:
        given = option("--partial", "--partial")
        raise fail("unsupported", "--partial says how to load weights", given, hint="add --weights FILE")
    check_memory(network, place, heads=heads)
    if weights is not None:
        check_weights_file(Path(weights))
    from archspec.compiler.module import build_model
    from archspec.compiler.weights import load_weights

    model = build_model(network, heads=heads)
    return model, load_weights(model, network, Path(weights), partial=partial) if weights is not None else None
