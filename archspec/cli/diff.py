from __future__ import annotations

from typing import Annotated

import typer

from archspec.cli.options import InputOption, PlotOption, ScaleOption, SetOption, SpecArgument, check_plot, one_of


def command(
    before: SpecArgument,
    after: Annotated[str | None, typer.Argument(metavar="SPEC", help="The other; without it the first with its changes.")] = None,
    changes: SetOption = None,
    scale: ScaleOption = None,
    input: InputOption = None,
    format: Annotated[str, typer.Option("--format", help="table, markdown or json.")] = "table",
    depth: Annotated[int, typer.Option("--depth", min=1, help="Levels: 1 the rows, 2 what they hold, and so on to the ops.")] = 1,
    all: Annotated[bool, typer.Option("--all", help="Also the rows that stay the same.")] = False,
    plot: PlotOption = None,
) -> None:
    """What changes from one spec to another, row by row: cells, sizes, costs, and which weights carry over."""
    from archspec.api.designs import diff
    from archspec.render.diff.difference import FORMATS

    one_of("--format", format, FORMATS)
    check_plot(plot)
    found = diff(before, after, depth=depth, all=all, set=changes or (), scale=scale, input=input)
    drawn = plot is not None and found.plot(plot)
    if format == "table":
        from archspec.render.page import show

        show(found.page())
    else:
        typer.echo(found.text(format), nl=False)
    if drawn:
        typer.echo(f"wrote {plot}", err=format != "table")
