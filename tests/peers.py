"""Whole networks beside modules that stand by themselves: the same weights must give the same outputs and gradients.

The modules are torchvision's and timm's, and those of by_hand.py where these have none. `python tests/peers.py NAME ...`
prints the largest differences of shipped specs.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import by_hand
import timm
import torch
import torchvision
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

import archspec as api
from archspec.ops.modules import DropPath


@dataclass(frozen=True)
class Peer:
    """`make` builds the peer's module (with its heads, if `heads`); `order` sorts its tensors as ours stand.

    The two are compared in eval mode on the spec's own input, or on a smaller `input`; those with `trained` also in train
    mode, on that input ("": the spec's own). Our response norm rounds otherwise than torch's, and a relu or a max pool then
    passes another gradient: those with one are compared as `double`.
    """

    equal_to: str
    make: Callable[[], nn.Module]
    order: Callable[[str], Any] = lambda name: 0
    heads: bool = False
    double: bool = False
    input: str = ""
    trained: str | None = None


def of_torchvision(name: str, order: Callable[[str], Any] = lambda name: 0, **options: Any) -> Peer:
    """A classifier of torchvision; its slow initialisation can be left out by an option."""

    def make() -> nn.Module:
        return getattr(torchvision.models, name)(weights=None, **options)

    return Peer(f"torchvision `{name}`", make, order)


def of_timm(name: str) -> Peer:
    """A classifier of timm."""
    return Peer(f"timm `{name}`", lambda: timm.create_model(name))


def by_us(make: Callable[..., nn.Module], **options: Any) -> Peer:
    """A module of by_hand.py."""
    return Peer(f"`by_hand.{make.__name__}`", partial(make, **options))


def pyramid() -> nn.Module:
    """torchvision's feature pyramid, none of its weights frozen."""
    make = torchvision.models.detection.backbone_utils.resnet_fpn_backbone
    return make(backbone_name="resnet50", weights=None, norm_layer=nn.BatchNorm2d, trainable_layers=5)


def from_the_top(name: str) -> tuple[int, int]:
    """Its backbone, its lateral convolutions from the coarsest level down, its others."""
    if "inner_blocks" in name:
        return 1, -int(name.split(".")[2])
    return (2 if "layer_blocks" in name else 0), 0


PEERS: dict[str, Peer] = {
    "lenet5": by_us(by_hand.lenet5),
    "alexnet": replace(by_us(by_hand.alexnet), double=True),
    "alexnet-torchvision": of_torchvision("alexnet"),
    "nin": by_us(by_hand.nin),
    "vgg11": of_torchvision("vgg11", init_weights=False),
    "vgg13": of_torchvision("vgg13", init_weights=False),
    "vgg16": of_torchvision("vgg16", init_weights=False),
    "vgg16-bn": of_torchvision("vgg16_bn", init_weights=False),
    "vgg19": of_torchvision("vgg19", init_weights=False),
    "resnet34": of_torchvision("resnet34"),
    "resnet101": of_torchvision("resnet101"),
    "resnet152": of_torchvision("resnet152"),
    "densenet169": of_torchvision("densenet169"),
    "squeezenet-1-0": of_torchvision("squeezenet1_0"),
    "squeezenet-1-1": of_torchvision("squeezenet1_1"),
    "unet": replace(by_us(by_hand.UNet), input="188x188x1"),
    "resnet50-fpn": Peer("torchvision `resnet_fpn_backbone`", pyramid, from_the_top),
}

HEADED = {
    "googlenet": replace(by_us(by_hand.GoogLeNet), double=True),
    "googlenet-32": by_us(by_hand.GoogLeNet, eps=1e-3, small=True),
    "googlenet-bn": by_us(by_hand.GoogLeNet, eps=1e-3),
    "googlenet-fc": replace(by_us(by_hand.GoogLeNet, flat=True), double=True),
    "googlenet-naive": replace(by_us(by_hand.GoogLeNet, naive=True), double=True),
    "googlenet-separable": replace(by_us(by_hand.GoogLeNet, separated=True), double=True),
    "googlenet-torchvision": of_torchvision("googlenet", lambda name: name.startswith("aux"), init_weights=False),
    "inception-v3": of_torchvision("inception_v3", lambda name: name.startswith("AuxLogits"), init_weights=False),
}
PEERS |= {name: replace(peer, heads=True, trained="") for name, peer in HEADED.items()}

NORMED = {
    "bn-inception": by_us(by_hand.bn_inception),
    "resnet18": of_torchvision("resnet18"),
    "resnet50": of_torchvision("resnet50"),
    "densenet121": of_torchvision("densenet121"),
    "mobilenet-v2": of_torchvision("mobilenet_v2"),
    "mobilenet-v2-1.4": of_timm("mobilenetv2_140"),
    "efficientnet-lite0": of_timm("tf_efficientnet_lite0"),
    "anynetx": of_timm("regnetx_004"),
    "efficientnet-lite1": of_timm("tf_efficientnet_lite1"),
    "efficientnet-lite2": of_timm("tf_efficientnet_lite2"),
    "regnetx-400mf": of_timm("regnetx_004"),
}
PEERS |= {name: replace(peer, trained="96x96x3") for name, peer in NORMED.items()}
for _large in ("googlenet-fc", "googlenet-naive"):  # their heads are those of GoogLeNet, whose train mode is compared
    PEERS[_large] = replace(PEERS[_large], trained=None)
PEERS["bn-inception"] = replace(PEERS["bn-inception"], trained="")  # its last pool is 7x7


@torch.no_grad()
def randomise(model: nn.Module) -> None:
    """Weights that keep the scale of what flows through them, batch norms whose statistics do something, no dropout."""
    for part in model.modules():
        if isinstance(part, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.kaiming_uniform_(part.weight, nonlinearity="linear" if isinstance(part, nn.Linear) else "relu")
            if part.bias is not None:
                nn.init.uniform_(part.bias, -0.3, 0.3)
        elif isinstance(part, nn.BatchNorm2d):
            for tensor, low, high in ((part.weight, 0.6, 1.4), (part.bias, -0.3, 0.3)):
                nn.init.uniform_(tensor, low, high)
            for tensor, low, high in ((part.running_mean, -0.3, 0.3), (part.running_var, 0.5, 1.5)):
                nn.init.uniform_(tensor, low, high)
            part.num_batches_tracked.zero_()
    without_dropout(model)


def without_dropout(model: nn.Module) -> None:
    for part in model.modules():
        if isinstance(part, nn.Dropout):
            part.p = 0.0
        elif isinstance(part, DropPath):
            part.rate = 0.0


def renamed(model: nn.Module, reference: nn.Module, peer: Peer) -> dict[str, str]:
    """Our tensors' names by the peer's: both stand in the order of their rows, and their sizes must agree one by one."""
    theirs, mine = reference.state_dict(), model.state_dict()
    names = sorted(theirs, key=peer.order)  # sorted is stable
    assert len(names) == len(mine), f"{len(mine)} tensors, the peer has {len(names)}"
    for name, other in zip(mine, names, strict=True):
        assert mine[name].shape == theirs[other].shape, f"{name} {mine[name].shape}, {other} {theirs[other].shape}"
    return dict(zip(names, mine, strict=True))


def pair(spec: str, peer: Peer, **options: Any) -> tuple[Any, Any, dict[str, str]]:
    """The peer's module and ours with its random weights, dropout off, and our names by its."""
    torch.manual_seed(0)
    with torch.device("meta"):  # without initialising what is overwritten
        reference = peer.make()
        model = api.build(spec, heads=peer.heads, **options)
    assert {name for name, _ in reference.named_buffers()} <= reference.state_dict().keys()
    randomise(reference.to_empty(device="cpu"))
    without_dropout(model)
    names = renamed(model, reference, peer)
    weights = {names[name]: tensor.clone() for name, tensor in reference.state_dict().items()}
    model.load_state_dict(weights, strict=True, assign=True)
    return reference, model, names


def difference(one: Tensor, reference: Tensor) -> float:
    """The largest absolute difference over the largest absolute reference value."""
    assert one.shape == reference.shape, (one.shape, reference.shape)
    return ((one - reference).abs().max() / reference.abs().max()).item()


def largest(values: list[float]) -> float:
    """Nothing is skipped: a reference that is zero, or infinite, is no comparison."""
    assert all(map(math.isfinite, values)), values
    return max(values, default=0.0)


def tensors(result: Any) -> list[Tensor]:
    """A result's tensors: one, the values of a dict, or the fields of a named tuple, heads in order and then the logits."""
    if isinstance(result, dict):
        return list(result.values())
    return [getattr(result, name) for name in sorted(result._fields)] if isinstance(result, tuple) else [result]


class Differences(NamedTuple):
    """The largest of any output, of any parameter's gradient, and (in train mode) of any running statistic."""

    outputs: float
    gradients: float
    statistics: float


def differences(spec: str, peer: Peer, *, train: bool = False, **options: Any) -> Differences:
    """On one random image in eval mode, on two in train mode. `options` are those of `archspec.build`."""
    options = {"input": (peer.trained if train else peer.input) or None, **options}
    reference, model, names = pair(spec, peer, **options)
    x = torch.randn(1 + train, *api.load(spec, **options).input.tensor, generator=torch.Generator().manual_seed(1))
    if peer.double:
        reference, model, x = reference.double(), model.double(), x.double()
    results, expected = (tensors(module.train(train)(x)) for module in (model, reference))
    outputs = [difference(one, other) for one, other in zip(results, expected, strict=True)]
    for values in (results, expected):
        torch.stack([(value * torch.linspace(-1, 1, value.numel()).view(value.shape)).sum() for value in values]).sum().backward()
    mine = dict(model.named_parameters())
    gradients = []
    for name, parameter in reference.named_parameters():
        if parameter.grad is None:  # a head in eval mode
            assert mine[names[name]].grad is None
        else:
            gradients.append(difference(mine[names[name]].grad, parameter.grad))
    buffers = dict(model.named_buffers())
    moved = [(name, tensor) for name, tensor in reference.named_buffers() if train and "running" in name]
    statistics = [difference(buffers[names[name]], tensor) for name, tensor in moved]
    return Differences(largest(outputs), largest(gradients), largest(statistics))


def depth(result: Tensor) -> int:
    """Convolutions and matrix products on the longest path to a result, by autograd's own graph."""
    depths: dict[Any, int] = {None: 0}
    pending = [result.grad_fn]
    while pending:
        node: Any = pending[-1]
        before = [one for one, _ in node.next_functions]
        missing = [one for one in before if one not in depths]
        if missing:
            pending += missing
            continue
        pending.pop()
        layer = any(word in node.name() for word in ("Convolution", "Addmm", "MmBackward"))
        depths[node] = layer + max((depths[one] for one in before), default=0)
    return depths[result.grad_fn]


def counts(spec: str, peer: Peer) -> dict[str, int]:
    """Of the peer's module, without heads, on the spec's own input: torch counts. On the meta device, without memory."""
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        module = peer.make().eval()
        results = tensors(module(torch.empty(1, *api.load(spec).input.tensor)))
    torch.stack([result.sum() for result in results]).sum().backward()
    params = sum(parameter.numel() for parameter in module.parameters() if parameter.grad is not None)
    return {"params": params, "macs": counter.get_total_flops() // 2, "depth": max(map(depth, results))}


if __name__ == "__main__":
    for each in sys.argv[1:] or PEERS:
        for train in (False, True):
            if not train or PEERS[each].trained is not None:
                found = differences(each, PEERS[each], train=train)
                print(each, "train" if train else "eval", *(f"{value:.1e}" for value in found), flush=True)  # noqa: T201
