"""The ops that torch does not have as they are, against the same function written by somebody else."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import timm.layers
import torch
import torch.nn.functional as F
import torchvision
from conftest import difference
from timm.layers import pool2d_same
from torch import Tensor, nn

import archspec
from archspec.ops import op
from archspec.ops.base import Shape


def built(type_: str, shape: tuple[int, int, int], **columns: Any) -> nn.Module:
    """The module of an op for an input of channels, height and width; columns with their defaults, as a spec gives them."""
    found = op(type_)
    assert found is not None
    values = {name: column.default for name, column in found.columns().items()} | columns
    return found.model_construct(**values).module(Shape(*shape))


@pytest.mark.parametrize("size", [(9, 9), (10, 10), (7, 12), (4, 5)])
@pytest.mark.parametrize(("patch", "stride", "dilation"), [(3, 2, 1), (5, 2, 1), (3, 1, 2), (2, 2, 1), (4, 3, 1), (1, 2, 1)])
def test_tf_same(tmp_path: Path, size: tuple[int, int], patch: int, stride: int, dilation: int) -> None:
    """Convolutions and pools as timm has them for weights that were trained in TensorFlow; also on an input of another size."""
    path = tmp_path / "net.yaml"
    cells = f"patch: {patch}x{patch}/{stride}, padding: tf same"
    path.write_text(
        f"name: t\ninput: {size[0]}x{size[1]}x3\nrows:\n"
        f"  - {{id: conv, type: conv, {cells}, filters: 4, dilation: {dilation}}}\n"
        f"  - {{id: max, type: max pool, {cells}, from: input}}\n"
        f"  - {{id: avg, type: avg pool, {cells}, from: input}}\n"
    )
    places = [math.ceil(side / stride) for side in size]
    assert [row.output[1:3] for row in archspec.load(path).rows] == [tuple(places)] * 3
    model = archspec.build(path).eval()
    conv = timm.layers.Conv2dSame(3, 4, patch, stride, dilation=dilation)
    conv.load_state_dict(model.conv.state_dict())
    for height, width in (size, (11, 8)):
        x = torch.randn(2, 3, height, width)
        assert difference(model.conv(x), conv(x)) < 1e-6
        assert torch.equal(model.max(x), pool2d_same.MaxPool2dSame(patch, stride)(x))
        assert difference(model.avg(x), pool2d_same.AvgPool2dSame(patch, stride)(x)) < 1e-6


def test_padding_that_differs_from_side_to_side() -> None:
    """Rows above:below x columns left:right, in a convolution, in pools, and as an op."""
    from archspec.language.values import padding

    edges = padding("0:1x2:1")
    x = torch.randn(2, 3, 8, 9) - 3  # a padding of zeros would win
    padded = F.pad(x, (2, 1, 0, 1))
    assert torch.equal(built("pad", (3, 8, 9), padding=edges)(x), padded)
    conv = built("conv", (3, 8, 9), patch=(3, 3), filters=4, padding=edges)
    assert difference(conv(x), F.conv2d(padded, conv.weight, conv.bias)) < 1e-6
    window = {"patch": (4, 4), "stride": (2, 2), "padding": edges}
    assert torch.equal(built("max pool", (3, 8, 9), **window)(x), F.max_pool2d(F.pad(x, (2, 1, 0, 1), value=-math.inf), 4, 2))
    mean = F.avg_pool2d(padded, 4, 2)
    assert torch.equal(built("avg pool", (3, 8, 9), **window)(x), mean)
    share = F.avg_pool2d(F.pad(torch.ones(1, 1, 8, 9), (2, 1, 0, 1)), 4, 2)
    assert difference(built("avg pool", (3, 8, 9), **window, count_padding=False)(x), mean / share) < 1e-6


@pytest.mark.parametrize("power", [1, 2, 3.5])
def test_power_avg_pool(power: float) -> None:
    """torch.nn.LPPool2d on positive values; no NaN in the gradient where everything is 0."""
    x = torch.rand(2, 3, 7, 8).requires_grad_()
    pool = built("power avg pool", (3, 7, 8), patch=(3, 3), stride=(2, 2), power=power, ceil=True)
    assert difference(pool(x), nn.LPPool2d(power, 3, 2, ceil_mode=True)(x)) < 1e-6
    padded = built("power avg pool", (3, 7, 8), patch=(3, 3), stride=(2, 2), power=power, padding=(1, 0))
    assert difference(padded(x), nn.LPPool2d(power, 3, 2)(F.pad(x, (0, 0, 1, 1)))) < 1e-6
    zeros = torch.zeros(1, 1, 4, 4, requires_grad=True)
    pool(zeros).sum().backward()
    assert torch.isfinite(zeros.grad).all()


def test_scale() -> None:
    x = torch.randn(2, 3, 4)
    assert torch.equal(built("scale", (3, 4, 4), factor=0.17)(x), x * 0.17)


def test_norms() -> None:
    x = torch.randn(2, 6, 5, 4)
    theirs = torchvision.models.convnext.LayerNorm2d(6, eps=1e-6)
    nn.init.uniform_(theirs.weight)
    ours = built("layer norm", (6, 5, 4), eps=1e-6)
    ours.load_state_dict(theirs.state_dict())
    assert difference(ours(x), theirs(x)) < 1e-6
    unit = built("l2 norm", (6, 5, 4))(x)
    assert torch.allclose(unit.norm(dim=1), torch.ones(2, 5, 4))
    assert difference(unit * x.norm(dim=1, keepdim=True), x) < 1e-6
    whole = built("group norm", (6, 5, 4), groups=1)(x)
    assert difference(whole, F.layer_norm(x, (6, 5, 4))) < 1e-5


def test_layer_scale_is_that_of_convnext() -> None:
    x = torch.randn(2, 6, 5, 4)
    scale = built("layer scale", (6, 5, 4), init=0.5)
    nn.init.uniform_(scale.weight)
    assert torch.equal(scale(x), x * scale.weight.view(1, 6, 1, 1))
    assert scale(x.mean((2, 3))).shape == (2, 6)


@pytest.mark.parametrize("shape", [(64, 3, 4, 4), (64, 5)])
def test_drop_path_is_torchvisions_stochastic_depth(shape: tuple[int, ...]) -> None:
    theirs, ours = torchvision.ops.StochasticDepth(0.3, "row"), built("drop path", (3, 4, 4), rate=0.3)
    results: list[Tensor] = []
    for module in (theirs, ours):
        torch.manual_seed(0)
        results.append(module(torch.ones(shape)))
    assert difference(results[1], results[0]) < 1e-6
    assert 0 < (results[1].flatten(1)[:, 0] == 0).sum() < 64
    assert torch.equal(ours.eval()(torch.ones(shape)), torch.ones(shape))


def test_one_setting_spreads_drop_path_linearly_over_the_depth(tmp_path: Path) -> None:
    """The rates of torchvision's ConvNeXt-Tiny: 18 blocks in four stages."""
    path = tmp_path / "net.yaml"
    path.write_text(
        "name: t\ninput: 8x8x4\ndefaults: {drop path: {rate: 10%, spread: true}}\n"
        "blocks: {unit: {body: {sum: {body: [{type: layer scale}, drop path], shortcut: []}}}}\nrows:\n"
        + "".join(f"  - {{id: stage{number}, type: unit, repeat: {count}}}\n" for number, count in enumerate([3, 3, 9, 3]))
        + "  - {id: own, type: drop path, rate: 0.5, spread: false}\n"
    )
    reference = torchvision.models.convnext_tiny(stochastic_depth_prob=0.1)
    rates = [part.p for part in reference.modules() if isinstance(part, torchvision.ops.StochasticDepth)]

    def ours(**options: Any) -> list[float]:
        return [part.rate for part in archspec.build(path, **options).modules() if type(part).__name__ == "DropPath"]

    assert ours() == pytest.approx([*rates, 0.5])
    assert ours(set="defaults.drop_path.rate=0.4") == pytest.approx([*(4 * rate for rate in rates), 0.5])
    assert ours(set=["defaults.drop_path.spread=no"]) == pytest.approx([0.1] * 18 + [0.5])


def test_crop_and_upsample() -> None:
    x = torch.randn(2, 3, 9, 12)
    assert torch.equal(built("crop", (3, 9, 12), height=6, width=8)(x), x[:, :, 1:7, 2:10])
    assert torch.equal(
        built("crop", (3, 10, 12), height=6, width=8)(x), torchvision.transforms.functional.center_crop(x[:, :, :9], [5, 8])
    )  # the same margins on another size
    for mode, corners in (("nearest", None), ("bilinear", False), ("bilinear", True), ("bicubic", False)):
        columns = {"scale": 2, "mode": mode, "align_corners": bool(corners)}
        for height, width in ((18, 24), (13, 30)):
            resized = built("upsample", (3, 9, 12), height=height, width=width, **columns)(x)
            assert torch.equal(resized, F.interpolate(x, (height, width), mode=mode, align_corners=corners))
