from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from archspec.cli.options import (
    EachOption,
    InputOption,
    ScaleOption,
    SetOption,
    SpecArgument,
    VaryOption,
    WhereOption,
    one_of,
    progress,
)

if TYPE_CHECKING:
    from archspec.design.search import Search


def command(
    spec: SpecArgument,
    vary: VaryOption = None,
    each: EachOption = None,
    where: WhereOption = None,
    objective: Annotated[
        str, typer.Option("--objective", metavar="A,B,...", help="latency, params, macs, activations, depth or memory.")
    ] = "latency",
    trials: Annotated[int, typer.Option("--trials", min=1, help="Trials of the study, by all processes in all runs.")] = 100,
    sampler: Annotated[str, typer.Option("--sampler", help="tpe or nsga2.")] = "tpe",
    study: Annotated[
        str, typer.Option("-o", "--study", metavar="FILE", help="Where the study is kept: a file, or a database's URL.")
    ] = "study.db",
    name: Annotated[str, typer.Option("--name", help="The study's name, where a database has several.")] = "search",
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the run that makes the study.")] = 0,
    heartbeat: Annotated[
        int, typer.Option("--heartbeat", min=1, metavar="SECONDS", help="A process that is silent for twice as long is dead.")
    ] = 60,
    top: Annotated[int, typer.Option("--top", min=1, help="So many of the best, with one objective.")] = 5,
    batch: Annotated[int | None, typer.Option("--batch", min=1, help="Of latency: images at once; 1 if left out.")] = None,
    repeats: Annotated[int | None, typer.Option("--repeats", min=2, help="Of latency: runs; 20 if left out.")] = None,
    threads: Annotated[int | None, typer.Option("--threads", min=1, help="Of latency: threads of torch on the CPU.")] = None,
    dtype: Annotated[str | None, typer.Option("--dtype", help="Of latency: float32 if left out.")] = None,
    device: Annotated[str | None, typer.Option("--device", help="Of latency: cpu or cuda.")] = None,
    changes: SetOption = None,
    scale: ScaleOption = None,
    input: InputOption = None,
    format: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
) -> None:
    """Look for the best variant under a budget; the same command goes on with its study, also in several processes."""
    from archspec.api.searches import search

    one_of("--format", format, ("table", "json"))
    told = {"batch": batch, "repeats": repeats, "threads": threads, "dtype": dtype, "device": device}
    try:
        made = search(
            spec,
            objective=objective,
            vary=vary or (),
            each=each or (),
            where=where or (),
            sampler=sampler,
            trials=trials,
            study=study,
            name=name,
            seed=seed,
            heartbeat=heartbeat,
            measure={key: value for key, value in told.items() if value is not None},
            top=top,
            set=changes or (),
            scale=scale,
            input=input,
            progress=progress("trial"),
            ready=lambda one: _ready(one, trials),
        )
    except KeyboardInterrupt:
        sys.stderr.write("\nstopped; the same command goes on\n")
        raise
    if format == "json":
        typer.echo(json.dumps(made.data(), indent=2, ensure_ascii=False))
    else:
        from archspec.render.page import show

        show(made.page())


def _ready(search: Search, trials: int) -> None:
    """Says what is before us, on stderr."""
    from archspec.design.search import counts

    done, size = counts(search.trials)["finished"], search.space.size
    sys.stderr.write(f"{size:,} variants; {done:,} of {trials:,} trials are done\n")
