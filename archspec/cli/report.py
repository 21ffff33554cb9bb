from __future__ import annotations

import json
from typing import Annotated

import typer

from archspec.cli.options import InputOption, SetOption, SpecArgument, one_of


def command(
    spec: SpecArgument,
    changes: SetOption = None,
    input: InputOption = None,
    format: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
    depth: Annotated[int, typer.Option("--depth", min=1, help="Levels: 1 the rows, 2 what they hold, and so on to the ops.")] = 1,
    counter: Annotated[str, typer.Option("--counter", help="closed, or fvcore beside it (builds the module).")] = "closed",
) -> None:
    """The table of a spec with its costs: sizes, depth, parameters, multiply-adds."""
    from archspec.api import COUNTERS
    from archspec.api import report as make_report

    one_of("--format", format, ("table", "json"))
    one_of("--counter", counter, COUNTERS)
    made = make_report(spec, depth=depth, counter=counter, set=changes or (), input=input)
    if format == "json":
        typer.echo(json.dumps(made.data(), indent=2, ensure_ascii=False))
    else:
        from archspec.render.terminal import show

        show(made.__rich__())
