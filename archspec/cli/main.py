"""The command `archspec`: its verbs, and the exit status. 0 fine, 1 a finding asked for, 2 wrong input, 130 interrupted."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from archspec.language.diagnostics import SpecError, fail
from archspec.language.places import option

if TYPE_CHECKING:
    import typer

#: the modules of this package with a verb each, in the order of the help
VERBS = (
    "check",
    "report",
    "audit",
    "reconcile",
    "diff",
    "build",
    "train",
    "test",
    "sweep",
    "search",
    "new",
    "list",
    "show",
    "schema",
)

#: what to install for a module that an extra brings
_EXTRAS = {
    "torch": "torch",
    "safetensors": "torch",
    "numpy": "torch",
    "fvcore": "fvcore",
    "matplotlib": "plot",
    "optuna": "search",
    "sqlalchemy": "search",
    "torchvision": "train",
    "pytorch_lightning": "train",
    "torchmetrics": "train",
    "tensorboard": "train",
    "sklearn": "train",
}


def command_line(words: Sequence[str]) -> typer.Typer:
    """The command line, of which only the verb that `words` call is imported; all of them, if it is none (--help)."""
    import typer

    app = typer.Typer(
        name="archspec",
        help="Architecture tables of convolutional networks as YAML: validated, counted, audited, compiled to PyTorch.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(lambda: None)  # verbs stay verbs, also where there is one
    for verb in words[:1] if words and words[0] in VERBS else VERBS:
        app.command(verb)(import_module(f"archspec.cli.{verb}").command)
    return app


def main() -> None:
    """Runs the command line; wrong input is answered with diagnostics on stderr, not with a traceback."""
    if hasattr(signal, "SIGPIPE"):  # a reader that has seen enough ends us quietly, as it ends any filter
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    gc.set_threshold(100_000)  # what is imported, and most of what is made, stays: fewer searches for what does not
    # pydantic looks for plug-ins of its own through every installed package; archspec has no use for them
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - closed by who called us
    try:
        try:
            command_line(sys.argv[1:])()
        finally:
            sys.stdout.flush()
    except SpecError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        if error.filename is not None:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is still held back goes nowhere
        sys.stderr.write(f"archspec: the output cannot be written: {error.strerror or error}\n")
        sys.exit(2)
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        where, hint = option("archspec", " ".join(sys.argv[1:])), f"in a checkout: pip install '.[{extra}]'"
        missing = fail("unsupported", f"this needs {error.name}, which is not installed", where, hint=hint)
        sys.stderr.write(f"{missing}\n")
        sys.exit(2)
    finally:
        gc.freeze()  # nothing is looked for in a process that ends
