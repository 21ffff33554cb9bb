"""The closed form beside the counters that run a module, and many variants at once: ratios on one machine in one run.

Each side counts a whole network that it already has: the closed form every row, the total and the depth of a loaded spec, a
counter a built module in eval mode on one image, on one thread. `--write` puts the tables into docs/performance.md.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any, NamedTuple

import torch
import torchvision
from page import machine, table, write
from torch import nn
from variants import SIZES, variants_per_second

import archspec
from archspec.analysis.costs import network_cost
from archspec.compiler.module import build_model
from archspec.ir.tree import Network

#: specs, with the function of torchvision that builds the same network
NETWORKS = {"googlenet": None, "googlenet-torchvision": "googlenet", "resnet50": "resnet50", "densenet121": "densenet121"}
CLOSED, COUNTED = 300, 5
PACKAGES = ("torch", "torchvision", "numpy", "fvcore", "torchinfo", "thop", "ptflops")


class Timing(NamedTuple):
    """Seconds: the median of the repeats, and the quartiles."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{1000 * self.median:,.3g} ms ({1000 * self.low:,.3g} to {1000 * self.high:,.3g})"


def timed(call: Callable[[], object], repeats: int) -> Timing:
    """The wall time of a call, after one that warms up."""
    call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    low, median, high = statistics.quantiles(times, n=4)
    return Timing(median, low, high)


def closed(network: Network) -> None:
    """What the report shows: the cost and depth of every row, and of the whole."""
    costs = network_cost(network)
    for row in (*costs.rows, *costs.heads):
        _ = row.cost, row.depth
    _ = costs.total, costs.heads_total, costs.depth


def everything(network: Network) -> None:
    """Also the receptive field of every node, and the peak memory."""
    closed(network)
    costs = network_cost(network)
    _ = costs.fields, costs.memory


def fvcore(module: nn.Module, image: torch.Tensor) -> None:
    from fvcore.nn import FlopCountAnalysis

    analysis = FlopCountAnalysis(module, image).unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    analysis.by_module()


def flop_counter_mode(module: nn.Module, image: torch.Tensor) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        module(image)
    counter.get_flop_counts()


def torchinfo(module: nn.Module, image: torch.Tensor) -> None:
    from torchinfo import summary

    summary(module, input_data=image, depth=10, verbose=0)


def thop(module: nn.Module, image: torch.Tensor) -> None:
    from thop import profile

    with torch.no_grad():
        profile(module, inputs=(image,), verbose=False)


def ptflops(backend: str) -> Callable[[nn.Module, torch.Tensor], None]:
    def count(module: nn.Module, image: torch.Tensor) -> None:
        from ptflops import get_model_complexity_info

        size = tuple(image.shape[1:])
        get_model_complexity_info(module, size, print_per_layer_stat=False, verbose=False, backend=backend)

    return count


#: by name: the package, and the count of a module on an image
COUNTERS: dict[str, tuple[str, Callable[[nn.Module, torch.Tensor], None]]] = {
    "fvcore": ("fvcore", fvcore),
    "FlopCounterMode": ("torch", flop_counter_mode),
    "torchinfo": ("torchinfo", torchinfo),
    "thop": ("thop", thop),
    "ptflops, pytorch": ("ptflops", ptflops("pytorch")),
    "ptflops, aten": ("ptflops", ptflops("aten")),
}


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without what the counters print and warn of."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


def modules(network: Network, torchvision_name: str | None) -> Iterator[tuple[str, nn.Module]]:
    """The built modules to count, without the heads that exist in training only."""
    yield "archspec", build_model(network, heads=False).eval()
    if torchvision_name:
        options: dict[str, Any] = {"aux_logits": False, "init_weights": False} if torchvision_name == "googlenet" else {}
        yield "torchvision", getattr(torchvision.models, torchvision_name)(weights=None, **options).eval()


def against(spec: str, torchvision_name: str | None) -> Iterator[tuple[str, ...]]:
    """The lines of one network: who counts, the module, the time, and how many times the closed form's that is."""
    network = archspec.load(spec)
    image = torch.zeros(1, *network.input.tensor)
    ours = timed(lambda: closed(network), CLOSED)
    yield spec, "closed form", "", str(ours), "1"
    more = timed(lambda: everything(network), CLOSED // 10)
    yield spec, "closed form, with receptive fields and memory", "", str(more), f"{more.median / ours.median:,.1f}"
    whole = timed(lambda: closed(archspec.load(spec)), CLOSED // 10)
    yield spec, "closed form, from the text", "", str(whole), f"{whole.median / ours.median:,.0f}"
    for source, module in modules(network, torchvision_name):
        for name, (package, count) in COUNTERS.items():
            if find_spec(package) is None:
                yield spec, name, source, "not installed", ""
                continue
            with quiet():
                theirs = timed(lambda count=count, module=module: count(module, image), COUNTED)  # type: ignore[misc]
            yield spec, name, source, str(theirs), f"{theirs.median / ours.median:,.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    words = parser.parse_args()
    torch.set_num_threads(1)
    lines = []
    for spec, name in NETWORKS.items():
        for line in against(spec, name):
            lines.append(line)
            sys.stderr.write("  ".join(line) + "\n")
    counters = table(("network", "counted by", "module of", "median (quartiles)", "times the closed form"), lines)
    variants = table(
        ("variants of GoogLeNet at once", "variants a second"),
        ((f"{count:,}", f"{variants_per_second(count):,.0f}") for count in SIZES),
    )
    text = f"{machine(PACKAGES)}; one thread\n\n{counters}\n{variants}"
    sys.stdout.write(text)
    if words.write:
        write("analysis", text)


if __name__ == "__main__":
    main()
