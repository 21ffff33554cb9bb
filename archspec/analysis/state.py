"""The tensors of a network's state_dict in closed form, without torch: their names in torch's order, and their sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from archspec.ir.tree import Leaf, Network, leaves
from archspec.ops.base import Size, elements


def state_sizes(network: Network, *, heads: bool = True) -> dict[str, Size]:
    """Name to size of every tensor that the built model's `state_dict()` has, in its order; those of heads are the last."""
    return {f"{leaf.path}.{name}": size for leaf in _ops(network, heads) for name, size in _state(leaf).items()}


def start_of(network: Network) -> Callable[[str], str]:
    """How the tensor of a name is initialised, in words: by the spec's scheme, or as torch does it."""
    ops = {leaf.path: leaf.op.name for leaf in _ops(network, True)}

    def told(name: str) -> str:
        path, _, tensor = name.rpartition(".")
        start = network.init.get(ops.get(path, ""), {}).get(tensor)
        return str(start) if start else "as torch does"

    return told


def unstated(network: Network) -> tuple[str, ...]:
    """The paths of ops (of plug-ins) that cost parameters or statistics, but do not say of which tensors."""
    return tuple(leaf.path for leaf in _ops(network, True) if not _adds_up(leaf))


def _ops(network: Network, heads: bool) -> Iterator[Leaf]:
    for root in (network.body, *(head.node for head in network.heads if heads)):
        yield from leaves(root)


def _state(leaf: Leaf) -> Mapping[str, Size]:
    return leaf.op.state(leaf.input, leaf.output)


def _adds_up(leaf: Leaf) -> bool:
    sizes, op = _state(leaf), leaf.op
    return leaf.cost.params + leaf.cost.buffers == sum(
        elements(size) for name, size in sizes.items() if name in op.tensors or name in op.statistics
    )
