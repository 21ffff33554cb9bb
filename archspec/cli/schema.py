from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from archspec.cli.options import one_of, write_output
from archspec.files import write_text


def command(
    of: Annotated[
        str, typer.Option("--of", help="spec, recipe, or the JSON that report, audit, reconcile or diff prints.")
    ] = "spec",
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write it to a file.")] = None,
) -> None:
    """The JSON Schema of a spec, or of a recipe, with which editors complete and check (see docs/editor.md), or of results."""
    from archspec.render.schema import SCHEMAS

    text = json.dumps(SCHEMAS[one_of("--of", of, SCHEMAS)](), indent=1, ensure_ascii=False) + "\n"
    if output is None:
        typer.echo(text, nl=False)
        return
    write_output(output, lambda path: write_text(path, text))
