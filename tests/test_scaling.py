"""Scaling: what a width and a depth multiply, beside timm's and torchvision's own multipliers; what stays; wrong input."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
import torchvision
from conftest import nodes, spec
from hypothesis import given, settings
from hypothesis import strategies as st

import archspec
from archspec.language.arithmetic import round_to
from archspec.language.resolve import shipped
from archspec.language.scaling import Scale


def counted(name: Any, **options: Any) -> tuple[int, int]:
    """Parameters and multiply-adds."""
    total = archspec.report(name, **options).costs.total
    return total.params, total.macs


def parameters(make: Any) -> int:
    with torch.device("meta"):
        return sum(parameter.numel() for parameter in make().parameters())


# others' multipliers


def test_published_scales() -> None:
    """The figures that the design asks for; timm's modules have them too (tests/peers.py compares their outputs)."""
    assert counted("mobilenet-v2", scale="width=1.4") == counted("mobilenet-v2-1.4") == (6_108_776, 582_195_824)
    lite1 = counted("efficientnet-lite0", scale={"width": 1.0, "depth": 1.1}, input="240x240x3")
    assert lite1 == counted("efficientnet-lite1") == (5_416_680, 600_185_232)
    lite2 = counted("efficientnet-lite0", scale="width=1.1,depth=1.2", input="260x260x3")
    assert lite2 == counted("efficientnet-lite2") == (6_092_072, 859_736_272)


@pytest.mark.parametrize("width", [0.1, 0.25, 0.35, 0.5, 0.75, 1.0, 1.3, 1.4, 2.05])
@pytest.mark.parametrize("divisor", [8, 1, 4])
def test_width_of_torchvision(width: float, divisor: int) -> None:
    """Its MobileNetV2 takes a width and a divisor; the last convolution keeps 1280 channels below a width of 1."""
    expected = parameters(lambda: torchvision.models.mobilenet_v2(width_mult=width, round_nearest=divisor))
    assert counted("mobilenet-v2", scale={"width": width, "divisor": divisor})[0] == expected
    if divisor == 8:
        assert counted("mobilenet-v2", width=width)[0] == expected


@pytest.mark.parametrize(("name", "width", "depth"), [("lite3", 1.2, 1.4), ("lite4", 1.4, 1.8)])
def test_width_and_depth_of_timm(name: str, width: float, depth: float) -> None:
    """EfficientNet-Lite fixes its stem and its head, and the depth of its first and of its last stage."""
    expected = parameters(lambda: timm.create_model(f"tf_efficientnet_{name}"))
    assert counted("efficientnet-lite0", scale={"width": width, "depth": depth})[0] == expected


@pytest.mark.parametrize(("name", "width", "depth"), [("110d", 1.1, 1.2), ("120d", 1.2, 1.4)])
def test_fixed_rows_of_timm(name: str, width: float, depth: float) -> None:
    """timm's deeper MobileNetV2 fixes the same rows: `scale` is set row by row."""
    fixed = ["conv1.scale=none", "conv2.scale=none", "bottleneck1.scale=width", "bottleneck7.scale=width"]
    expected = parameters(lambda: timm.create_model(f"mobilenetv2_{name}"))
    assert counted("mobilenet-v2", set=fixed, scale={"width": width, "depth": depth})[0] == expected


@pytest.mark.parametrize("width", [0.5, 2])
def test_width_of_resnet_and_densenet(width: float) -> None:
    """torchvision's constructors with their channels multiplied by hand."""

    class Scaled(torchvision.models.ResNet):
        def _make_layer(self, block: Any, planes: int, *rest: Any, **more: Any) -> Any:
            if planes == 64:
                self.inplanes = int(64 * width)
                self.conv1 = torch.nn.Conv2d(3, self.inplanes, 7, 2, 3, bias=False)
                self.bn1 = torch.nn.BatchNorm2d(self.inplanes)
            return super()._make_layer(block, int(planes * width), *rest, **more)

    def resnet() -> Any:
        model = Scaled(torchvision.models.resnet.Bottleneck, [3, 4, 6, 3])
        model.fc = torch.nn.Linear(int(2048 * width), 1000)
        return model

    def densenet() -> Any:
        return torchvision.models.DenseNet(int(32 * width), (6, 12, 24, 16), int(64 * width))

    assert counted("resnet50", scale={"width": width})[0] == parameters(resnet)
    assert counted("densenet121", scale={"width": width})[0] == parameters(densenet)


