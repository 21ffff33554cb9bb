"""The epochs of a training as a table whose rows are printed one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

#: figures of metrics.csv that the screen leaves out
_UNSHOWN = ("step", "loss", "skipped")
#: figures that are shares, and how others are printed
_SHARES = ("top-1", "top-5")
_FORMATS = {"epoch": "d", "seconds": ".1f", "learning rate": ".4g"}
_LOSS = ".4f"


def epoch_lines(row: Mapping[str, float], *, header: bool) -> Iterator[str]:
    """The line of an epoch, below the headers if it is the first."""
    cells = {_header(name): _cell(name, row[name]) for name in row if name not in _UNSHOWN}
    if header:
        yield "  ".join(cells)
    yield "  ".join(f"{cell:>{len(name)}}" for name, cell in cells.items())


def _header(name: str) -> str:
    return f"{name.removeprefix('validation ')} %" if name.endswith(_SHARES) else name


def _cell(name: str, value: float) -> str:
    if name.endswith(_SHARES):
        return f"{100 * value:.2f}"
    return format(int(value) if name == "epoch" else value, _FORMATS.get(name, _LOSS))
