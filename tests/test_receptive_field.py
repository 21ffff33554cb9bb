"""The receptive field: against figures that others published, and against what torch's modules really read."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from conftest import nodes
from drawn import Drawn, examples
from hypothesis import given
from strategies import specs

import archspec
from archspec.analysis.receptive_field import receptive_fields
from archspec.compiler.module import build_model
from archspec.ir.tree import Leaf
from archspec.ops import op
from archspec.ops.base import Shape
from archspec.ops.reach import Reach


@pytest.mark.parametrize(
    ("spec", "row", "size"),
    [
        ("alexnet", "pool5", 195),
        ("vgg16", "pool5", 212),
        ("bn-inception", "inception_5b", 699),
        ("inception-v3", "mixed_7c", 1311),
    ],
)
def test_published(spec: str, row: str, size: int) -> None:
    """Araujo, Norris, Sim 2019, Computing Receptive Fields of Convolutional Neural Networks (Distill), first table; the
    effective stride there is 32.
    """
    field = receptive_fields(archspec.load(spec))[row]
    assert field.size == (size, size)
    assert field.stride == (32, 32)


def test_no_place_reads_less_than_the_squeeze(tmp_path: Any) -> None:
    """A pooled branch shows every place the whole map; the stride is that of the map."""
    path = tmp_path / "net.yaml"
    path.write_text(
        "name: t\ninput: 32x48x8\nrows:\n  - {id: a, type: conv, patch: 3x3/2, filters: 8}\n  - {id: b, type: squeeze excite}\n"
    )
    field = receptive_fields(archspec.load(path))["b"]
    assert field.size == (None, None)
    assert field.stride == (2, 2)


def read_by_gradient(module: Any, size: int) -> list[tuple[int, int] | None]:
    """The first and last input row that each output row reads: rows on which its sum has a gradient."""
    x = torch.randn(1, 1, size, size, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)
    found = []
    for row in module(x)[0, 0]:
        (gradient,) = torch.autograd.grad(row.sum(), x, retain_graph=True)
        found.append(hull(gradient[0, 0].abs().sum(1) > 1e-12))
    return found


def read_by_nan(model: Any, shape: Shape, paths: list[str]) -> dict[str, list[tuple[int, int] | None]]:
    """The same at several nodes: an example for each input row, which is not a number in that one."""
    x = torch.rand(shape.height, *shape.tensor, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    x[torch.arange(shape.height), :, torch.arange(shape.height)] = math.nan
    found: dict[str, list[tuple[int, int] | None]] = {}

    def keep(path: str, output: torch.Tensor) -> None:
        rows = output.isnan().flatten(3 if output.dim() == 4 else 1).any(-1)  # examples x channels x rows, or examples
        rows = rows.any(1) if output.dim() == 4 else rows[:, None]
        found[path] = [hull(row) for row in rows.T]

    hooks = [model.get_submodule(path).register_forward_hook(lambda _, __, out, path=path: keep(path, out)) for path in paths]
    with torch.no_grad():
        model(x)
    for hook in hooks:
        hook.remove()
    return found


def hull(marks: torch.Tensor) -> tuple[int, int] | None:
    places = marks.nonzero().flatten().tolist()
    return (places[0], places[-1]) if places else None


def predicted(reach: Reach, row: int, size: int) -> tuple[int, int]:
    if reach.size is None:
        return 0, size - 1
    return max(0, reach.first(row)), min(size - 1, reach.last(row))


WINDOWS = [{"patch": (3, 3)}, {"patch": (5, 5), "stride": (2, 2), "padding": "same"}, {"patch": (2, 2), "stride": (3, 3)}]
OPS: list[tuple[str, dict[str, Any]]] = [
    *(("conv", {"filters": 1, "padding": "valid"} | window) for window in WINDOWS),
    ("conv", {"filters": 1, "patch": (3, 3), "padding": ((2, 0), (1, 1))}),
    ("conv", {"filters": 1, "patch": (3, 3), "padding": "valid", "dilation": (2, 2)}),
    ("conv", {"filters": 1, "patch": (4, 4), "stride": (2, 2), "padding": "tf same"}),
    *(("avg pool", {"stride": window["patch"]} | window) for window in WINDOWS),
    *(("adaptive avg pool", {"size": (n, n)}) for n in (1, 2, 3, 5, 7, 12, 20)),
    *(
        ("transposed conv", {"filters": 1, "patch": (k, k), "stride": (s, s), "padding": p})
        for k, s, p in [(3, 2, "valid"), (4, 2, (1, 1)), (2, 2, "valid"), (5, 3, "same"), (3, 1, "same")]
    ),
    *(("upsample", {"mode": "bilinear", "height": n, "width": n}) for n in (24, 36, 30, 7)),
    *(("upsample", {"mode": "bilinear", "height": n, "width": n, "align_corners": True}) for n in (24, 23, 9)),
    *(("upsample", {"mode": "bicubic", "height": n, "width": n}) for n in (24, 36)),
    *(("upsample", {"mode": "nearest", "height": n, "width": n}) for n in (24, 36, 30, 7)),
    ("crop", {"height": 7, "width": 9}),
    ("pad", {"padding": ((1, 2), (0, 3))}),
    ("linear", {"filters": 3}),
    ("relu", {}),
]


@pytest.mark.parametrize(("name", "columns"), OPS, ids=lambda value: str(value))
def test_an_op_reads_what_its_gradient_says(name: str, columns: dict[str, Any]) -> None:
    """Every row of the output: never more than predicted, and the widest is the size that is stated."""
    kind = op(name)
    assert kind is not None
    values = {key: column.default for key, column in kind.columns().items()} | columns
    made, shape = kind.model_construct(**values), Shape(1, 12, 12)
    out = made.output(shape)
    rows, _ = made.reach(shape, out)
    found = read_by_gradient(lambda x: made.module(shape).double().eval()(x).reshape(1, 1, -1, out.width), 12)
    assert len(found) == (out.elements if out.flat else out.height)
    for row, read in enumerate(found):
        first, last = predicted(rows, 0 if out.flat else row, 12)
        assert read is None or first <= read[0] <= read[1] <= last, row
        assert read is None or columns.get("mode") == "bicubic" or read == (first, last), row
    assert max(read[1] - read[0] + 1 for read in found if read) == min(rows.size, 12)


ENLARGED = {
    "nearest": "{id: up, type: upsample}",
    "nearest, by halves": "{id: up, type: upsample, height: 7, width: 7}",
    "bilinear": "{id: up, type: upsample, mode: bilinear}",
    "corners": "{id: up, type: upsample, mode: bilinear, align corners: true}",
    "transposed": "{id: up, type: transposed conv, patch: 2x2/2, filters: 4}",
    "transposed, overlapping": "{id: up, type: transposed conv, patch: 4x4/2, padding: 1x1, filters: 4}",
    "shuffle": "{id: up, type: pixel shuffle}",
}


@pytest.mark.parametrize("up", ENLARGED.values(), ids=ENLARGED)
def test_what_enlarges_reads_no_more_than_its_gradient_says(up: str, tmp_path: Any) -> None:
    """After strides, before a convolution, and joined with a map of the same size: at each row that borders leave alone."""
    path = tmp_path / "net.yaml"
    rows = [f"{{id: c{n}, type: conv, patch: 3x3/{s}, filters: 4}}" for n, s in enumerate((1, 2, 2, 2))]
    text = [*rows, up, "{id: after, type: conv, patch: 3x3, filters: 4}"]
    path.write_text("name: t\ninput: 40x40x1\nrows:\n" + "".join(f"  - {row}\n" for row in text))
    network = archspec.load(path)
    fields = receptive_fields(network)
    model = build_model(network).double().eval()
    for name in ("c3", "up", "after"):
        kept = []
        hook = model.get_submodule(name).register_forward_hook(lambda _, __, out, kept=kept: kept.append(out))
        x = torch.randn(1, 1, 40, 40, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)
        model(x)
        hook.remove()
        for row, values in enumerate(kept[0][0].sum(0)):
            (gradient,) = torch.autograd.grad(values.sum(), x, retain_graph=True)
            assert hull(gradient[0, 0].abs().sum(1) > 1e-12) == predicted(fields[name].rows, row, 40), (name, row)


def test_maps_whose_steps_differ(tmp_path: Any) -> None:
    """A decoder that resizes an odd map to match reads what both branches read, not everything."""
    path = tmp_path / "net.yaml"
    rows = "  - {id: a, type: conv, patch: 3x3, filters: 2}\n  - {id: b, type: conv, patch: 3x3/2, filters: 2}\n"
    rows += "  - {id: up, type: upsample, height: 25, width: 25}\n  - {id: s, type: sum, from: [up, a]}\n"
    path.write_text(f"name: t\ninput: 25x25x1\nrows:\n{rows}")
    field = receptive_fields(archspec.load(path))["s"]
    assert field.size == (5, 5)


#: ops whose statistics run over the whole map, and interpolations, whose weights may be zero
SPREADING = {"group norm", "instance norm", "upsample"}


@pytest.mark.parametrize("goal", ["", "concat", "sum", "op conv", "op max pool", "op avg pool", "op transposed conv", "op pad"])
def test_generated_specs_read_no_more(goal: str) -> None:
    """At every node that runs: each row of its map reads no input row that is not predicted, and mostly all of them."""
    exact = total = 0

    @examples(6)
    @given(specs(goal))
    def check(drawn: Drawn) -> None:
        nonlocal exact, total
        network = drawn.load()
        if any(isinstance(node, Leaf) and node.op.name in SPREADING for node in nodes(network)):
            return
        paths = [node.path for row in network.rows[:-1] for node in (row, *getattr(row, "children", ()))]
        found = read_by_nan(build_model(network, heads=False).double().eval(), network.input, paths)
        fields = receptive_fields(network)
        for path, rows in found.items():
            for row, read in enumerate(rows):
                first, last = predicted(fields[path].rows, row, network.input.height)
                assert read is None or first <= read[0] <= read[1] <= last, (path, row)
                exact += read == (first, last)
                total += read is not None

    check()
    assert exact > total / 2
