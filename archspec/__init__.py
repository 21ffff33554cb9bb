"""Architecture tables of convolutional networks, written once as YAML: validated, counted, audited, compiled to PyTorch.

The names below are imported when they are first used, so that `import archspec` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archspec.api.builds import build as build
    from archspec.api.designs import costs as costs
    from archspec.api.designs import diff as diff
    from archspec.api.designs import sweep as sweep
    from archspec.api.networks import check as check
    from archspec.api.networks import load as load
    from archspec.api.reports import audit as audit
    from archspec.api.reports import reconcile as reconcile
    from archspec.api.reports import report as report
    from archspec.api.searches import search as search
    from archspec.api.testing import test as test
    from archspec.api.trainings import Trained as Trained
    from archspec.api.trainings import train as train
    from archspec.language.diagnostics import Diagnostic as Diagnostic
    from archspec.language.diagnostics import SpecError as SpecError
    from archspec.ops import register as register
    from archspec.render.diff.difference import Difference as Difference
    from archspec.render.reconcile import Reconciliation as Reconciliation
    from archspec.render.report import Report as Report
    from archspec.render.search import Searched as Searched
    from archspec.render.sweep import Swept as Swept
    from archspec.render.tested import Tested as Tested

#: where each public name comes from
_HOMES = {
    "Diagnostic": "archspec.language.diagnostics",
    "Difference": "archspec.render.diff.difference",
    "Reconciliation": "archspec.render.reconcile",
    "Report": "archspec.render.report",
    "Searched": "archspec.render.search",
    "SpecError": "archspec.language.diagnostics",
    "Swept": "archspec.render.sweep",
    "Tested": "archspec.render.tested",
    "Trained": "archspec.api.trainings",
    "audit": "archspec.api.reports",
    "build": "archspec.api.builds",
    "check": "archspec.api.networks",
    "costs": "archspec.api.designs",
    "diff": "archspec.api.designs",
    "load": "archspec.api.networks",
    "reconcile": "archspec.api.reports",
    "register": "archspec.ops",
    "report": "archspec.api.reports",
    "search": "archspec.api.searches",
    "sweep": "archspec.api.designs",
    "test": "archspec.api.testing",
    "train": "archspec.api.trainings",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'archspec' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
