from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archspec.cli.options import write_output


def command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The spec to write, a .yaml file.")],
    base: Annotated[
        str | None, typer.Option("--from", metavar="SPEC", help="The spec that it extends: a path, or a name.")
    ] = None,
    swept: Annotated[
        str | None, typer.Option("--from-sweep", metavar="FILE#VARIANT", help="A variant of a sweep's file: out.csv#17.")
    ] = None,
) -> None:
    """Write a small spec that extends another: ready to edit, or a variant that a sweep found."""
    from archspec.design.results import swept_member
    from archspec.design.written import extending, extends_name, starting
    from archspec.files import write_text
    from archspec.ir.loaded import loaded
    from archspec.language.diagnostics import fail
    from archspec.language.places import option

    _check_target(file)
    if (base is None) == (swept is None):
        hint = "--from googlenet, or --from-sweep out.csv#17"
        raise fail("unsupported", "a new spec extends one spec, or is one variant", option("FILE", str(file)), hint=hint)
    folder = file.absolute().parent
    if base is not None:
        text = starting(extends_name(base, folder), file.stem, loaded(base)[1])
    else:
        space, variant = swept_member(str(swept))
        changes = space.changes(space.steps(variant), whole=True)
        text = extending(extends_name(space.spec, folder), file.stem, changes)
    write_output(file, lambda path: write_text(path, text))


def _check_target(file: Path) -> None:
    from archspec.language.diagnostics import fail
    from archspec.language.places import option

    place = option("FILE", str(file))
    if file.suffix not in (".yaml", ".yml"):
        raise fail("unsupported", "a spec is a file that ends in .yaml or .yml", place)
    if file.exists():
        raise fail("bad-file", f"{file} is there already", place, hint="name another file, or take it away first")
    if not file.absolute().parent.is_dir():
        raise fail("bad-file", f"there is no folder {file.parent}", place, hint="create it first")
