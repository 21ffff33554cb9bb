from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archspec.cli.options import InputOption, SetOption, SpecArgument, one_of, write_output


def command(
    spec: SpecArgument,
    changes: SetOption = None,
    input: InputOption = None,
    format: Annotated[str, typer.Option("--format", help="table, markdown, latex, csv or json.")] = "table",
    columns: Annotated[
        str | None, typer.Option("--columns", metavar="A,B,...", help="These columns, in this order (see docs/report.md).")
    ] = None,
    sort: Annotated[
        str | None, typer.Option("--sort", metavar="COLUMN", help="Order the rows by a column, largest first.")
    ] = None,
    depth: Annotated[int, typer.Option("--depth", min=1, help="Levels: 1 the rows, 2 what they hold, and so on to the ops.")] = 1,
    counter: Annotated[str, typer.Option("--counter", help="closed, or fvcore beside it (builds the module).")] = "closed",
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write it to a file.")] = None,
) -> None:
    """The table of a spec with its costs: sizes, depth, parameters, multiply-adds."""
    from archspec.api import COUNTERS
    from archspec.api import report as make_report
    from archspec.render.report import FORMATS

    one_of("--format", format, FORMATS)
    one_of("--counter", counter, COUNTERS)
    chosen = () if columns is None else columns
    made = make_report(spec, depth=depth, counter=counter, columns=chosen, sort=sort, set=changes or (), input=input)
    if output is not None:
        from archspec.files import write_text

        text = made.text(format)
        write_output(output, lambda path: write_text(path, text))
    elif format == "table":
        from archspec.render.terminal import show

        show(made.__rich__())
    else:
        typer.echo(made.text(format), nl=False)
