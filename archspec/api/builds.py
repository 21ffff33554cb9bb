"""A spec as a torch module: build. Each takes a path or the name of a shipped spec."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archspec.api.networks import load
from archspec.ir.tree import Network
from archspec.language.diagnostics import fail
from archspec.language.places import Place, option
from archspec.language.spelled import (
    Changes,
    Input,
    Scaling,
)

if TYPE_CHECKING:
    from archspec.compiler.module import Model
    from archspec.compiler.weights import Loaded


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
