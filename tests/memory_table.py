"""`python tests/memory_table.py` measures peak activation memory with torch's profiler, and writes docs/memory.md's table
(`make memory`).
"""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import torch
import torchvision
from allocations import innermost, profiled

from archspec.analysis.costs import network_cost
from archspec.analysis.dtypes import element_bytes
from archspec.compiler.in_place import activations_in_place
from archspec.compiler.module import build_model
from archspec.ir.expand import expand
from archspec.ir.tree import leaves
from archspec.language.load import load
from archspec.language.resolve import shipped

PAGE = Path(__file__).parent.parent / "docs" / "memory.md"
BEGIN, END = "<!-- table: written by `make memory` -->\n", "<!-- end of table -->\n"
HEADER = ("network", "closed form", "measured", "ratio", "with workspace", "at", "torchvision's", "least")
#: torchvision's module of the same network; its GoogLeNet has batch norm and is beside our spec of it
THEIRS = {
    "vgg16": "vgg16",
    "resnet50": "resnet50",
    "googlenet-torchvision": "googlenet",
    "mobilenet-v2": "mobilenet_v2",
    "densenet121": "densenet121",
}
FIRST = ("vgg16", "resnet50", "googlenet", "mobilenet-v2", "densenet121")


def theirs(name: str, shape: tuple[int, ...]) -> str:
    """The measured peak of torchvision's module, which has its ReLUs in place."""
    if name not in THEIRS:
        return ""
    options = {"init_weights": False} if name == "googlenet-torchvision" else {}
    model = torchvision.models.get_model(THEIRS[name], weights=None, **options)
    return f"{profiled(model, shape, innermost(model)).peak:,}"


def row(name: str) -> tuple[str, ...]:
    network = expand(load(name))
    memory = network_cost(network).memory
    size = element_bytes("float32")
    model = activations_in_place(build_model(network, heads=False), network)
    built = {path for path, _ in model.named_modules()}
    seen = profiled(model, network.input.tensor, tuple(leaf.path for leaf in leaves(network.body) if leaf.path in built))
    peak, least = size * memory.peak, size * memory.least
    figures = (f"{peak:,}", f"{seen.peak:,}", f"{peak / seen.peak:.4f}", f"{seen.with_workspace:,}")
    return (f"`{name}`", *figures, f"`{memory.at}`", theirs(name, network.input.tensor), f"{least:,}")


def line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |\n"


def table() -> str:
    lines = [line(HEADER), line(("---",) * len(HEADER))]
    for name in (*FIRST, *(one for one in shipped() if one not in FIRST)):
        lines.append(line(row(name)))
        sys.stderr.write(lines[-1])
    versions = f"torch {torch.__version__.partition('+')[0]}, torchvision {torchvision.__version__.partition('+')[0]}"
    return "".join(lines) + f"\nMeasured with {versions}, on a CPU ({platform.machine()}).\n"


if __name__ == "__main__":
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    PAGE.write_text(before + BEGIN + table() + END + rest.split(END)[1], encoding="utf-8")
