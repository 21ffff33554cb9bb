"""Whole networks and modules against those that torch and torchvision have: the same weights give the same numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import torch
import torch.nn.functional as F
import torchvision
from peers import difference, randomise, without_dropout
from torch import Tensor, nn

import archspec as api
from archspec.ops.modules import ResponseNorm

CLASSES = 1000
#: test_peers.py has 224x224, for this and for the other networks
SIZES = [(256, 256), (160, 192)]

#: torchvision's name -> ours, tried in this order
NAMES = (
    (r"^conv2\.", "conv2.reduce."),
    (r"^conv3\.", "conv2.conv."),
    (r"^inception(\d\w)\.", r"inception_\1."),
    (r"\.branch1\.", ".b1x1."),
    (r"\.branch([23])\.0\.", r".branch\1.reduce."),
    (r"\.branch([23])\.1\.", r".branch\1.conv."),
    (r"\.branch2\.", ".b3x3."),
    (r"\.branch3\.", ".b5x5."),
    (r"\.branch4\.1\.", ".pool.proj."),
    (r"\.bn\.", ".norm."),
)


def renamed(name: str) -> str:
    for pattern, ours in NAMES:
        name = re.sub(pattern, ours, name)
    return name


def theirs(**options: Any) -> Any:
    return torchvision.models.googlenet(weights=None, aux_logits=True, num_classes=CLASSES, **options)


def ours(weights: dict[str, Tensor], **options: Any) -> Any:
    """Our model with torchvision's weights, every tensor taken and none left, and dropout off."""
    model = api.build("googlenet-torchvision", **options)
    model.load_state_dict({renamed(name): tensor for name, tensor in weights.items()}, strict=True)
    without_dropout(model)
    return model


@pytest.fixture(scope="module")
def pair() -> tuple[Any, Any]:
    """torchvision's randomised GoogLeNet, and ours with its weights."""
    torch.manual_seed(0)
    reference = theirs(init_weights=False, transform_input=False)
    randomise(reference)
    return reference, ours(reference.state_dict())


@pytest.fixture(autouse=True)
def same_start(pair: tuple[Any, Any]) -> Iterator[None]:
    """No test sees the gradients, or the batch statistics, of another."""
    kept = [{name: tensor.clone() for name, tensor in model.state_dict().items()} for model in pair]
    torch.manual_seed(1)
    yield
    for model, state in zip(pair, kept, strict=True):
        model.load_state_dict(state)
        model.zero_grad()


def test_names_map_one_to_one(pair: tuple[Any, Any]) -> None:
    """Every tensor of torchvision's model has one place in ours, of the same size, in the same order."""
    reference, model = pair
    names = {renamed(name): tuple(tensor.shape) for name, tensor in reference.state_dict().items()}
    assert len(names) == len(reference.state_dict())
    mine = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    assert names == mine
    order = [name for name in names if not name.startswith("aux")]
    assert order == [name for name in mine if not name.startswith("aux")]


def test_settings_that_have_no_weights(pair: tuple[Any, Any]) -> None:
    """Strides, windows, paddings and rounding of every convolution and pool, and each batch norm's eps."""

    def settings(model: nn.Module) -> list[str]:
        kinds = (nn.Conv2d, nn.BatchNorm2d, nn.MaxPool2d, nn.AdaptiveAvgPool2d)
        pairs = (repr(part) for name, part in model.named_modules() if isinstance(part, kinds) and "aux" not in name)
        return [re.sub(r"\((\d+), \1\)", r"\1", text) for text in pairs]

    assert settings(pair[1]) == settings(pair[0])
    rates = [part.p for part in api.build("googlenet-torchvision").modules() if isinstance(part, nn.Dropout)]
    assert rates == [part.p for name in ("dropout", "aux1", "aux2") for part in dropouts(theirs(init_weights=False), name)]


def dropouts(model: Any, name: str) -> list[nn.Dropout]:
    return [part for part in model.get_submodule(name).modules() if isinstance(part, nn.Dropout)]


@pytest.mark.parametrize("size", SIZES)
def test_eval_logits(pair: tuple[Any, Any], size: tuple[int, int]) -> None:
    """Logits to 1e-5, with activations that neither vanish nor overflow."""
    reference, model = (each.eval() for each in pair)
    x = torch.randn(2, 3, *size)
    scales: dict[str, float] = {}
    hooks = [
        part.register_forward_hook(lambda module, inputs, output, name=name: scales.update({name: output.std().item()}))
        for name, part in model.named_children()
    ]
    with torch.no_grad():
        result, expected = model(x), reference(x)
    for hook in hooks:
        hook.remove()
    assert scales.keys() == {name for name, _ in model.named_children()} - {"softmax", "aux1", "aux2"}
    assert all(0.05 < scale < 50 for scale in scales.values()), scales
    assert isinstance(result, Tensor)
    assert result.shape == (2, CLASSES)
    assert difference(result, expected) < 1e-5