def test_depth_is_others_depth() -> None:
    """Twice the blocks of ResNet-18 is ResNet-34 with other counts; timm and torchvision build them from the counts."""
    block = torchvision.models.resnet.BasicBlock
    expected = parameters(lambda: torchvision.models.ResNet(block, [3, 3, 3, 3]))
    assert counted("resnet18", scale="depth=1.5")[0] == expected
    deeper = parameters(lambda: torchvision.models.DenseNet(32, (9, 18, 36, 24)))
    assert counted("densenet121", scale="depth=1.5")[0] == deeper


def test_googlenet_at_half_width(load: Any) -> None:
    """Every column of Table 1 halved by hand, heads included; the classes stay."""
    half = archspec.load("googlenet", scale="width=0.5")
    halves = {"conv1.filters": 32, "conv2.n3x3_reduce": 32, "conv2.n3x3": 96, "aux*.filters": 64, "aux*.hidden": 512}
    columns = ("n1x1", "n3x3_reduce", "n3x3", "n5x5_reduce", "n5x5", "pool_proj")
    for row in archspec.load("googlenet").rows:
        if row.type == "inception":
            halves |= {f"{row.path}.{column}": max(8, round_to(row.columns[column] / 2, 8)) for column in columns}
    by_hand = archspec.load("googlenet", set=halves)
    assert [(node.path, node.output) for node in nodes(half)] == [(node.path, node.output) for node in nodes(by_hand)]


# shipped specs


@pytest.mark.parametrize("name", shipped())
def test_a_scale_of_one_changes_nothing(name: str) -> None:
    """A scale that the spec has itself is left alone."""
    plain = archspec.load(name)
    own = name in ("mobilenet-v2-1.4", "efficientnet-lite1", "efficientnet-lite2")
    scaled = archspec.load(name, scale={"divisor": 8} if own else {"width": 1, "depth": 1})
    assert [(n.path, n.output) for n in nodes(plain)] == [(n.path, n.output) for n in nodes(scaled)]
    assert scaled.digest != plain.digest, "what was asked for stands in the text"


@pytest.mark.parametrize("name", shipped())
@pytest.mark.parametrize("factor", [0.5, 2])
def test_every_shipped_spec_scales(name: str, factor: float) -> None:
    """Another width and another depth are other networks, smaller or larger; the classes stay."""
    plain, wider = archspec.load(name), archspec.load(name, scale={"width": factor, "depth": factor})
    if not plain.outputs:
        assert wider.output == plain.output
    before, after = counted(name), counted(name, scale={"width": factor})
    if name == "mobilenet-v2-1.4":
        before = counted("mobilenet-v2")  # the width replaces its own
    assert all((one < other) == (factor > 1) for one, other in zip(before, after, strict=True))


def test_inherited_claims_are_findings() -> None:
    """Sizes that the table states are not those of another width: no error, and the audit says so."""
    findings = archspec.audit("mobilenet-v2", scale="width=1.4")
    assert {finding.inherited for finding in findings} == {True}
    assert [finding.computed for finding in findings if finding.row == "conv1"] == ["112x112x48"]


# the rules


ROWS = """
name: net
input: 8x8x3
scale: {width: 2, depth: 2, divisor: 4}
vars: {classes: 5, growth: 6}
defaults:
  separable convolution: {filters: 6}
blocks:
  own:
    columns:
      c: {type: channels}
      also: {type: channels, default: 10}
      kept: {type: channels, default: 10, scale: none}
      branch: {type: int, min: 0, default: 0, scale: width}
    vars: {twice: =2 * c}
    body:
      concat:
        a: {type: conv, patch: 1x1, filters: =c}
        b: {type: conv, patch: 1x1, filters: =twice}
        c: {type: conv, patch: 1x1, filters: 3}
        d: {type: conv, patch: 1x1, filters: =also + kept}
        e: {when: =branch > 0, else: none, type: conv, patch: 1x1, filters: =branch}
rows:
"""


