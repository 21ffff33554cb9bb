"""Which tensors of a state_dict a network can take over from another: by name and size, without a tensor in sight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from archspec.ops.base import Size


@dataclass(frozen=True)
class Plan:
    """By name, with sizes: `carried` over as they are; `resized`, in both, but of another size (before, after); `new`, and
    `dropped`, which only the network after or before has. Resized and new ones must be initialised.
    """

    carried: Mapping[str, Size]
    resized: Mapping[str, tuple[Size, Size]]
    new: Mapping[str, Size]
    dropped: Mapping[str, Size]

    @property
    def complete(self) -> bool:
        """Whether every tensor carries over, and none is left."""
        return not (self.resized or self.new or self.dropped)


def plan(before: Mapping[str, Size], after: Mapping[str, Size]) -> Plan:
    """What becomes of the tensors of `before` in `after`, in the order of these."""
    both = {name: (before[name], size) for name, size in after.items() if name in before}
    return Plan(
        carried={name: size for name, (old, size) in both.items() if old == size},
        resized={name: sizes for name, sizes in both.items() if sizes[0] != sizes[1]},
        new={name: size for name, size in after.items() if name not in before},
        dropped={name: size for name, size in before.items() if name not in after},
    )


def size_text(size: Size) -> str:
    """`64x3x7x7`; `one number` for none."""
    return "x".join(map(str, size)) or "one number"
