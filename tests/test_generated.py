"""Generated specs: the inferred sizes are those that torch gives, and the closed form is fvcore's count, at every node."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import torch
from conftest import nodes
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import archspec
from archspec.analysis.counters import FVCORE, counted
from archspec.analysis.fvcore import fvcore_count
from archspec.compiler.module import build_model

PATCHES = st.sampled_from(["1x1", "2x2", "3x3", "1x3", "5x2"])
STRIDES = st.sampled_from(["1", "2", "1x2", "3"])
PADDINGS = st.sampled_from(["same", "valid", "1x0"])
TRUTHS = st.sampled_from(["true", "false"])
SLOW = [HealthCheck.filter_too_much, HealthCheck.too_slow]


def cells_of(found: dict[str, Any]) -> str:
    """Cells as the inside of a row."""
    return ", ".join(f"{key}: {value}" for key, value in found.items())


def row(type_: str, needed: dict[str, Any] | None = None, **optional: st.SearchStrategy[Any]) -> st.SearchStrategy[str]:
    """A row of a type with the cells that it needs and some of those that it may have."""
    cells = st.fixed_dictionaries({"type": st.just(type_), **(needed or {})}, optional=optional)
    return cells.map(lambda found: "{" + cells_of(found) + "}")


def conv(type_: str, **more: st.SearchStrategy[Any]) -> st.SearchStrategy[str]:
    needed = {"patch": PATCHES, "filters": st.sampled_from(["4", "6", "=in_channels", "=2 * in_channels"])}
    dilations, groups = st.sampled_from(["1", "2", "1x2"]), st.sampled_from(["1", "2", "=in_channels"])
    return row(type_, needed, stride=STRIDES, padding=PADDINGS, dilation=dilations, groups=groups, bias=TRUTHS, **more)


def pool(type_: str) -> st.SearchStrategy[str]:
    return row(type_, {"patch": PATCHES}, stride=STRIDES, padding=PADDINGS, ceil=TRUTHS)


SIMPLE = st.one_of(
    conv("conv"),
    conv("convolution", norm=st.sampled_from(["batch norm", "none"]), activation=st.sampled_from(["sigmoid", "none", "dropout"])),
    pool("max pool"),
    pool("avg pool"),
    row("adaptive avg pool", size=st.sampled_from(["1", "2x3"])),
    *(st.just(f"{{type: {name}}}") for name in ("batch norm", "response norm", "relu", "sigmoid", "identity", "softmax")),
    row("separable convolution", {"patch": PATCHES, "filters": st.just(4)}, stride=STRIDES),
    st.just('{type: inception, "#1x1": 2, "#3x3 reduce": 2, "#3x3": 3, "#5x5 reduce": 1, "#5x5": 2, pool proj: 3}'),
)
LISTS = st.lists(SIMPLE, max_size=3).map(lambda rows: "[" + ", ".join(rows) + "]")


def branches(kind: str, inner: st.SearchStrategy[str], most: int = 3) -> st.SearchStrategy[str]:
    """A row of a combinator; one that keeps the input's size is likely, so that sums agree."""
    return st.lists(inner, min_size=2, max_size=most).map(
        lambda found: "{" + f"{kind}: {{" + ", ".join(f"b{number}: {text}" for number, text in enumerate(found)) + "}}"
    )


SAME = st.sampled_from(["[]", "[relu]", "{type: batch norm}", "[{type: conv, patch: 3x3, filters: =in_channels}, sigmoid]"])
GATE = st.sampled_from(["[adaptive avg pool, {type: conv, patch: 1x1, filters: =in_channels}, sigmoid]", "[]"])
NESTED = st.one_of(
    SIMPLE,
    branches("concat", st.one_of(LISTS, SAME)),
    branches("sum", SAME),
    branches("product", st.one_of(SAME, GATE)),
    branches("split", SAME, most=2),
    st.tuples(st.integers(1, 3), SAME).map(lambda found: f"{{repeat: {found[0]}, concat: {{x: {found[1]}, y: []}}}}"),
)


@st.composite
def specs(draw: st.DrawFn) -> str:
    """A spec of a few rows, some of which join earlier ones, maybe with a linear layer and a head at the end."""
    rows = draw(st.lists(NESTED, min_size=1, max_size=5))
    lines = [text.replace("{", f"{{id: r{number}, ", 1) for number, text in enumerate(rows)]
    if draw(st.booleans()):
        kind, first = draw(st.sampled_from(["concat", "sum", "product"])), draw(st.integers(0, len(rows) - 1))
        lines.append(f"{{id: join, type: {kind}, from: [r{first}, r{len(rows) - 1}]}}")
    if draw(st.booleans()):
        lines += ["{id: fc, type: linear, filters: 5}", "{id: last, type: batch norm}"]
    heads = draw(st.sampled_from(["", "heads:\n  aux: {from: r0, type: linear, filters: 5}\n"]))
    size = draw(st.sampled_from(["9x12x4", "16x16x2", "7x7x6"]))
    return f"name: generated\ninput: {size}\nrows:\n" + "".join(f"  - {line}\n" for line in lines) + heads


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=SLOW)
@given(specs())
def test_sizes_and_counts_at_every_node(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "generated.yaml"
        path.write_text(text)
        wrong = archspec.check(path)
        assert {one.code for one in wrong} <= {"shape-mismatch"}, text
        assume(not wrong)
        network = archspec.load(path)
    report = archspec.api.report_network(network)
    model = build_model(network).eval()
    given_: dict[str, tuple[int, ...]] = {}
    for name, module in model.named_modules():
        module.register_forward_hook(lambda _, __, output, name=name: given_.__setitem__(name, tuple(output.shape[1:])))
    with torch.no_grad():
        model(torch.randn(2, *network.input.tensor))
    last = network.rows[-1]
    # a softmax at the end only reads the logits, unless it reads another row or a head reads it
    reading = getattr(getattr(last, "op", None), "reading", False) and not last.sources
    skipped = {last.path} if reading and all(last.path not in head.reads for head in network.heads) else set()
    expected = {node.path: node.output.tensor for row in network.rows for node in [row, *below(row)] if node.path not in skipped}
    assert {name: shape for name, shape in given_.items() if name} == expected
    assert sum(p.numel() for p in model.parameters()) == report.costs.total.params + report.costs.heads_total.params
    counts = fvcore_count(model, network)
    for cost in (*report.costs.rows, *report.costs.heads):
        for _, part in cost.to_depth(20):
            assert counts.flops.get(part.node.path, 0) == counted(part.cost, FVCORE), (part.node.path, text)
            assert counts.activations.get(part.node.path, 0) == part.cost.activations, (part.node.path, text)


def below(node: Any) -> list[Any]:
    return [found for child in getattr(node, "children", ()) for found in [child, *below(child)]]


def test_the_strategies_reach_every_kind_of_node() -> None:
    """A strategy that only makes chains would hold little."""
    seen: set[str] = set()

    @settings(max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=SLOW)
    @given(specs())
    def collect(text: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "generated.yaml"
            path.write_text(text)
            if not archspec.check(path):
                seen.update(getattr(node, "kind", node.type) for node in nodes(archspec.load(path)))

    collect()
    assert {"sequence", "concat", "sum", "product", "split", "conv", "max pool", "avg pool", "linear", "batch norm"} <= seen