@pytest.mark.parametrize("size", SIZES)
def test_train_outputs_gradients_and_statistics(pair: tuple[Any, Any], size: tuple[int, int]) -> None:
    """One step of training: logits and both heads to 1e-5, the gradient of every parameter to 1e-4, the running statistics."""
    reference, model = (each.train() for each in pair)
    x, labels = torch.randn(2, 3, *size), torch.randint(CLASSES, (2,))
    expected, result = reference(x), model(x)
    assert expected._fields == ("logits", "aux_logits2", "aux_logits1")
    assert result._fields == ("logits", "aux1", "aux2")
    outputs = [(expected.logits, result.logits), (expected.aux_logits1, result.aux1), (expected.aux_logits2, result.aux2)]
    assert [difference(mine, other) < 1e-5 for other, mine in outputs] == [True] * 3
    for values in zip(*outputs, strict=True):
        logits, aux1, aux2 = (F.cross_entropy(value, labels) for value in values)
        (logits + 0.3 * (aux1 + aux2)).backward()
    gradients = {renamed(name): parameter.grad for name, parameter in reference.named_parameters()}
    mine = dict(model.named_parameters())
    assert gradients.keys() == mine.keys()
    assert min(gradient.abs().max() for gradient in gradients.values()) > 1e-7
    off = {name: difference(mine[name].grad, gradient) for name, gradient in gradients.items()}
    assert {name: value for name, value in off.items() if not value < 1e-4} == {}
    state = model.state_dict()
    statistics = [(renamed(name), tensor) for name, tensor in reference.state_dict().items() if "running" in name]
    assert len(statistics) == 2 * 59  # 57 convolutions and one in each head
    assert all(difference(state[name], tensor) < 1e-5 for name, tensor in statistics)


def test_torchvisions_own_initialisation() -> None:
    """Also the weights that its slow initialisation draws; every tensor carried over, none left."""
    reference = theirs(init_weights=True, transform_input=False).eval()
    model = ours(reference.state_dict()).eval()
    x = torch.randn(1, 3, 96, 96)
    with torch.no_grad():
        assert difference(model(x), reference(x)) < 1e-5


def test_transform_input_is_renormalize(pair: tuple[Any, Any]) -> None:
    """torchvision's transform_input=True is our renormalize=True, which brings no tensors of its own."""
    reference = pair[0].eval()
    model = ours(reference.state_dict(), renormalize=True).eval()
    x = torch.randn(2, 3, 160, 192)
    with torch.no_grad():
        untransformed = reference(x)
        reference.transform_input = True
        expected = reference(x)
        reference.transform_input = False
        result = model(x)
    assert difference(untransformed, expected) > 1e-2
    assert difference(result, expected) < 1e-5


@pytest.mark.parametrize(
    ("size", "alpha", "beta", "k"),
    [
        *((5, 1e-4, 0.75, 1.0), (5, 1e-4, 0.75, 2.0), (2, 0.5, 0.5, 1.0), (4, 1.0, 0.75, 0.5)),
        *((1, 2.0, 1.0, 1.0), (3, 0.1, 2.0, 1.5), (9, 1.0, 0.75, 1.0), (10, 0.3, 0.25, 3.0)),
    ],
)
@pytest.mark.parametrize("channels", [7, 1])
def test_response_norm(size: int, alpha: float, beta: float, k: float, channels: int) -> None:
    """torch.nn.LocalResponseNorm, forward and backward, also for even sizes and neighbourhoods wider than the map."""
    x = (3 * torch.randn(2, channels, 5, 6)).requires_grad_()
    weights = torch.randn(2, channels, 5, 6)
    results, gradients = [], []
    for module in (ResponseNorm(size, alpha, beta, k), nn.LocalResponseNorm(size, alpha, beta, k)):
        result = module(x)
        (gradient,) = torch.autograd.grad((result * weights).sum(), x)
        results.append(result)
        gradients.append(gradient)
    assert difference(*results) < 1e-6
    assert difference(*gradients) < 1e-5
