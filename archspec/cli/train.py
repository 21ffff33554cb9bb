from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from archspec.cli.options import InputOption, ScaleOption, SetOption, progress


def command(
    spec: Annotated[str | None, typer.Argument(metavar="SPEC", help="A path, or the name of a shipped spec.")] = None,
    recipe: Annotated[
        str | None, typer.Option("--recipe", metavar="RECIPE", help="A path, or the name of a shipped recipe.")
    ] = None,
    data: Annotated[
        str | None, typer.Option("--data", metavar="DATA", help="digits, a folder, or NAME:PATH of a torchvision data set.")
    ] = None,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="RUN", help="The run's folder.")] = ...,  # type: ignore[assignment] # typer's way to ask for it
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in RUN, which knows all the rest.")] = False,
    recipe_set: Annotated[
        list[str] | None,
        typer.Option(
            "--recipe-set", metavar="PATH=VALUE", help="A change of the recipe: epochs=5, optimizer.SGD.lr=0.1. Repeatable."
        ),
    ] = None,
    weights: Annotated[
        Path | None, typer.Option("--weights", metavar="FILE", help="Start at these weights (.safetensors).")
    ] = None,
    partial: Annotated[bool, typer.Option("--partial", help="Of --weights: load those that fit by name and size.")] = False,
    accelerator: Annotated[str, typer.Option("--accelerator", help="auto, cpu or gpu.")] = "auto",
    devices: Annotated[int, typer.Option("--devices", min=1, help="Of each machine: processes that share each batch.")] = 1,
    nodes: Annotated[int, typer.Option("--nodes", min=1, help="Machines.")] = 1,
    strategy: Annotated[str, typer.Option("--strategy", help="auto, or ddp: each process has the whole network.")] = "auto",
    changes: SetOption = None,
    scale: ScaleOption = None,
    input: InputOption = None,
) -> None:
    """Train a spec by a recipe; Ctrl-C stops it, and --resume goes on."""
    from archspec.api.trainings import train
    from archspec.render.trained import epoch_lines

    shown: list[float] = []

    def show(row: dict[str, float]) -> None:
        for line in epoch_lines(row, header=not shown):
            typer.echo(line)
        shown.append(row["epoch"])

    try:
        train(
            spec,
            recipe=recipe,
            data=data,
            output=output,
            resume=resume,
            recipe_set=recipe_set or (),
            weights=weights,
            partial=partial,
            accelerator=accelerator,
            devices=devices,
            nodes=nodes,
            strategy=strategy,
            set=changes or (),
            scale=scale,
            input=input,
            say=lambda text: typer.echo(text, err=True),
            show=show,
            reading=progress("read"),
        )
    except (KeyboardInterrupt, SystemExit):
        made = (output / "run.json").is_file()
        sys.stderr.write(f"stopped; archspec train --resume -o {output} goes on\n" if made else "stopped\n")
        raise
