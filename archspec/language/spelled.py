"""What a program gives, spelled as on the command line: changes, a scale, a size, a cell, names."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

Changes: TypeAlias = str | Iterable[str] | Mapping[str, Any]
#: axes by path, or as options say them
Axes: TypeAlias = str | Iterable[str] | Mapping[str, Any]
Scaling: TypeAlias = str | Mapping[str, Any] | None
Input: TypeAlias = str | tuple[int, int, int] | None


def spelled_size(size: Input) -> str | None:
    """Height x width x channels as one text."""
    return "x".join(map(str, size)) if isinstance(size, tuple | list) else size


def spelled_scale(scale: Scaling) -> str | None:
    """What multiplies channels and repeats, as the command line writes it."""
    if isinstance(scale, Mapping):
        return ",".join(f"{key}={value}" for key, value in scale.items())
    return None if scale is None else str(scale)


def scale_changes(scale: Scaling) -> list[str]:
    """The same as changes, one for each part."""
    return [f"scale.{part.strip()}" for part in (spelled_scale(scale) or "").split(",") if part.strip()]


def spelled_changes(set: Changes) -> list[str]:
    """Changes as the command line writes them: one, several, or a mapping from path to value."""
    if isinstance(set, str):
        return [set]
    return [f"{path}={spelled_cell(value)}" for path, value in set.items()] if isinstance(set, Mapping) else list(set)


def spelled_cell(value: Any) -> str:
    """A Python value as a cell."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)  # quoted: text stays text
    return str(value).lower() if isinstance(value, bool) else "none" if value is None else str(value)


def spelled_names(told: str | Iterable[str]) -> list[str]:
    """Names as one text apart by commas, of which one may be missing, or several."""
    if not isinstance(told, str):
        return list(told)
    return [name.strip() for name in told.split(",") if name.strip()] or [told]


def spelled_axes(told: Axes) -> list[str]:
    """Axes as options say them."""
    if not isinstance(told, Mapping):
        return [told] if isinstance(told, str) else list(told)
    spelled = {path: [values] if isinstance(values, str) else list(values) for path, values in told.items()}
    return [
        f"{path}={','.join(v if isinstance(v, str) else spelled_cell(v) for v in values)}" for path, values in spelled.items()
    ]
