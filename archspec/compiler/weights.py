"""Weights in and out: safetensors, with the spec and its digest as metadata."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from archspec.compiler.checks import check_weights_file
from archspec.design.plan import Plan, plan
from archspec.files import write_whole
from archspec.ir.tree import Network
from archspec.language.diagnostics import Problems, SpecError, did_you_mean, fail
from archspec.language.names import nearest
from archspec.language.places import Place, option

_LISTED = 5


@dataclass(frozen=True)
class Loaded:
    """What was loaded: how many tensors, the heads' tensors that were left out, and the spec's digest in the file. The plan
    from the file to the model says which were loaded, and which were not.
    """

    tensors: int
    left_out: tuple[str, ...]
    digest: str | None
    plan: Plan


def save_weights(model: nn.Module, network: Network, path: Path, more: Mapping[str, str] | None = None) -> None:
    """Writes the state_dict as safetensors; metadata `spec` is the whole spec as YAML, `digest` its SHA-256, and what `more`
    holds. Raises OSError.
    """
    tensors = {name: tensor.detach().contiguous().cpu() for name, tensor in model.state_dict().items()}
    metadata = {"format": "pt", "name": network.name, "spec": network.text, "digest": network.digest, **(more or {})}

    def write(part: Path) -> None:
        try:
            save_file(tensors, part, metadata)
        except SafetensorError as error:  # a full disk, for one
            raise OSError(str(error)) from error

    write_whole(path, write)


def metadata(path: Path, flag: str = "--weights") -> dict[str, str]:
    """What a safetensors file says of itself, without its tensors. Raises SpecError."""
    check_weights_file(path, flag)
    try:
        with safe_open(path, "pt") as file:
            return file.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise _no_weights(path, error, flag) from None


def load_weights(model: nn.Module, network: Network, path: Path, flag: str = "--weights", *, partial: bool = False) -> Loaded:
    """Loads a safetensors file whose tensors fit exactly; those of heads are left out if the model has none. `partial` loads
    those that fit by name and size, and leaves the others of the model as they are. Raises SpecError.
    """
    place = option(flag, str(path))
    check_weights_file(path, flag)
    try:
        with safe_open(path, "pt") as file:
            told = file.metadata() or {}
            held = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118 - not a dict
            sizes = {name: tuple(one.get_shape()) for name, one in held.items()}
            wanted = model.state_dict()
            prefixes = tuple(f"{head.node.path}." for head in network.heads)
            absent = tuple(prefix for prefix in prefixes if not any(name.startswith(prefix) for name in wanted))
            left_out = tuple(name for name in sizes if name.startswith(absent))
            mine = {name: size for name, size in sizes.items() if name not in left_out}
            found = plan(mine, {name: tuple(tensor.shape) for name, tensor in wanted.items()})
            both = (name for name in wanted if name in mine)
            kinds = [name for name in both if wanted[name].is_floating_point() != held[name].get_dtype().startswith(("F", "BF"))]
            _check(found, kinds, network, told.get("name"), place, partial)
            tensors: dict[str, torch.Tensor] = {name: file.get_tensor(name) for name in found.carried}
    except (SafetensorError, OSError) as error:
        raise _no_weights(path, error, flag) from None
    model.load_state_dict(tensors, strict=not partial)
    return Loaded(len(tensors), left_out, told.get("digest"), found)


def _no_weights(path: Path, error: Exception, flag: str) -> SpecError:
    return fail("bad-weights", f"{path} is not a safetensors file: {error}", option(flag, str(path)))


def _check(found: Plan, kinds: list[str], network: Network, written: str | None, place: Place, partial: bool) -> None:
    """Raises SpecError for what does not fit; `partial` asks only that something does. `written`: the network of the file."""
    origin = f"the file was written for `{written}`" if written not in (network.name, None) else None
    problems = [*(_nothing(found, origin) if partial else _misfits(found, network, origin))]
    if problems and not partial and found.carried:
        message, hint = problems[-1]
        fitting = f"--partial loads the {len(found.carried):,} tensors that fit"
        problems[-1] = message, f"{hint}; {fitting}" if hint else fitting
    if kinds:
        problems.append((f"the file holds numbers of another kind for {_tensors(sorted(kinds))}", None))
    told = Problems()
    for message, hint in problems:
        told.add("bad-weights", message, place, hint=hint)
    told.check()


def _nothing(found: Plan, origin: str | None) -> Iterator[tuple[str, str | None]]:
    """What is wrong, with a hint, if no tensor fits."""
    if not found.carried:
        yield f"no tensor of the file fits one of the network's {len(found.new) + len(found.resized)}", origin


def _misfits(found: Plan, network: Network, origin: str | None) -> Iterator[tuple[str, str | None]]:
    """What is wrong, with hints, if not every tensor fits."""
    missing, unknown = sorted(found.new), sorted(found.dropped)
    if missing:
        heads = tuple(f"{head.node.path}." for head in network.heads)
        heads_only = "build without heads (--no-heads)" if all(name.startswith(heads) for name in missing) else None
        near = did_you_mean(nearest(missing[0], unknown)) if len(missing) <= _LISTED else None
        yield f"the file lacks {_tensors(missing)}", heads_only or origin or near
    if unknown:
        yield f"the network has no place for {_tensors(unknown)}", None
    for name, (old, new) in sorted(found.resized.items())[:_LISTED]:
        sizes = [" x ".join(map(str, size)) or "one number" for size in (old, new)]
        yield f"the tensor `{name}` is {sizes[0]} in the file, but the network needs {sizes[1]}", None
    if len(found.resized) > _LISTED:
        yield f"{len(found.resized) - _LISTED} more tensors have another size in the file", None


def _tensors(names: list[str]) -> str:
    listed = ", ".join(f"`{name}`" for name in names[:_LISTED])
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"{len(names)} tensor{'s' if len(names) > 1 else ''}: {listed}{more}"
