"""Whole networks beside the modules that others wrote: the same weights must give the same outputs and gradients.

`python tests/peers.py NAME ...` prints the largest differences of shipped specs, or of spec files, from their peers.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import timm
import torch
import torchvision
from torch import Tensor, nn

from archspec import api


@dataclass(frozen=True)
class Peer:
    """`make` builds the other's module (heads included, if they are in `spec`); `order` sorts its tensors as ours stand."""

    equal_to: str
    make: Callable[[], nn.Module]
    order: Callable[[str], Any] = lambda name: 0
    heads: bool = False


def of_torchvision(name: str, order: Callable[[str], Any] = lambda name: 0, **options: Any) -> Peer:
    """A classifier of torchvision, without its slow initialisation where that can be left out."""

    def make() -> nn.Module:
        return getattr(torchvision.models, name)(weights=None, **options)  # type: ignore[no-any-return]

    return Peer(f"torchvision {name}", make, order)


def of_timm(name: str) -> Peer:
    """A classifier of timm."""
    return Peer(f"timm {name}", lambda: timm.create_model(name))


def pyramid() -> nn.Module:
    """torchvision's feature pyramid, none of its weights frozen."""
    make = torchvision.models.detection.backbone_utils.resnet_fpn_backbone
    return make(backbone_name="resnet50", weights=None, norm_layer=nn.BatchNorm2d, trainable_layers=5)  # type: ignore[no-any-return]


def from_the_top(name: str) -> tuple[int, int]:
    """Its backbone, its lateral convolutions from the coarsest level down, its others."""
    if "inner_blocks" in name:
        return 1, -int(name.split(".")[2])
    return (2 if "layer_blocks" in name else 0), 0


PEERS: dict[str, Peer] = {
    "alexnet-torchvision": of_torchvision("alexnet"),
    "vgg11": of_torchvision("vgg11", init_weights=False),
    "vgg13": of_torchvision("vgg13", init_weights=False),
    "vgg16": of_torchvision("vgg16", init_weights=False),
    "vgg16-bn": of_torchvision("vgg16_bn", init_weights=False),
    "vgg19": of_torchvision("vgg19", init_weights=False),
    "resnet18": of_torchvision("resnet18"),
    "resnet34": of_torchvision("resnet34"),
    "resnet50": of_torchvision("resnet50"),
    "resnet101": of_torchvision("resnet101"),
    "resnet152": of_torchvision("resnet152"),
    "squeezenet-1-0": of_torchvision("squeezenet1_0"),
    "squeezenet-1-1": of_torchvision("squeezenet1_1"),
}

PEERS |= {
    "inception-v3": replace(
        of_torchvision("inception_v3", lambda name: name.startswith("AuxLogits"), init_weights=False), heads=True
    ),
    "densenet121": of_torchvision("densenet121"),
    "densenet169": of_torchvision("densenet169"),
    "mobilenet-v2": of_torchvision("mobilenet_v2"),
    "efficientnet-lite0": of_timm("tf_efficientnet_lite0"),
    "regnetx-400mf": of_timm("regnetx_004"),
    "resnet50-fpn": Peer("torchvision resnet_fpn_backbone", pyramid, from_the_top),
}


@torch.no_grad()
def randomise(model: nn.Module) -> None:
    """Weights that keep the scale of what flows through them, batch norms whose statistics do something, no dropout."""
    for part in model.modules():
        if isinstance(part, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.kaiming_normal_(part.weight, nonlinearity="relu")
        elif isinstance(part, nn.modules.batchnorm._BatchNorm):
            for tensor, low, high in ((part.weight, 0.6, 1.4), (part.bias, -0.3, 0.3)):
                nn.init.uniform_(tensor, low, high)
            for tensor, low, high in ((part.running_mean, -0.3, 0.3), (part.running_var, 0.5, 1.5)):
                if tensor is not None:
                    nn.init.uniform_(tensor, low, high)
        elif isinstance(part, nn.Linear):
            nn.init.kaiming_normal_(part.weight, nonlinearity="linear")
        elif isinstance(part, nn.Dropout):
            part.p = 0.0


def renamed(model: nn.Module, reference: nn.Module, peer: Peer) -> dict[str, str]:
    """Our tensors' names by the peer's: both stand in the order of their rows, and their sizes must agree one by one."""
    theirs, mine = reference.state_dict(), model.state_dict()
    names = sorted(theirs, key=peer.order)  # sorted is stable
    assert len(names) == len(mine), f"{len(mine)} tensors, the peer has {len(names)}"
    for name, other in zip(mine, names, strict=True):
        assert mine[name].shape == theirs[other].shape, f"{name} {mine[name].shape}, {other} {theirs[other].shape}"
    return dict(zip(names, mine, strict=True))


def pair(spec: str, peer: Peer) -> tuple[Any, Any, dict[str, str]]:
    """The peer's module and ours with its random weights, both in eval mode, and our names by its."""
    torch.manual_seed(0)
    reference = peer.make()
    randomise(reference)
    model = api.build(spec, heads=peer.heads)
    names = renamed(model, reference, peer)
    model.load_state_dict({names[name]: tensor for name, tensor in reference.state_dict().items()}, strict=True)
    return reference.eval(), model.eval(), names


def difference(one: Tensor, reference: Tensor) -> float:
    """The largest absolute difference over the largest absolute reference value."""
    assert one.shape == reference.shape, (one.shape, reference.shape)
    return ((one - reference).abs().max() / reference.abs().max()).item()


def tensors(result: Any) -> list[Tensor]:
    """A result's tensors in order: one, or the values of a dict."""
    return list(result.values()) if isinstance(result, dict) else [result]


def differences(spec: str, peer: Peer, size: tuple[int, ...] | None = None) -> tuple[float, float]:
    """The largest difference of outputs, and of any parameter's gradient, on one random image of the spec's size."""
    reference, model, names = pair(spec, peer)
    x = torch.randn(1, *(size or api.load(spec).input.tensor))
    results, expected = tensors(model(x)), tensors(reference(x))
    output = max(difference(one, other) for one, other in zip(results, expected, strict=True))
    for values in (results, expected):
        torch.stack([(value * torch.linspace(-1, 1, value.numel()).view(value.shape)).sum() for value in values]).sum().backward()
    mine = dict(model.named_parameters())
    gradients = [
        difference(mine[names[name]].grad, parameter.grad)
        for name, parameter in reference.named_parameters()
        if parameter.grad is not None and parameter.grad.abs().max() > 0
    ]
    assert gradients
    return output, max(gradients)


if __name__ == "__main__":
    for each in sys.argv[1:] or PEERS:
        print(each, *(f"{value:.1e}" for value in differences(each, PEERS[each])))  # noqa: T201
