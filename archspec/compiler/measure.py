"""The latency of a built model on this machine: of the whole, and of each of its rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import nn

from archspec.analysis.latency import Latency, Settings, Times, processor
from archspec.compiler.module import Model
from archspec.ir.tree import Network
from archspec.language.diagnostics import fail
from archspec.language.places import option

Progress = Callable[[int, int], None]


def check_device(device: str) -> None:
    """Raises SpecError for a device that is not there."""
    if device == "cuda" and not torch.cuda.is_available():
        raise fail("unsupported", "torch finds no CUDA device on this machine", option("--device", device))


class CpuClock:
    """Marks points in time, and says what lies between them in seconds."""

    def mark(self) -> Any:
        return time.perf_counter()

    def between(self, start: Any, end: Any) -> float:
        return float(end - start)

    def settle(self) -> None:
        """Waits until all that was asked for is done."""

    @property
    def machine(self) -> str:
        return processor()


class CudaClock(CpuClock):
    """Marks are events on the device's own queue, which are read when it is done."""

    def mark(self) -> Any:
        event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call] # torch does not annotate it
        event.record()
        return event

    def between(self, start: Any, end: Any) -> float:
        return float(start.elapsed_time(end)) / 1000

    def settle(self) -> None:
        torch.cuda.synchronize()

    @property
    def machine(self) -> str:
        return torch.cuda.get_device_name()


CLOCKS: dict[str, type[CpuClock]] = {"cpu": CpuClock, "cuda": CudaClock}


def measure(model: Model, network: Network, settings: Settings, progress: Progress = lambda done, of: None) -> Latency:
    """Runs the model, which it moves and puts into eval mode, on random images; `progress` is told the runs done, of how many.

    Raises SpecError for a device that is not there, and for what torch cannot run on it.
    """
    check_device(settings.device)
    clock, dtype = CLOCKS[settings.device](), getattr(torch, settings.dtype)
    rounds, timed = settings.repeats, {name: child for name, child in model.named_children() if name not in model.heads}
    wholes: list[float] = []
    rows: dict[str, list[float]] = {}
    with _threads(settings.threads), torch.inference_mode():
        try:
            model.to(settings.device, dtype).eval()
            image = torch.randn(settings.batch, *network.input.tensor, device=settings.device, dtype=dtype)
            for _ in range(settings.warmup):
                model(image)
        except RuntimeError as error:
            told = option("--dtype", settings.dtype)
            message = f"torch cannot run it in {settings.dtype} on {settings.device}: {str(error).partition(chr(10))[0]}"
            raise fail("unsupported", message, told) from None
        for done in range(rounds):
            clock.settle()
            wholes.append(_run(model, image, clock))
            for name, seconds in _run_rows(model, image, clock, timed).items():
                rows.setdefault(name, []).append(seconds)
            progress(done + 1, rounds)
        threads = torch.get_num_threads()
    times = {name: Times(tuple(seconds)) for name, seconds in rows.items()}
    return Latency(settings, times, Times(tuple(wholes)), threads, clock.machine, torch.__version__)


def _run(model: nn.Module, image: torch.Tensor, clock: CpuClock) -> float:
    start = clock.mark()
    model(image)
    end = clock.mark()
    clock.settle()
    return clock.between(start, end)


def _run_rows(model: nn.Module, image: torch.Tensor, clock: CpuClock, timed: dict[str, nn.Module]) -> dict[str, float]:
    """The seconds of each row that runs, by name."""
    starts: dict[str, Any] = {}
    ends: dict[str, Any] = {}

    def marker(name: str, marks: dict[str, Any]) -> Callable[..., None]:
        return lambda *_: marks.__setitem__(name, clock.mark())

    with ExitStack() as hooks:
        for name, row in timed.items():
            hooks.callback(row.register_forward_pre_hook(marker(name, starts)).remove)
            hooks.callback(row.register_forward_hook(marker(name, ends)).remove)
        model(image)
    clock.settle()
    return {name: clock.between(starts[name], end) for name, end in ends.items()}


@contextmanager
def _threads(count: int | None) -> Iterator[None]:
    """So many threads of torch on the CPU, and as many as before when it is done."""
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
