from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archspec.cli.options import InputOption, ScaleOption, SetOption, SpecArgument, one_of, progress, write_output

if TYPE_CHECKING:
    from archspec.render.tested import Tested

#: images that could not be read and are named
_NAMED = 10


def command(
    spec: SpecArgument,
    weights: Annotated[
        list[str],
        typer.Option("--weights", metavar="FILE", help="Weights (.safetensors), or a run folder. Several: an ensemble."),
    ],
    data: Annotated[
        str, typer.Option("--data", metavar="DATA", help="digits, a folder of images, or a torchvision data set as NAME:PATH.")
    ],
    split: Annotated[str, typer.Option("--split", help="train, validation, test or all.")] = "validation",
    protocol: Annotated[
        str | None, typer.Option("--protocol", help="center, 10-crop or 144-crop; as the recipe says, if left out.")
    ] = None,
    recipe: Annotated[
        str | None, typer.Option("--recipe", metavar="RECIPE", help="A path or a shipped name; the one that the weights carry.")
    ] = None,
    recipe_changes: Annotated[
        list[str] | None, typer.Option("--recipe-set", metavar="PATH=VALUE", help="A change of the recipe. Repeatable.")
    ] = None,
    batch: Annotated[int, typer.Option("--batch", min=1, help="Crops that go through the network at once.")] = 32,
    workers: Annotated[
        int | None, typer.Option("--workers", min=0, help="Processes that read images; as the recipe says, if left out.")
    ] = None,
    device: Annotated[str, typer.Option("--device", help="cpu or cuda.")] = "cpu",
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="So many images, evenly from all.")] = None,
    confusion: Annotated[
        bool | None,
        typer.Option("--confusion/--no-confusion", help="Show the confusion matrix; with at most 20 classes, if left out."),
    ] = None,
    changes: SetOption = None,
    scale: ScaleOption = None,
    input: InputOption = None,
    format: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write all of it by extension: .json, .csv.")
    ] = None,
) -> None:
    """Test weights on images: top-1 and top-5 accuracy, of an ensemble too, with the classes and what is taken for what."""
    from archspec.api.testing import test
    from archspec.files import write_text
    from archspec.language.target import check_target

    one_of("--format", format, ("table", "json"))
    if output is not None:
        check_target("-o", output, WRITERS)
    try:
        made = test(
            spec,
            weights=weights,
            data=data,
            split=split,
            protocol=protocol,
            recipe=recipe,
            recipe_set=recipe_changes or (),
            batch=batch,
            workers=workers,
            device=device,
            limit=limit,
            confusion=confusion,
            set=changes or (),
            scale=scale,
            input=input,
            progress=progress("tested"),
        )
    except KeyboardInterrupt:
        sys.stderr.write("\nstopped" + ("; no file was written\n" if output else "\n"))
        raise
    _name_skipped(made)
    if format == "json":
        typer.echo(_json(made), nl=False)
    else:
        from archspec.render.page import show

        show(made.page())
    if output is not None:
        text = WRITERS[output.suffix.lower()](made)
        write_output(output, lambda path: write_text(path, text), err=format == "json")


def _name_skipped(made: Tested) -> None:
    """Says on stderr which images could not be read."""
    skipped = made.results.skipped
    for name, reason in skipped[:_NAMED]:
        sys.stderr.write(f"skipped {name}: {reason}\n")
    if len(skipped) > _NAMED:
        sys.stderr.write(f"skipped {len(skipped) - _NAMED:,} more images\n")


def _json(made: Tested) -> str:
    return json.dumps(made.data(), indent=2, ensure_ascii=False) + "\n"


#: what `-o` writes, by extension
WRITERS: Mapping[str, Callable[[Tested], str]] = {".json": _json, ".csv": lambda made: made.csv()}
