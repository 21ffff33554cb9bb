from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from archspec.cli.options import InputOption, ScaleOption, SetOption, one_of


def command(
    specs: Annotated[list[str], typer.Argument(metavar="SPEC...", help="Paths, or names of shipped specs.")],
    changes: SetOption = None,
    scale: ScaleOption = None,
    input: InputOption = None,
    format: Annotated[str, typer.Option("--format", help="text or json.")] = "text",
) -> None:
    """Validate specs: a line for each, and all the errors of all of them."""
    from archspec.api.networks import checked
    from archspec.language.diagnostics import Diagnostic, SpecError

    one_of("--format", format, ("text", "json"))
    found: dict[Diagnostic, None] = {}
    for spec in specs:
        try:
            network = checked(spec, set=changes or (), scale=scale, input=input)
        except SpecError as error:
            found |= dict.fromkeys(error.diagnostics)
            if format == "text":
                count = len(error.diagnostics)
                typer.echo(f"{spec}: {count} error{'s' if count > 1 else ''}")
        else:
            if format == "text":
                rows = f"{len(network.rows)} row{'s' if len(network.rows) != 1 else ''}"
                typer.echo(f"{spec}: ok, {rows}, {network.input} to {network.returns}")
    if format == "json":
        typer.echo(json.dumps({"schema": 1, "diagnostics": [one.as_dict() for one in found]}, indent=2, ensure_ascii=False))
    elif found:
        sys.stderr.write(f"{SpecError(found)}\n")
    if found:
        raise typer.Exit(2)
