from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer


def command(
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write it to a file.")] = None,
) -> None:
    """The JSON Schema of a spec, with which editors complete and check (see docs/editor.md)."""
    from archspec.render.schema import spec_schema

    text = json.dumps(spec_schema(), indent=1, ensure_ascii=False) + "\n"
    if output is None:
        typer.echo(text, nl=False)
        return
    _write(text, output)
    typer.echo(f"wrote {output}")


def _write(text: str, output: Path) -> None:
    from archspec.files import write_whole
    from archspec.language.diagnostics import fail
    from archspec.language.places import option

    def write(part: Path) -> None:
        part.write_text(text, "utf-8")

    try:
        write_whole(output, write)
    except OSError as error:
        raise fail("bad-file", f"{output} cannot be written: {error.strerror or error}", option("-o", str(output))) from None