@pytest.mark.parametrize(
    ("row", "channels"),
    [
        ("{type: conv, patch: 1x1, filters: 6}", 12),
        ("{type: conv, patch: 1x1, filters: 5}", 12),  # 10, of which 12 is the nearest multiple of 4, halves up
        ("{type: conv, patch: 1x1, filters: =6}", 6),  # a formula says exactly what it says
        ("{type: conv, patch: 1x1, filters: =growth}", 6),
        ("{type: conv, patch: 1x1, filters: =scaled(growth) + 1}", 13),
        ("{type: conv, patch: 1x1, filters: =in_channels}", 3),
        ("{type: conv, patch: 1x1, filters: 6, scale: none}", 6),
        ("{type: conv, patch: 1x1, filters: 6, scale: depth}", 6),
        ("{type: conv, patch: 1x1, filters: 6, scale: width}", 12),
        ("{type: conv, patch: 1x1, filters: =scaled(growth), scale: none}", 6),
        ("{type: convolution, patch: 1x1, output size: 8x8x6, erratum: of another width}", 12),
        ("{type: separable convolution, patch: 3x3}", 12),
        ("{type: convolution, patch: 1x1, filters: 6, norm: {type: conv, patch: 1x1, filters: 8}}", 16),
        ("{type: own, c: 6}", 12 + 24 + 8 + 20 + 10),
        ("{type: own, c: 6, also: 3, kept: 4, branch: 2}", 12 + 24 + 8 + 8 + 4 + 4),
        ("{type: own, c: 6, scale: none}", 6 + 12 + 3 + 20),
        ("{type: linear, filters: 6}", 6),
        ("{type: linear, output size: 1x1x6}", 6),
        ("{type: fully connected, filters: 6}", 12),
        ("{concat: {a: {type: conv, patch: 1x1, filters: 6}, b: []}}", 15),
        ("{scale: none, concat: {a: {type: conv, patch: 1x1, filters: 6}, b: []}}", 9),
        ("{type: upsample, scale: 3}", 3),
    ],
)
def test_what_a_width_multiplies(row: str, channels: int, load: Any) -> None:
    assert load(ROWS + f"  - {row}\n").rows[0].output.channels == channels


@pytest.mark.parametrize(
    ("row", "copies"),
    [
        ("{repeat: 3, type: relu}", 6),
        ("{repeat: =classes, type: relu}", 10),
        ("{repeat: 3, type: relu, scale: none}", 3),
        ("{repeat: 3, type: relu, scale: width}", 3),
        ("{repeat: 3, type: relu, scale: depth}", 6),
        ("{type: dense block, layers: 3, growth: 4}", 6),
        ("{type: dense block, layers: 3, growth: 4, scale: width}", 3),
        ("{type: stage, block: {type: bottleneck, expansion: 1}, filters: 4, n: 2}", 4),
    ],
)
def test_what_a_depth_multiplies(row: str, copies: int, load: Any) -> None:
    assert len(load(ROWS + f"  - {row}\n").rows[0].children) == copies


def test_a_key_of_that_name_is_a_column_where_the_type_has_one(load: Any) -> None:
    network = load(spec("{id: u, type: upsample, scale: 3}", "{id: scale, type: scale, factor: 2}"), scale="width=2")
    assert [row.output.height for row in network.rows] == [24, 24]


def test_changes_of_the_key() -> None:
    """By path, in the copies of a repeat too; a pattern means the column of a type that has one only by a number."""

    def channels(*changes: str, name: str = "vgg16", row: str = "conv1") -> list[int]:
        network = archspec.load(name, set=changes, scale="width=2")
        (found,) = [node for node in nodes(network) if node.path == row]
        return [child.output.channels for child in found.children]

    assert channels() == [128, 128]
    assert channels("conv1.scale=none") == channels("conv*.scale=none") == channels("conv1={scale: depth}") == [64, 64]
    assert channels("conv1.1.scale=none") == [128, 64]
    assert channels("conv1.scale=none", "conv1.scale=null") == [128, 128]
    coarse = ("*.scale=none", "m5.scale=width", "m*.scale=2")
    assert channels(*coarse, name="resnet50-fpn", row="m4") == [512, 512, 512]


