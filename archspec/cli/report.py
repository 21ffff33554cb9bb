from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archspec.cli.options import (
    InputOption,
    PlotOption,
    ScaleOption,
    SetOption,
    SpecArgument,
    check_plot,
    one_of,
    progress,
    write_output,
)


def command(
    spec: SpecArgument,
    changes: SetOption = None,
    scale: ScaleOption = None,
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
    measure: Annotated[
        bool, typer.Option("--measure", help="Also the latency of each row on this machine (builds the module and runs it).")
    ] = False,
    batch: Annotated[int | None, typer.Option("--batch", min=1, help="Of --measure: images at once; 1 if left out.")] = None,
    repeats: Annotated[int | None, typer.Option("--repeats", min=2, help="Of --measure: runs; 20 if left out.")] = None,
    threads: Annotated[int | None, typer.Option("--threads", min=1, help="Of --measure: threads of torch on the CPU.")] = None,
    dtype: Annotated[str | None, typer.Option("--dtype", help="Of bytes, and of --measure: float32 if left out.")] = None,
    device: Annotated[str | None, typer.Option("--device", help="Of --measure: cpu or cuda.")] = None,
    plot: PlotOption = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write it to a file.")] = None,
) -> None:
    """The table of a spec with its costs: sizes, depth, parameters, multiply-adds."""
    from archspec.api.networks import load
    from archspec.api.reports import COUNTERS, measure_settings, measured, report_network
    from archspec.language.diagnostics import fail
    from archspec.language.places import option
    from archspec.render.report import FORMATS

    one_of("--format", format, FORMATS)
    one_of("--counter", counter, COUNTERS)
    check_plot(plot)
    chosen = () if columns is None else columns
    told = {"batch": batch, "repeats": repeats, "threads": threads, "device": device}
    told = {name: value for name, value in told.items() if value is not None}
    for name, value in () if measure else told.items():
        raise fail("unsupported", f"--{name} says how to measure", option(f"--{name}", str(value)), hint="add --measure")
    told |= {"dtype": dtype} if dtype is not None else {}
    settings = measure_settings(told) if measure else None
    network = load(spec, set=changes or (), scale=scale, input=input)
    latency = measured(network, option("SPEC", spec), settings, progress("measured")) if settings else None
    made = report_network(
        network, depth=depth, counter=counter, columns=chosen, sort=sort, latency=latency, dtype=dtype or "float32"
    )
    if plot is not None:
        write_output(plot, made.plot, "--plot")
    if output is not None:
        from archspec.files import write_text

        text = made.text(format)
        write_output(output, lambda path: write_text(path, text))
    elif plot is not None:
        pass  # it stands in place of the text
    elif format == "table":
        from archspec.render.page import show

        show(made.page())
    else:
        typer.echo(made.text(format), nl=False)
