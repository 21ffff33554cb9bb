"""Architecture tables of convolutional networks, written once as YAML: validated, counted, audited, compiled to PyTorch.

The names below are imported when they are first used, so that `import archspec` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archspec.api import Report, audit, build, check, costs, diff, load, reconcile, report, sweep
    from archspec.api_search import search
    from archspec.language.diagnostics import Diagnostic, SpecError
    from archspec.ops import register
    from archspec.render.diff.difference import Difference
    from archspec.render.reconcile import Reconciliation
    from archspec.render.search import Searched
    from archspec.render.sweep import Swept

__all__ = [
    "Diagnostic",
    "Difference",
    "Reconciliation",
    "Report",
    "Searched",
    "SpecError",
    "Swept",
    "audit",
    "build",
    "check",
    "costs",
    "diff",
    "load",
    "reconcile",
    "register",
    "report",
    "search",
    "sweep",
]

_HOMES = {
    "Diagnostic": "archspec.language.diagnostics",
    "Difference": "archspec.render.diff.difference",
    "SpecError": "archspec.language.diagnostics",
    "Reconciliation": "archspec.render.reconcile",
    "Searched": "archspec.render.search",
    "Swept": "archspec.render.sweep",
    "register": "archspec.ops",
    "search": "archspec.api_search",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'archspec' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES.get(name, "archspec.api")), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
