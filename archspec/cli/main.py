"""The command `archspec`: its verbs, and the exit status. 0 fine, 1 a finding asked for, 2 wrong input, 130 interrupted."""

from __future__ import annotations

import signal
import sys

import typer

from archspec.cli import audit, build, check, list, report, schema, show
from archspec.language.diagnostics import SpecError, fail
from archspec.language.places import option

app = typer.Typer(
    name="archspec",
    help="Architecture tables of convolutional networks as YAML: validated, counted, audited, compiled to PyTorch.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for verb in (check, report, audit, build, list, show, schema):
    app.command(verb.__name__.rpartition(".")[2])(verb.command)

#: what to install for a module that an extra brings
_EXTRAS = {"torch": "torch", "safetensors": "torch", "numpy": "torch", "fvcore": "fvcore"}


def main() -> None:
    """Runs the command line; wrong input is answered with diagnostics on stderr, not with a traceback."""
    if hasattr(signal, "SIGPIPE"):  # a reader that has seen enough ends us quietly, as it ends any filter
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        app()
    except SpecError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        where, hint = option("archspec", " ".join(sys.argv[1:])), f"in a checkout: pip install '.[{extra}]'"
        missing = fail("unsupported", f"this needs {error.name}, which is not installed", where, hint=hint)
        sys.stderr.write(f"{missing}\n")
        sys.exit(2)
