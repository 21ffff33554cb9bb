from __future__ import annotations

import json
from typing import Annotated

import typer

from archspec.cli.options import InputOption, ScaleOption, SetOption, SpecArgument, one_of


def command(
    spec: SpecArgument,
    changes: SetOption = None,
    scale: ScaleOption = None,
    input: InputOption = None,
    format: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 if a figure differs.")] = False,
) -> None:
    """The source's own figures, cell by cell: which agree, and by how much the others differ."""
    from archspec.analysis.audit import audit
    from archspec.api.networks import load

    one_of("--format", format, ("table", "json"))
    network = load(spec, set=changes or (), scale=scale, input=input)
    findings = audit(network)
    if format == "json":
        from archspec.render.data import audit_data

        typer.echo(json.dumps(audit_data(network, findings), indent=2, ensure_ascii=False))
    else:
        from archspec.render.audit import audit_page
        from archspec.render.page import show

        show(audit_page(network, findings))
    if strict and any(finding.differs for finding in findings):
        raise typer.Exit(1)
