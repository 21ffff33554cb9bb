"""What can be said before torch is imported: whether a network fits into this machine, and whether a file is there."""

from __future__ import annotations

import os
from pathlib import Path

from archspec.ir.tree import Network, leaves
from archspec.language.diagnostics import fail
from archspec.language.places import Place, option

_FLOAT = 4


def memory_needed(network: Network, *, heads: bool = True, batch: int = 1) -> int:
    """Bytes in float32: every parameter, and the largest input and output that stand beside each other (twice, for workspace)."""
    roots = (network.body, *(head.node for head in network.heads if heads))
    params = sum(leaf.cost.params for root in roots for leaf in leaves(root))
    widest = max((leaf.input.elements + leaf.output.elements for leaf in leaves(network.body)), default=0)
    return _FLOAT * (params + 2 * widest * batch)


def check_memory(network: Network, place: Place, *, heads: bool = True, batch: int = 1) -> None:
    """Raises SpecError if the network needs more than this machine's memory: a spec is untrusted input."""
    needed = memory_needed(network, heads=heads, batch=batch)
    if not hasattr(os, "sysconf"):
        return  # a system that does not say how much it has
    have = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = Path("/sys/fs/cgroup/memory.max")  # a container's share
    if limit.is_file() and (text := limit.read_text().strip()).isdigit():
        have = min(have, int(text))
    if needed > have * 0.9:
        gib = 1 << 30
        message = f"the network needs about {needed / gib:,.1f} GiB in float32, and this machine has {have / gib:,.1f} GiB"
        raise fail("too-large", message, place, hint="`archspec report` counts it without building it")


def check_weights_file(path: Path, flag: str = "--weights") -> None:
    """Raises SpecError if there is no such file."""
    if not os.path.isfile(path):  # unlike Path.is_file, also for a name that is too long
        message = "this is a directory" if os.path.isdir(path) else "there is no such file"
        if os.path.exists(path) and not os.path.isdir(path):
            message = "this is not a regular file"
        raise fail("bad-file", f"{path}: {message}", option(flag, str(path)))
