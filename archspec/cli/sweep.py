from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from archspec.cli.options import EachOption, InputOption, PlotOption, ScaleOption, SetOption, VaryOption, WhereOption, check_plot

#: the rows of a table that nothing else bounds
_TOP = 20


def command(
    spec: Annotated[str, typer.Argument(metavar="SPEC", help="A path, or the name of a shipped spec; or a design space.")],
    vary: VaryOption = None,
    each: EachOption = None,
    where: WhereOption = None,
    samples: Annotated[int | None, typer.Option("--samples", min=1, help="So many variants, drawn at random; else all.")] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of --samples.")] = 0,
    pareto: Annotated[
        str, typer.Option("--pareto", metavar="A,B,...", help="The Pareto front of these figures; max:depth for the largest.")
    ] = "",
    top: Annotated[int | None, typer.Option("--top", min=1, help="So many of the best.")] = None,
    by: Annotated[str | None, typer.Option("--by", metavar="FIGURE", help="Of --top: macs if left out; max:depth.")] = None,
    plot: PlotOption = None,
    changes: SetOption = None,
    scale: ScaleOption = None,
    input: InputOption = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write the rows by extension: .csv, .jsonl.")
    ] = None,
) -> None:
    """Cost many variants of a spec at once, and keep the best: those of ranges and lists of cells, under constraints."""
    from archspec.api.designs import sweep
    from archspec.design.sweep import Interrupted
    from archspec.render.page import show

    check_plot(plot)
    if top is None and (by is not None or (not pareto and output is None)):
        top = _TOP
    # a SIGTERM unwinds the stack too, so that an unfinished file is taken away
    before = signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        with _progress() as progress:
            found = sweep(
                spec,
                vary=vary or (),
                each=each or (),
                where=where or (),
                set=changes or (),
                scale=scale,
                input=input,
                samples=samples,
                seed=seed,
                pareto=pareto,
                top=top,
                by=by,
                output=output,
                plot=plot,
                announce=_announce,
                progress=progress,
            )
    except Interrupted as stopped:
        sys.stderr.write(f"interrupted: {stopped}" + ("; no file was written\n" if output else "\n"))
        raise typer.Exit(130) from None
    finally:
        signal.signal(signal.SIGTERM, before)
    show(found.page())
    if output is not None:
        written = len(found) if pareto or top is not None else found.counts.feasible
        typer.echo(f"wrote {output}: {written:,} row{'' if written == 1 else 's'}")
    if plot is not None and found.counts.feasible:
        typer.echo(f"wrote {plot}")
    if not found.counts.feasible:
        raise typer.Exit(1)


def _announce(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stderr.write(f"{line}\n")


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """A bar with the time left on a terminal's stderr, which is gone at the end; elsewhere nothing."""
    if not sys.stderr.isatty():
        yield lambda done, of: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("costed"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("costed", total=None, start=False)

        def show(done: int, of: int) -> None:
            if not bar.tasks[0].started:
                bar.start_task(task)
            bar.update(task, completed=done, total=of)

        yield show
