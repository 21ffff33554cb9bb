from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archspec.cli.options import InputOption, ScaleOption, SetOption, SpecArgument, write_output

if TYPE_CHECKING:
    from torch import Tensor

    from archspec.compiler.module import Model
    from archspec.ir.tree import Network


def command(
    spec: SpecArgument,
    changes: SetOption = None,
    scale: ScaleOption = None,
    input: InputOption = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write by extension: .safetensors.")
    ] = None,
    weights: Annotated[Path | None, typer.Option("--weights", metavar="FILE", help="Load these weights (.safetensors).")] = None,
    partial: Annotated[bool, typer.Option("--partial", help="Of --weights: load those that fit by name and size.")] = False,
    no_heads: Annotated[bool, typer.Option("--no-heads", help="Leave out the auxiliary heads, which only train.")] = False,
) -> None:
    """Compile a spec into a torch module, run one forward pass, and print the report."""
    from archspec.analysis.audit import audit
    from archspec.api.builds import compiled
    from archspec.api.networks import load
    from archspec.api.reports import report_network
    from archspec.language.places import option
    from archspec.language.target import check_target
    from archspec.render.audit import audit_notes
    from archspec.render.diff.tensors import loaded_page
    from archspec.render.page import show

    if output is not None:
        check_target("-o", output, WRITERS)
    network = load(spec, set=changes or (), scale=scale, input=input)
    model, loaded = compiled(network, option("SPEC", spec), heads=not no_heads, weights=weights, partial=partial)
    show(report_network(network).page())
    typer.echo(_built(model))
    typer.echo(_ran(model, network))
    findings = audit(network)
    typer.echo("audit: " + next(audit_notes(network, findings)) + (" See `archspec audit`." if findings else ""))
    if loaded and partial:
        show(loaded_page(loaded, network, str(weights)))
    elif loaded:
        typer.echo(f"loaded {loaded.tensors} tensors from {weights}" + _left_out(loaded.left_out, loaded.digest, network))
    if output is not None:
        _write(model, network, output)


def _built(model: Model) -> str:
    count = sum(parameter.numel() for parameter in model.parameters())
    return f"built: {count:,} parameters" + (f", heads {', '.join(model.heads)}" if model.heads else "")


def _ran(model: Model, network: Network) -> str:
    """One forward pass in eval mode on a random image."""
    import time

    import torch

    training = model.training
    model.eval()
    example = torch.randn(1, *network.input.tensor)
    start = time.perf_counter()
    with torch.inference_mode():
        result = model(example)
    took = time.perf_counter() - start
    model.train(training)
    results = result.items() if isinstance(result, dict) else [("", result)]
    sizes = ", ".join(" ".join(filter(None, (name, _size(tensor)))) for name, tensor in results)
    return f"forward pass: {_size(example)} → {sizes} in {1000 * took:.0f} ms"


def _size(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape))


def _left_out(names: tuple[str, ...], digest: str | None, network: Network) -> str:
    text = f"; {len(names)} tensors of heads left out" if names else ""
    return text + ("; they were saved from another text of the spec" if digest and digest != network.digest else "")


def _write_safetensors(model: Model, network: Network, path: Path) -> None:
    from archspec.compiler.weights import save_weights

    save_weights(model, network, path)


#: what `-o` writes, by extension
WRITERS = {".safetensors": _write_safetensors}


def _write(model: Model, network: Network, output: Path) -> None:
    write_output(output, lambda path: WRITERS[output.suffix.lower()](model, network, path))