def test_an_older_scale_is_replaced(folder: Path) -> None:
    """Key by key, along a chain and by options; what it multiplies are the numbers of the text, once."""
    (folder / "a.yaml").write_text(spec("{id: c, type: conv, patch: 1x1, filters: 16}", top="scale: {width: 2, divisor: 2}\n"))
    (folder / "b.yaml").write_text("extends: ./a.yaml\nname: b\nscale: {width: 3}\nrows: {c: {filters: 5}}\n")
    (folder / "c.yaml").write_text("extends: ./b.yaml\nname: c\nscale: null\n")
    (folder / "d.yaml").write_text("extends: ./b.yaml\nname: c\nscale: {width: null}\n")

    def channels(name: str, **options: Any) -> Any:
        return archspec.load(name, **options).rows[0].output.channels

    assert [channels(f"{name}.yaml") for name in "abcd"] == [32, 16, 5, 5]
    assert channels("b.yaml", scale="width=4") == channels("b.yaml", set="scale.width=4") == 20
    assert channels("b.yaml", set=["c.filters=7", "scale.divisor=1"]) == 21
    assert channels("b.yaml", set="scale.width=4", scale={"width": 1, "divisor": 3}) == 5


def test_the_text_of_a_scaled_network_gives_it_again(folder: Path) -> None:
    scaled = archspec.load("resnet18", scale="width=0.5,depth=1.5")
    (folder / "again.yaml").write_text(scaled.text)
    assert counted("again.yaml") == counted("resnet18", scale={"width": 0.5, "depth": 1.5})
    assert archspec.load("again.yaml").digest == scaled.digest


# numbers


@given(st.integers(1, 5000), st.integers(1, 400), st.integers(1, 64))
def test_channels_are_rounded_by_mobilenets_rule(count: int, percent: int, divisor: int) -> None:
    """A multiple of the divisor, above 90 % of the product, less than one and a half divisors from it, at least one."""
    width = percent / 100
    found = Scale(width=width, divisor=divisor).channels(count)
    if width == 1:
        assert found == count
        return
    assert found % divisor == 0
    assert found >= max(divisor, 0.9 * count * width - 1e-6)
    assert found <= max(divisor, count * width + 1.5 * divisor)


@given(st.integers(1, 1000), st.integers(1, 500))
def test_copies_are_rounded_up_exactly(count: int, percent: int) -> None:
    assert Scale(depth=percent / 100).copies(count) == -(-count * percent // 100)


@settings(deadline=None, max_examples=10)
@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 9)), min_size=1, max_size=4))
def test_many_scales_at_once(scales: list[tuple[int, int, int]]) -> None:
    """Each variant costs what it costs alone."""
    width, depth, divisor = (np.array(column) for column in zip(*scales, strict=True))
    found = archspec.costs("mobilenet-v2", scale={"width": width, "depth": depth, "divisor": divisor})
    alone = [counted("mobilenet-v2", scale={"width": w, "depth": d, "divisor": v}) for w, d, v in scales]
    assert [(int(a), int(b)) for a, b in zip(found.params, found.macs, strict=True)] == alone


def test_many_columns_under_one_scale() -> None:
    found = archspec.costs("googlenet", set={"inception_3a.n5x5": np.array([32, 40, 3])}, scale="width=1.25")
    alone = [counted("googlenet", set={"inception_3a.n5x5": n}, scale="width=1.25")[0] for n in (32, 40, 3)]
    assert found.params.tolist() == alone


# wrong input


