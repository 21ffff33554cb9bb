"""Weights in and out: safetensors, with the spec and its digest as metadata."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from archspec.compiler.checks import check_weights_file
from archspec.files import write_whole
from archspec.ir.tree import Network
from archspec.language.diagnostics import Problems, did_you_mean, fail
from archspec.language.names import nearest
from archspec.language.places import option

_LISTED = 5


@dataclass(frozen=True)
class Loaded:
    """What was loaded: how many tensors, the heads' tensors that were left out, and the spec's digest in the file."""

    tensors: int
    left_out: tuple[str, ...]
    digest: str | None


def save_weights(model: nn.Module, network: Network, path: Path) -> None:
    """Writes the state_dict as safetensors; metadata `spec` is the whole spec as YAML, `digest` its SHA-256. Raises OSError."""
    tensors = {name: tensor.detach().contiguous().cpu() for name, tensor in model.state_dict().items()}
    metadata = {"format": "pt", "name": network.name, "spec": network.text, "digest": network.digest}

    def write(part: Path) -> None:
        try:
            save_file(tensors, part, metadata)
        except SafetensorError as error:  # a full disk, for one
            raise OSError(str(error)) from error

    write_whole(path, write)


def load_weights(model: nn.Module, network: Network, path: Path, flag: str = "--weights") -> Loaded:
    """Loads a safetensors file whose tensors fit exactly; those of heads are left out if the model has none. Raises SpecError."""
    place = option(flag, str(path))
    check_weights_file(path, flag)
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            tensors: dict[str, torch.Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
    except (SafetensorError, OSError) as error:
        raise fail("bad-weights", f"{path} is not a safetensors file: {error}", place) from None
    wanted = model.state_dict()
    heads = tuple(f"{head.node.path}." for head in network.heads)
    absent = tuple(prefix for prefix in heads if not any(name.startswith(prefix) for name in wanted))
    left_out = tuple(name for name in tensors if name.startswith(absent))
    problems = Problems()
    mine = {name: tensor for name, tensor in tensors.items() if name not in left_out}
    missing, unknown = sorted(wanted.keys() - mine.keys()), sorted(mine.keys() - wanted.keys())
    if missing:
        heads_only = "build without heads (--no-heads)" if all(name.startswith(heads) for name in missing) else None
        near = did_you_mean(nearest(missing[0], unknown)) if len(missing) <= _LISTED else None
        written = f"the file was written for `{metadata['name']}`" if metadata.get("name", network.name) != network.name else None
        problems.add("bad-weights", f"the file lacks {_tensors(missing)}", place, hint=heads_only or written or near)
    if unknown:
        problems.add("bad-weights", f"the network has no place for {_tensors(unknown)}", place)
    kinds = [name for name in wanted.keys() & mine.keys() if wanted[name].is_floating_point() != mine[name].is_floating_point()]
    if kinds:
        problems.add("bad-weights", f"the file holds numbers of another kind for {_tensors(sorted(kinds))}", place)
    other = [name for name in sorted(wanted.keys() & mine.keys()) if wanted[name].shape != mine[name].shape]
    for name in other[:_LISTED]:
        sizes = [" x ".join(map(str, tensor.shape)) or "one number" for tensor in (mine[name], wanted[name])]
        problems.add("bad-weights", f"the tensor `{name}` is {sizes[0]} in the file, but the network needs {sizes[1]}", place)
    if len(other) > _LISTED:
        problems.add("bad-weights", f"{len(other) - _LISTED} more tensors have another size in the file", place)
    problems.check()
    model.load_state_dict(mine)
    return Loaded(len(mine), left_out, metadata.get("digest"))


def _tensors(names: list[str]) -> str:
    listed = ", ".join(f"`{name}`" for name in names[:_LISTED])
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"{len(names)} tensor{'s' if len(names) > 1 else ''}: {listed}{more}"
