from __future__ import annotations

import json
from typing import Annotated

import typer

from archspec.cli.options import one_of


def command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="An op, a block of the library, or a shipped spec.")],
    format: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
) -> None:
    """One op, block or spec: what it is, its columns, its text, and what uses it."""
    from archspec.render.data import description_data
    from archspec.render.reference.describe import describe
    from archspec.render.reference.terminal import description_parts
    from archspec.render.terminal import show_rich

    one_of("--format", format, ("table", "json"))
    found = describe(*_found(name))
    if format == "json":
        typer.echo(json.dumps(description_data(found), indent=2, ensure_ascii=False))
        return
    for part in description_parts(found):
        if isinstance(part, str):
            typer.echo(part)
        else:
            show_rich(part)


def _found(name: str) -> tuple[str, str]:
    """The kind and the name; a block goes before an op of its name, as in rows."""
    from archspec.language.diagnostics import did_you_mean, fail
    from archspec.language.names import nearest, normal
    from archspec.language.places import option
    from archspec.render.reference.listing import names

    known = names()
    for kind in ("blocks", "ops", "specs"):
        for spelling in (name, normal(name)):
            if spelling in known[kind]:
                return kind, spelling
    hint = did_you_mean(nearest(name, [each for found in known.values() for each in found])) or "`archspec list` names them all"
    raise fail(
        "unsupported",
        f"`{name}` is neither an op, nor a block of the library, nor a shipped spec",
        option("NAME", name),
        hint=hint,
    )
