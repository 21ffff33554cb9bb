"""A spec by its name to its network: load, and check. Each takes a path or the name of a shipped spec."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from archspec.ir.loaded import loaded
from archspec.ir.tree import Network
from archspec.language.diagnostics import Diagnostic, SpecError
from archspec.language.spelled import (
    Changes,
    Input,
    Scaling,
    scale_changes,
    spelled_cell,
    spelled_changes,
    spelled_scale,
    spelled_size,
)


def load(spec: str | os.PathLike[str], *, set: Changes = (), scale: Scaling = None, input: Input = None, **vars: Any) -> Network:
    """The validated network of a spec. Raises SpecError with every error found.

    `set` are changes as on the command line (`"inception_3a.n5x5=64"`, several of them, or a mapping from path to
    value), `scale` multiplies channels and repeats (`"width=1.4,depth=1.2"`, or a mapping), `input` is height x width x channels,
    and keywords are vars of the spec (`classes=10`).
    """
    name = os.fspath(spec)
    return loaded(name, all_changes(set, vars), spelled_size(input), spelled_scale(scale))[1]


def all_changes(set: Changes, vars: Mapping[str, Any], scale: Scaling = None) -> list[str]:
    """Changes, vars and a scale, as `--set` takes them."""
    told = [f"vars.{key}={spelled_cell(value)}" for key, value in vars.items()]
    return [*spelled_changes(set), *told, *scale_changes(scale)]


def checked(
    spec: str | os.PathLike[str], *, set: Changes = (), scale: Scaling = None, input: Input = None, **vars: Any
) -> Network:
    """The same as `load`; of a design space its axes, links and constraints are looked at too."""
    name, changes, size = os.fspath(spec), all_changes(set, vars), spelled_size(input)
    changed, network = loaded(name, changes, size, spelled_scale(scale))
    if changed.space is not None:
        from archspec.design.space import space

        space(name, set=[*changes, *scale_changes(scale)], input=size, known=(changed, network))
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
