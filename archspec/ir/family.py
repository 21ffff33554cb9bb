"""A spec whose numbers are of many variants to the networks of all of them, expanded once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from archspec.ir.cases import Cases, Failure
from archspec.ir.expand import expanded
from archspec.ir.tree import Network
from archspec.language.batch import Differ
from archspec.language.diagnostics import Problems, SpecError
from archspec.language.spec import Spec


@dataclass(frozen=True)
class Family:
    """The networks of many variants: one wherever its truth holds, mostly one for all; and which variants are wrong."""

    networks: tuple[tuple[Any, Network], ...]
    failures: tuple[Failure, ...]


def expand_family(made: Callable[[], Spec]) -> Family:
    """The networks of a spec whose numbers are of many variants; `made` gives it, as far as that hangs on them. Raises SpecError
    with what is wrong with all of them.
    """
    cases = Cases(Problems())

    def run() -> Network | None:
        try:
            spec = made()
            return expanded(spec, Problems(spec.problems.found), cases)
        except SpecError as error:
            for diagnostic in error.diagnostics:
                cases.problems.include(diagnostic)
            return None

    try:
        network = run()
        found = [(True, network)]
    except Differ as differ:
        cases.failures.clear()
        found = [(case.truth, case.found) for case in cases.told(run, differ.by)]
    cases.problems.check()
    return Family(tuple((truth, one) for truth, one in found if one is not None), tuple(cases.failures))
