"""The installed counters, run on the built module: what they print, beside what the closed form says that they print."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from archspec.analysis.fvcore import fvcore_count
from archspec.compiler.module import build_model
from archspec.ir.tree import Network
from archspec.language.diagnostics import fail
from archspec.language.places import option
from archspec.ops import modules as ours


def live_counts(network: Network, names: list[str]) -> dict[str, int | None]:
    """By convention, of those that are a program: what it prints for the built module; None if it is not installed."""
    model = build_model(network, heads=False).eval()
    example = torch.zeros(1, *network.input.tensor)
    return dict(_counts(model, example, network, names))


#: what may be missing; anything else that a tool imports and lacks is its own fault, and told
_TOOLS = {"fvcore", "torchinfo", "thop", "ptflops"}


def _counts(model: nn.Module, example: Tensor, network: Network, names: list[str]) -> Iterator[tuple[str, int | None]]:
    for name in names:
        try:
            if name in TRACED:
                yield name, TRACED[name](model, network)
            elif name in HOOKED:
                yield name, HOOKED[name](with_torch_modules(model), example)
        except ModuleNotFoundError as error:
            if error.name not in _TOOLS:
                raise
            yield name, None
        except RuntimeError as error:
            told = f"{name} could not count the built module: {str(error).partition(chr(10))[0]}"
            raise fail("unsupported", told, option("--live", name), hint="name the other counters with --counter") from None


def _fvcore(model: nn.Module, network: Network) -> int:
    return fvcore_count(model, network).flops[""]


def _fvcore_activations(model: nn.Module, network: Network) -> int:
    return fvcore_count(model, network).activations[""]


def flop_counter_mode(model: nn.Module, example: Tensor) -> int:
    """torch's own counter."""
    from torch.utils.flop_counter import FlopCounterMode

    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(example)
    return int(counter.get_total_flops())


def torchinfo(model: nn.Module, example: Tensor) -> int:
    import torchinfo

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return int(torchinfo.summary(model, input_data=example, verbose=0, mode="eval").total_mult_adds)


def thop(model: nn.Module, example: Tensor) -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it imports distutils, and warns of functions of its own
        import thop

        return int(thop.profile(model, inputs=(example,), verbose=False)[0])


def _ptflops(backend: str) -> Callable[[nn.Module, Tensor], int]:
    def count(model: nn.Module, example: Tensor) -> int:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from ptflops import get_model_complexity_info

            size: Any = tuple(example.shape[1:])
            with torch.no_grad():
                macs, _ = get_model_complexity_info(model, size, as_strings=False, print_per_layer_stat=False, backend=backend)
        if macs is None:
            raise RuntimeError("ptflops did not finish")
        return int(macs)

    return count


#: what counts a module as it runs, or by the modules in it; each may leave marks on the module
HOOKED: Mapping[str, Callable[[nn.Module, Tensor], int]] = {
    "flop-counter-mode": flop_counter_mode,
    "torchinfo": torchinfo,
    "thop": thop,
    "ptflops-pytorch": _ptflops("pytorch"),
    "ptflops-aten": _ptflops("aten"),
}

TRACED: Mapping[str, Callable[[nn.Module, Network], int]] = {
    "fvcore": _fvcore,
    "fvcore-activations": _fvcore_activations,
}


class Around(nn.Module):
    """A module with something done to what it gets, and to what it gives."""

    def __init__(self, module: nn.Module, before: Callable[[Tensor], Tensor], after: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.module, self._before, self._after = module, before, after

    def forward(self, input: Tensor) -> Tensor:
        return self._after(self.module(self._before(input)))


def with_torch_modules(model: nn.Module) -> nn.Module:
    """A copy in which torch's own modules stand where archspec has a subclass of its own: counters look up a module's class.

    It counts what the model counts, but may not compute it.
    """
    copied = copy.deepcopy(model)
    for parent in list(copied.modules()):
        for name, child in list(parent.named_children()):
            if make := _TORCH.get(type(child)):
                setattr(parent, name, make(child))
    return copied


def _kept(value: Tensor) -> Tensor:
    return value


def _as(module: nn.Module, torchs: type[nn.Module], before: Callable[[Tensor], Tensor], after: Any = _kept) -> nn.Module:
    module.__class__ = torchs
    return Around(module, before, after)


def _flat(module: Any) -> nn.Module:
    return _as(module, nn.Linear, lambda x: x.flatten(1))


def _padded(torchs: type[nn.Module], value: float = 0.0) -> Callable[[Any], nn.Module]:
    return lambda module: _as(module, torchs, lambda x: ours.bordered(x, module.window, value))


def _layer_norm(module: Any) -> nn.Module:
    return _as(module, nn.LayerNorm, lambda x: x.permute(0, 2, 3, 1), lambda x: x.permute(0, 3, 1, 2))


def _power_pool(module: Any) -> nn.Module:
    pool, (rows, columns) = module.pool, module.pool.padding
    torchs = nn.LPPool2d(module.power, pool.kernel_size, pool.stride, pool.ceil_mode)
    return Around(torchs, lambda x: nn.functional.pad(x, (columns, columns, rows, rows)), _kept)


def _response_norm(module: Any) -> nn.Module:
    return nn.LocalResponseNorm(module.size, module.alpha, module.beta, module.k)


_TORCH: Mapping[type[nn.Module], Callable[[Any], nn.Module]] = {
    ours.FlatLinear: _flat,
    ours.PaddedConv2d: _padded(nn.Conv2d),
    ours.PaddedMaxPool2d: _padded(nn.MaxPool2d, float("-inf")),
    ours.PaddedAvgPool2d: _padded(nn.AvgPool2d),
    ours.LayerNorm2d: _layer_norm,
    ours.PowerAvgPool: _power_pool,
    ours.ResponseNorm: _response_norm,
}
