"""Numbers as arrays: each variant costs what it costs alone, what is wrong is not costed, and nothing wraps."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drafts import _SIMPLEST, TYPE_NAMES
from drawn import Drawn, document, examples, scratch
from hypothesis import given, note
from hypothesis import strategies as st
from strategies import specs

import archspec
from archspec.language.arrays import Program
from archspec.language.batch import Batch
from archspec.language.columns import REQUIRED
from archspec.language.formula import FormulaError, evaluate
from archspec.language.many import Many
from archspec.language.many import given as new_number
from archspec.language.truths import by_case
from archspec.ops import op, op_names
from archspec.ops.base import Cost

MOST = 2**63 - 1
INCEPTIONS = {"3a": 28, "3b": 28, "4a": 14, "4b": 14, "4c": 14, "4d": 14, "4e": 14, "5a": 7, "5b": 7}
COLUMNS = ("n1x1", "n3x3_reduce", "n3x3", "n5x5_reduce", "n5x5", "pool_proj")


def alone(spec: Any, **options: Any) -> tuple[int, ...] | archspec.SpecError:
    """What one network costs, or what is wrong with it."""
    try:
        costs = archspec.report(spec, **options).costs
    except archspec.SpecError as error:
        return error
    return (*costs.total, costs.depth, costs.total.params + costs.heads_total.params)


def figures_at(variants: Any, index: int) -> tuple[int, ...]:
    return tuple(int(one[index]) for one in (*variants.total, variants.depth, variants.params_with_heads))


def compare(variants: Any, index: int, spec: Any, **options: Any) -> bool:
    """A variant beside the same one alone; whether it is valid."""
    expected = alone(spec, **options)
    valid = not isinstance(expected, archspec.SpecError)
    assert variants.valid[index] == valid
    assert (index not in variants.reasons) == valid
    if not valid:
        assert str(variants.reasons[index]) == str(expected)
    assert figures_at(variants, index) == (expected if valid else (0,) * (len(Cost()) + 2))
    return valid


# GoogLeNet


@cache
def googlenet() -> tuple[dict[str, Any], Any]:
    """10,000 variants of GoogLeNet: the six numbers of each of its nine inception rows."""
    rng = np.random.default_rng(0)
    cells = {f"inception_{row}.{column}": rng.integers(1, 512, 10_000) for row in INCEPTIONS for column in COLUMNS}
    return cells, archspec.costs("googlenet", set=cells)


def by_hand(cells: dict[str, Any]) -> tuple[Any, Any, Any]:
    """Parameters, multiply-adds and activations from the columns of Table 1: each convolution has its weights, once a place
    of its output, and a bias.
    """
    params = macs = activations = 0

    def conv(patch: int, taken: Any, filters: Any, side: int) -> Any:
        nonlocal params, macs, activations
        weights = patch * patch * taken * filters
        params, macs, activations = params + weights + filters, macs + weights * side**2, activations + filters * side**2
        return filters

    channels: Any = conv(3, conv(1, conv(7, 3, 64, 112), 64, 56), 192, 56)
    for row, side in INCEPTIONS.items():
        one, reduce3, three, reduce5, five, pool = (cells[f"inception_{row}.{column}"] for column in COLUMNS)
        conv(1, channels, one, side)
        conv(3, conv(1, channels, reduce3, side), three, side)
        conv(5, conv(1, channels, reduce5, side), five, side)
        conv(1, channels, pool, side)
        channels = one + three + five + pool
    conv(1, channels, 1000, 1)
    return params, macs, activations


def test_ten_thousand_googlenets_equal_the_arithmetic_of_the_table() -> None:
    cells, variants = googlenet()
    assert variants.valid.all()
    assert not variants.reasons
    for found, expected in zip((variants.params, variants.macs, variants.activations), by_hand(cells), strict=True):
        assert found.dtype == np.int64
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("index", [*range(0, 10_000, 250), 9_999])
def test_a_variant_of_googlenet_costs_what_it_costs_alone(index: int) -> None:
    cells, variants = googlenet()
    assert compare(variants, index, "googlenet", set={path: int(array[index]) for path, array in cells.items()})


def test_a_node_of_each_variant() -> None:
    cells, variants = googlenet()
    reduce, five = cells["inception_4b.n5x5_reduce"], cells["inception_4b.n5x5"]
    np.testing.assert_array_equal(variants.of("inception_4b.b5x5.conv").params, 25 * reduce * five + five)
    joined = sum(cells[f"inception_5b.{column}"] for column in ("n1x1", "n3x3", "n5x5", "pool_proj"))
    np.testing.assert_array_equal(variants.of("fc").macs, 1000 * joined)
    rows = archspec.load("googlenet").rows
    np.testing.assert_array_equal(sum(variants.of(row.path).macs for row in rows), variants.macs)


def test_the_shipped_numbers_give_the_shipped_network() -> None:
    variants = archspec.costs("googlenet", set={"inception_3a.n5x5": np.array([32, 32])}, classes=np.array([1000, 10]))
    assert variants.params.tolist() == [6_998_552, 6_998_552 - 990 * 1025]


# other networks


@pytest.mark.parametrize(
    ("spec", "options"),
    [
        ("resnet50", {"n2": [3, 1, 2, 3, 1, 4], "n4": [6, 2, 6, 23, 2, 8], "classes": [10, 1000, 7, 2, 10, 10]}),
        ("resnet50", {"set": {"conv3_x.filters": [128, 64, 100, 1], "conv1.filters": [64, 32, 16, 3]}}),
        ("mobilenet-v2", {"width": [1, 2, 3, 1], "classes": [10, 20, 30, 40]}),
        ("efficientnet-lite0", {"classes": [10, 20]}),
        ("regnetx-400mf", {"d": [22, 13, 5, 40, 3], "w0": [24, 24, 80, 8, 24], "g": [16, 8, 16, 40, 1]}),
        ("densenet121", {"set": {"*.growth": [32, 12, 24, 1]}}),
        ("googlenet-torchvision", {"input": ([224, 97, 64, 15, 299], [224, 128, 32, 15, 97], 3)}),
        ("vgg16", {"input": ([224, 64, 1], [224, 64, 224], [3, 1, 4])}),
        ("googlenet", {"renormalize": [True, False, True], "input": ([224, 224, 96], 224, 3)}),
        ("alexnet", {"set": {"conv2.groups": [1, 2, 3, 64, 96], "conv1.stride": [4, 4, 2, 300, 0]}}),
        ("unet", {"input": ([572, 500, 100, 188], 572, 1)}),
    ],
)
def test_variants_of_a_shipped_spec(spec: str, options: dict[str, Any]) -> None:
    def at(value: Any, index: int | None) -> Any:
        if isinstance(value, dict):
            return {key: at(one, index) for key, one in value.items()}
        if isinstance(value, tuple):
            return tuple(at(one, index) for one in value)
        if not isinstance(value, list):
            return value
        return np.array(value) if index is None else value[index]

    variants = archspec.costs(spec, **at(options, None))
    valid = [compare(variants, index, spec, **at(options, index)) for index in range(len(variants))]
    assert any(valid)


# every op

COUNT = 24


@pytest.mark.parametrize("name", op_names())
def test_every_op_computes_with_arrays(name: str) -> None:
    """Sizes, costs and refusals of an op, with every whole number of it varied: a linear after it tells its output."""
    found = op(name)
    assert found is not None
    kinds = {column.name: TYPE_NAMES[column.annotation] for column in found.columns().values()}
    row = {"id": "x", "type": name}
    for column in found.columns().values():
        if column.default is REQUIRED or kinds[column.name] == "channels":
            row[column.name] = _SIMPLEST[kinds[column.name]]
    path = scratch() / "op.yaml"
    path.write_text(document({"name": "t", "input": "8x9x4", "rows": [row, {"id": "end", "type": "linear", "filters": 1}]}))
    rng = np.random.default_rng(len(name))
    ranges = {"int": (0, 4), "count": (1, 5), "channels": (1, 13), "size": (1, 6), "margin": (0, 3), "padding": (0, 3)}
    size = (rng.integers(1, 12, COUNT), rng.integers(1, 12, COUNT), rng.integers(1, 13, COUNT))
    cells = {f"x.{column}": rng.integers(*ranges[kind], COUNT) for column, kind in kinds.items() if kind in ranges}
    cells |= {f"x.{column}": rng.integers(0, 2, COUNT) > 0 for column, kind in kinds.items() if kind == "bool"}
    for changes in ({}, cells):
        variants = archspec.costs(path, set=changes, input=size)
        for index in range(COUNT):
            told = {cell: array[index].item() for cell, array in changes.items()}
            compare(variants, index, path, set=told, input=tuple(int(side[index]) for side in size))


# generated specs


def numbers_of(node: Any) -> list[str]:
    """Paths of whole numbers that are written in the rows of a tree."""
    own = [f"{node.path}.{name}" for name, _ in node.written if type(node.columns[name]) is int]
    return [*own, *(path for child in getattr(node, "children", ()) for path in numbers_of(child))]


@given(st.data())
@examples(40)
def test_variants_of_a_generated_spec(data: st.DataObject) -> None:
    drawn: Drawn = data.draw(specs())
    network = drawn.load()
    paths = [path for node in (*network.rows, *(head.node for head in network.heads)) for path in numbers_of(node)]
    chosen = data.draw(st.lists(st.sampled_from([*paths, "vars.wide"]), min_size=1, max_size=4, unique=True))
    count = 6
    values = st.lists(st.integers(0, 12), min_size=count, max_size=count)
    changes = {path: data.draw(values) for path in chosen}
    note(f"{drawn!r}\n{changes}")
    spec = scratch() / "net.yaml"
    options = {key: value for key, value in drawn.options.items() if key not in ("set", "input")}
    options = {key: value for key, value in options.items() if f"vars.{key}" not in changes}
    size: Any = drawn.options.get("input")
    if data.draw(st.booleans()):
        shape = network.input
        size = (*(data.draw(st.lists(st.integers(1, 16), min_size=count, max_size=count)) for _ in range(2)), shape.channels)
    arrays = tuple(np.array(side) if isinstance(side, list) else side for side in size) if isinstance(size, tuple) else size
    variants = archspec.costs(spec, set={path: np.array(one) for path, one in changes.items()}, input=arrays, **options)
    for index in range(count):
        sides = tuple(side[index] if isinstance(side, list) else side for side in size) if isinstance(size, tuple) else size
        compare(variants, index, spec, set={path: one[index] for path, one in changes.items()}, input=sides, **options)


# what does not fit in 63 bits


def test_a_variant_past_63_bits_is_found_and_the_others_are_exact(tmp_path: Path) -> None:
    path = tmp_path / "wide.yaml"
    conv = {"type": "conv", "patch": "3x3", "bias": False}
    rows = [{"id": name, **conv, "filters": 4} for name in "ab"]
    path.write_text(document({"name": "t", "input": "1000x1000x3", "rows": rows}))
    wide = [4, 2**31 - 1, 10**6, 2**20, 10**3, 1_012_331, 1_012_332]
    variants = archspec.costs(path, set={"a.filters": np.array(wide), "b.filters": np.array(wide)})
    for index, filters in enumerate(wide):
        macs = 9 * 10**6 * (3 * filters + filters * filters)
        assert variants.valid[index] == (macs <= MOST)
        assert variants.macs[index] == (macs if macs <= MOST else 0)
        if macs > MOST:
            assert [one.code for one in variants.reasons[index].diagnostics] == ["overflow"]
    assert variants.valid.sum() == 4
    for index, filters in enumerate(wide):
        compare(variants, index, path, set={"a.filters": filters, "b.filters": filters})


INTS = st.integers(-4, 4) | st.integers(-MOST, MOST) | st.integers(MOST - 3, MOST) | st.sampled_from([2**31 - 1, 2**32, 2**62])
FLOATS = st.floats(-1e6, 1e6) | st.sampled_from([0.5, 1.5, -2.5, 1e-9, 3.0, 2.0**60])
COUNT_OF_FORMULA = 4
FORMULAS = (
    *("a + b", "a - b", "a * b", "a // b", "a % b", "a / b", "a ** b", "a ** 2", "2 ** a", "min(a, b)", "max(a, b, 3)"),
    *(
        "floor(a / b)",
        "ceil(a * 0.37)",
        "round(a / 3)",
        "sqrt(a)",
        "log(a)",
        "log(a, 2)",
        "round_to(a % 5000 * 1.4, 8)",
        "round_to(a % 5000, b % 64)",
    ),
    *(
        "a if a < b else b",
        "a / b if b else 1",
        "a < b",
        "a <= b",
        "a == b",
        "a != b",
        "not a",
        "a > b and b > 2",
        "a > 0 or b > 0",
    ),
    *("1 < a < b <= 20", "a > 0 and 10 // a > 2", "-a", "b and a", "(a if a > 2 else -a) // 2 % 5", "a * b - b * a + 1"),
)


@given(st.data())
@examples(300)
def test_a_formula_is_computed_as_alone_for_every_variant(data: st.DataObject) -> None:
    """Whatever is computed on the way: in the middle it may pass 63 bits, and come back. What is an error alone is one."""
    text = "=" + data.draw(st.sampled_from(FORMULAS))
    batch, given_ = Batch(), {}
    names: dict[str, Any] = {}
    lists: dict[str, list[Any]] = {}
    ints = data.draw(st.booleans())  # beside floats, whole numbers are those that a float holds
    for name in "ab":
        real = not ints and data.draw(st.booleans())
        numbers = INTS if ints else FLOATS if real else st.integers(-(2**50), 2**50) | st.integers(-4, 20)
        lists[name] = data.draw(st.lists(numbers, min_size=COUNT_OF_FORMULA, max_size=COUNT_OF_FORMULA))
        array = np.array(lists[name], dtype=np.float64 if real else np.int64)
        names[name] = new_number(batch, (array.min().item(), array.max().item()), real=real)
        given_[names[name]] = array
    found = list(by_case(lambda: outcome(lambda: evaluate(text, names))))
    for index in range(COUNT_OF_FORMULA):
        told = {name: one[index] for name, one in lists.items()}
        expected = outcome(lambda: evaluate(text, told))  # noqa: B023 - called at once
        holding = [value for truth, value in found if at(truth, index, given_)]
        assert len(holding) == 1
        answer = holding[0]
        if isinstance(expected, Exception):
            assert isinstance(answer, Exception)
        else:
            assert at(answer, index, given_) == expected


def at(value: Any, index: int, given_: Any) -> Any:
    """What a value is for one variant."""
    return Program([value])(given_)[0].tolist()[index] if isinstance(value, Many) else value


def outcome(function: Any) -> Any:
    """What a formula gives, or raises."""
    try:
        return function()
    except FormulaError as error:
        return error


# what is wrong with the call


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"set": {"inception_3a.n5x5": np.array([1.5, np.nan])}}, "array of numbers or bools, found numbers that are not finite"),
        ({"set": {"inception_3a.n5x5": np.array(["a", "b"])}}, "array of numbers or bools, found <U1"),
        ({"set": {"inception_3a.n5x5": np.array([[1, 2]])}}, "one number for each variant, found 2 dimensions"),
        ({"set": {"inception_3a.n5x5": np.array([], dtype=int)}}, "one number for each variant, found none"),
        ({"set": {"inception_3a.n5x5": np.array([1, 2])}, "classes": np.array([1])}, "has 2, `vars.classes` has 1"),
        ({"classes": np.array([1, 2]), "input": (np.array([224] * 3), 224, 3)}, "has 2, `input.height` has 3"),
        ({"set": {"inception_3a.n5x5": np.array([2**64 - 1], dtype=np.uint64)}}, "do not fit in 63 bits"),
        ({"set": {"inception_3a.n5": np.array([1, 2])}}, "`inception_3a.n5` is neither a row nor a column of a row"),
        ({"set": {"inception_3z.n5x5": np.array([1, 2])}}, "did you mean `inception_3b.n5x5`"),
        ({"set": {"inception_3a.depth": np.array([1, 2])}}, "`depth` is nothing that a network computes with"),
        ({"set": {"inception_3a..n5x5": np.array([1, 2])}}, "is not a path"),
        ({"clases": np.array([1, 2])}, "the spec has no var `clases`"),
        ({"set": {"inception_3a.n5x5": np.array([1, 2]), "fc.filtres": 3}}, "`fc.filtres` is neither"),
        ({"input": (np.array([224, 96]), 224)}, "height x width x channels"),
    ],
)
def test_a_call_that_is_wrong(options: dict[str, Any], message: str) -> None:
    with pytest.raises(archspec.SpecError) as caught:
        archspec.costs("googlenet", **options)
    assert message in str(caught.value)


def test_a_call_without_arrays_is_one_variant() -> None:
    variants = archspec.costs("googlenet", set={"inception_3a.n5x5": 64}, classes=10)
    assert compare(variants, 0, "googlenet", set={"inception_3a.n5x5": 64}, classes=10)
    assert archspec.costs("googlenet", set="inception_3a.n5x5=64").params.shape == (1,)


def test_numpy_is_not_imported_for_plain_numbers() -> None:
    import subprocess
    import sys

    code = "import sys, archspec; archspec.report('googlenet', set={'inception_3a.n5x5': 64}); print('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_lists_are_arrays_and_a_wrong_number_for_all_is_an_error() -> None:
    found = archspec.costs("lenet5", set={"c3.filters": [10, 20]}, input=([32, 36], 32, 1))
    alone = [archspec.report("lenet5", set={"c3.filters": n}, input=(h, 32, 1)) for n, h in ((10, 32), (20, 36))]
    assert found.params.tolist() == [one.costs.total.params for one in alone]
    with pytest.raises(archspec.SpecError, match="positive whole number"):
        archspec.costs("lenet5", set={"c3.filters": -4})
