from __future__ import annotations

import json
from typing import Annotated

import typer

from archspec.cli.options import one_of


def command(
    kind: Annotated[str | None, typer.Argument(metavar="[KIND]", help="ops, blocks, specs or recipes; all if left out.")] = None,
    format: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
) -> None:
    """What there is: the ops, the library's blocks, the shipped specs and recipes, a line each."""
    from archspec.render.data import list_data
    from archspec.render.reference.listing import lines, listed
    from archspec.render.reference.terminal import list_text

    one_of("--format", format, ("table", "json"))
    kinds = list(listed()) if kind is None else [one_of("KIND", kind, listed())]
    found = {kind: lines(kind) for kind in kinds}
    typer.echo(json.dumps(list_data(found), indent=2, ensure_ascii=False) if format == "json" else list_text(found))