FACTOR = "must be a number above 0, of at most 1,000, found"
NO_PAIR = "is not name=value"
SEES = "a formula sees in_channels, in_height, in_width, block_in_channels, block_in_height, block_in_width here"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("wide=2", [("1", "unknown-key", "`wide` is not a key here", "did you mean `width`?")]),
        ("width=0", [("7", "bad-value", f"`width` {FACTOR} `0`", "-")]),
        ("width=-1", [("7", "bad-value", f"`width` {FACTOR} `-1`", "-")]),
        ("depth=nan", [("7", "bad-value", f"`depth` {FACTOR} `nan`", "-")]),
        ("depth=1e300", [("7", "bad-value", f"`depth` {FACTOR} `1e300`", "-")]),
        ("divisor=0", [("9", "bad-value", "`divisor` must be a positive whole number, found `0`", "-")]),
        ("divisor=1.5", [("9", "bad-value", "`divisor` must be a positive whole number, found `1.5`", "-")]),
        ("big", [("1", "bad-change", f"`big` {NO_PAIR}", "for example --scale width=1.4,depth=1.2")]),
        ("", [("1", "bad-change", "name=value is missing", "for example --scale width=1.4,depth=1.2")]),
        ("width=", [("1", "bad-change", f"`width=` {NO_PAIR}", "for example --scale width=1.4,depth=1.2")]),
        ("width=2,", [("8", "bad-change", "name=value is missing", "for example --scale width=1.4,depth=1.2")]),
        ("width=2,width=3", [("9", "duplicate-key", "`width` stands twice", "-")]),
        (
            "width=x, depth=0 ,high=3",
            [
                ("7", "bad-value", f"`width` {FACTOR} `x`", "-"),
                ("16", "bad-value", f"`depth` {FACTOR} `0`", "-"),
                ("19", "unknown-key", "`high` is not a key here", "the keys here are width, depth, divisor"),
            ],
        ),
        ("width==no", [("8", "unknown-name", "nothing here is called `no`", SEES)]),
        ("width=='a'", [("7", "bad-value", f"`width` {FACTOR} `a`", "-")]),
    ],
)
def test_wrong_options(text: str, expected: list[tuple[str, ...]], expect: Any) -> None:
    """Every part of the option that is wrong, at its place."""
    expect(spec(), [(f"--scale:1:{column}", code, "-", message, hint) for column, code, message, hint in expected], scale=text)


def test_groups_that_no_longer_divide() -> None:
    (one,) = archspec.check("alexnet", scale="width=0.26,divisor=1")
    assert (str(one.place), one.code) == ("--scale:1:1", "shape-mismatch")
    assert one.message == "2 groups do not divide the 25 channels that come in"


def test_a_scale_that_is_too_large() -> None:
    (one, *_) = archspec.check("vgg16", scale="width=1000,divisor=2147483647")
    assert one.code == "overflow"
    (one,) = archspec.check("resnet18", set="conv1.filters=2147483647", scale="width=2")
    assert one.message == "filters must be a positive whole number of at most 2,147,483,647, found `4294967296`"
    (one,) = archspec.check("resnet152", scale="depth=1000")
    assert (one.code, one.place.source.name) == ("too-many-nodes", "--scale")


def test_wrong_words_in_a_spec(expect: Any) -> None:
    """A row, a column of a block, a section."""
    row = spec("{id: c, type: conv, patch: 1x1, filters: 4, scale: nothing}")
    expect(row, [("4:56", "bad-value", "c", "scale must be one of none, width, depth, found `nothing`")])
    block = "blocks: {{b: {{columns: {{s: {{type: {}, scale: {}}}}}, body: relu}}}}\n"
    wrong = [("3:47", "bad-value", "-", "`scale: width` is for whole numbers, not for a column of type size")]
    expect(spec("{type: relu}", top=block.format("size", "width")), wrong)
    wrong = [("3:46", "bad-value", "-", "`scale` must be one of none or width, found `both`")]
    expect(spec("{type: relu}", top=block.format("int", "both")), wrong)
    expect(spec(top="scale: 2\n"), [("3:8", "bad-value", "-", "`scale` must be a mapping, found `2`")])
    early = spec("{type: relu}", top="vars: {w: =scaled(3)}\n")
    told = "the vars of a spec come before its scale: call `scaled` where a var is used"
    expect(early, [("3:11", "formula-value", "-", told)])


def test_unknown_paths() -> None:
    (one,) = archspec.check("resnet18", set="scale.wide=2")
    assert (one.code, one.hint) == ("unknown-path", "did you mean `scale.width`?")
    (one,) = archspec.check("resnet18", set="width=2")
    assert (one.code, one.hint) == ("unknown-path", "did you mean `scale.width`?")


def test_a_product_that_is_whole() -> None:
    """As floats, 25 times 2.2 is more than 55."""
    assert math.ceil(25 * 2.2) == 56
    assert Scale(depth=2.2).copies(25) == 55
