"""What is told of a network: report, audit and reconcile. Each takes a path or the name of a shipped spec."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from archspec.analysis.audit import Finding
from archspec.analysis.audit import audit as audit_network
from archspec.analysis.costs import network_cost
from archspec.api.networks import load
from archspec.ir.tree import Network
from archspec.language.choices import one_of
from archspec.language.diagnostics import fail
from archspec.language.places import Place, option
from archspec.language.spelled import (
    Changes,
    Input,
    Scaling,
    spelled_names,
)
from archspec.render.report import Report

if TYPE_CHECKING:
    from archspec.analysis.fvcore import FvcoreCount
    from archspec.analysis.latency import Latency, Settings
    from archspec.render.reconcile import Reconciliation


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


def audit(
    spec: str | os.PathLike[str], *, set: Changes = (), scale: Scaling = None, input: Input = None, **vars: Any
) -> list[Finding]:
    """Each published figure of a spec against the computed one."""
    return audit_network(load(spec, set=set, scale=scale, input=input, **vars))


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
