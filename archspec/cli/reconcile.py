from __future__ import annotations

import json
from typing import Annotated

import typer

from archspec.cli.options import InputOption, ScaleOption, SetOption, SpecArgument, one_of


def command(
    spec: SpecArgument,
    changes: SetOption = None,
    scale: ScaleOption = None,
    input: InputOption = None,
    format: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
    counters: Annotated[
        list[str] | None, typer.Option("--counter", metavar="NAME", help="Only this counter. Repeatable.")
    ] = None,
    functions: Annotated[
        str,
        typer.Option(
            metavar="OPS",
            help="Ops that the code calls as functions: types or paths, apart by commas (relu,avgpool,mixed_*.pool).",
        ),
    ] = "",
    live: Annotated[bool, typer.Option("--live", help="Also run the installed tools on the built module.")] = False,
) -> None:
    """What papers, fvcore, torchinfo, thop, ptflops and others print for a spec, and the terms that explain it."""
    from archspec.api.reports import reconcile

    one_of("--format", format, ("table", "json"))
    made = reconcile(spec, counters=counters, functions=functions, live=live, set=changes or (), scale=scale, input=input)
    if format == "json":
        typer.echo(json.dumps(made.data(), indent=2, ensure_ascii=False))
    else:
        from archspec.render.page import show

        show(made.page())
