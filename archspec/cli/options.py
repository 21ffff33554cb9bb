"""What the verbs share: options, formats, and how a wrong word is answered."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Protocol

import typer

from archspec.language.choices import one_of as one_of
from archspec.language.diagnostics import fail
from archspec.language.places import option

SpecArgument = Annotated[str, typer.Argument(metavar="SPEC", help="A path, or the name of a shipped spec.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="A change, such as inception_3a.n5x5=64 or vars.classes=10. Repeatable."),
]
ScaleOption = Annotated[
    str | None,
    typer.Option("--scale", metavar="NAME=VALUE,...", help="Multiply channels and repeats: width=1.4,depth=1.2,divisor=8."),
]
VaryOption = Annotated[
    list[str] | None,
    typer.Option("--vary", metavar="PATH=VALUES", help="An axis: inception_3a.n5x5=16:96:16, vars.width=0.5,1. Repeatable."),
]
EachOption = Annotated[
    list[str] | None,
    typer.Option("--vary-each", metavar="PATH=VALUES", help="An axis for each cell that the path meets. Repeatable."),
]
WhereOption = Annotated[
    list[str] | None,
    typer.Option("--where", metavar="FORMULA", help="A constraint: 'params <= 7M and n5x5 % 8 == 0'. Repeatable."),
]
InputOption = Annotated[
    str | None, typer.Option("--input", metavar="HxWxC", help="Another input size: height x width x channels.")
]


class Shown(Protocol):
    """Told what is done, of how much, and the seconds left where they are known."""

    def __call__(self, done: int, of: int, left: float | None = None) -> None: ...


def progress(word: str) -> Shown:
    """Shows `measured 3 of 20, 5 s left` in one line of a terminal's stderr, empty again at the end; elsewhere nothing."""

    def show(done: int, of: int, left: float | None = None) -> None:
        if sys.stderr.isatty():
            time = "" if left is None else f", {left / 60:.0f} min left" if left >= 90 else f", {left:.0f} s left"
            sys.stderr.write("\r\x1b[K" + (f"{word} {done:,} of {of:,}{time}" if done < of else ""))
            sys.stderr.flush()

    return show


PlotOption = Annotated[Path | None, typer.Option("--plot", metavar="FILE", help="Draw it, by extension: .png or .svg.")]


def check_plot(plot: Path | None) -> None:
    """Of `--plot` what can be refused before any work is done, a missing matplotlib too."""
    if plot is not None:
        from archspec.render.plots import ready

        ready(plot)


def write_output(output: Path, write: Callable[[Path], None], flag: str = "-o", *, err: bool = False) -> None:
    """Writes the file of an option, whole or not at all, and says so, on stderr if a program reads stdout; SpecError if it cannot
    be written.
    """
    # while it is written a SIGTERM unwinds the stack, so that an unfinished file is taken away
    before = signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        write(output)
    except OSError as error:
        raise fail("bad-file", f"{output} cannot be written: {error.strerror or error}", option(flag, str(output))) from None
    finally:
        signal.signal(signal.SIGTERM, before)
    typer.echo(f"wrote {output}", err=err)
