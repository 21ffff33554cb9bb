"""What a forward pass allocates, seen from outside: by torch's profiler, and by watching the storages of all tensors."""

from __future__ import annotations

import json
import tempfile
from bisect import bisect
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.multiprocessing.reductions import StorageWeakRef
from torch.profiler import ProfilerActivity, profile, record_function
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map

from archspec.compiler.containers import Branches

#: begins the name of what the profiler sees of one op of the network
OP = "op of the network: "


class Allocated(NamedTuple):
    """Bytes: the most at once, without and with what an op both allocates and frees."""

    peak: int
    with_workspace: int


def image(shape: tuple[int, ...]) -> Tensor:
    """One example in channels-last memory."""
    return torch.empty(1, *shape, memory_format=torch.channels_last).fill_(0.5)


@contextmanager
def marked(model: nn.Module, ops: tuple[str, ...]) -> Iterator[None]:
    """Calls of these submodules are recorded as one op each."""
    calls: list[Any] = []
    hooks = []
    for path in ops:
        part = model.get_submodule(path)

        def before(module: nn.Module, inputs: Any, path: str = path) -> None:
            calls.append(record_function(OP + path))
            calls[-1].__enter__()

        def after(module: nn.Module, inputs: Any, output: Any) -> None:
            calls.pop().__exit__(None, None, None)

        hooks += [part.register_forward_pre_hook(before), part.register_forward_hook(after)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def innermost(model: nn.Module) -> tuple[str, ...]:
    """The modules that hold no other."""
    return tuple(name for name, part in model.named_modules() if name and next(part.children(), None) is None)


def profiled(model: nn.Module, shape: tuple[int, ...], ops: tuple[str, ...]) -> Allocated:
    """What torch's profiler sees of a forward pass of one example on a CPU, the example itself included.

    An op is one of the submodules `ops`, or an operator of torch outside of those.
    """
    model = model.eval().to(memory_format=torch.channels_last)
    with tempfile.TemporaryDirectory() as folder, torch.no_grad(), marked(model, ops):
        with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
            given = image(shape)
            result = model(given)
        del result
        trace = Path(folder) / "trace.json"
        seen.export_chrome_trace(str(trace))
        events = json.loads(trace.read_text())["traceEvents"]
    return _peaks(events)


def _peaks(events: list[dict[str, Any]]) -> Allocated:
    memory = sorted((one for one in events if one["name"] == "[memory]"), key=lambda one: int(one["args"]["Ev Idx"]))
    spans = _spans([one for one in events if one.get("cat") in ("cpu_op", "user_annotation") and "dur" in one])
    freed: dict[int, tuple[int, int]] = {}  # when each allocation ends
    taken: dict[int, int] = {}
    for index, one in enumerate(memory):
        address, size = one["args"]["Addr"], one["args"]["Bytes"]
        if size > 0:
            taken[address] = index
        elif address in taken:
            freed[taken.pop(address)] = (index, size)
    inside = {index for begin, (end, _) in freed.items() if _within(spans, memory[begin], memory[end]) for index in (begin, end)}
    now = lasting = 0
    most = [0, 0]
    for index, one in enumerate(memory):
        size = one["args"]["Bytes"]
        now += size
        lasting += size if index not in inside else 0
        most = [max(most[0], lasting), max(most[1], now)]
    return Allocated(*most)


def _spans(events: list[dict[str, Any]]) -> list[tuple[float, float]]:
    """Begin and end of every op that is in no other."""
    spans: list[tuple[float, float]] = []
    for one in sorted(events, key=lambda one: (one["ts"], -one["dur"])):
        if not spans or one["ts"] >= spans[-1][1]:
            spans.append((one["ts"], one["ts"] + one["dur"]))
    return spans


def _within(spans: list[tuple[float, float]], first: dict[str, Any], last: dict[str, Any]) -> bool:
    at = bisect(spans, (first["ts"], float("inf"))) - 1
    return at >= 0 and last["ts"] <= spans[at][1]


class Storages(TorchDispatchMode):
    """Follows the storages of all tensors of a forward pass, by weak references."""

    def __init__(self, model: nn.Module, given: Tensor) -> None:
        super().__init__()
        self._weights = {StorageWeakRef(one.untyped_storage()) for one in (*model.parameters(), *model.buffers())}
        self._sizes: dict[StorageWeakRef, int] = {}
        self.most = 0
        self._take(given)

    def _take(self, tensor: Any) -> None:
        if isinstance(tensor, Tensor):
            storage = tensor.untyped_storage()
            if (one := StorageWeakRef(storage)) not in self._weights:
                self._sizes[one] = storage.nbytes() // tensor.element_size()

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        tree_map(self._take, result)
        self.most = max(self.most, self.alive())
        return result

    def alive(self) -> int:
        """Elements that something still refers to."""
        self._sizes = {one: size for one, size in self._sizes.items() if not one.expired()}
        return sum(self._sizes.values())


def followed(model: Any, shape: tuple[int, ...], ops: tuple[str, ...]) -> dict[str, int]:
    """Elements alive at the end of each call of the submodules `ops`, and of each join, by path: the most of its calls."""
    model = model.eval().to(memory_format=torch.channels_last)
    given = image(shape)
    storages = Storages(model, given)
    found: dict[str, int] = {}
    hooks = [
        model.get_submodule(path).register_forward_hook(lambda *_, path=path: found.__setitem__(path, storages.alive()))
        for path in ops
    ]
    for path, part in model.named_modules():
        if isinstance(part, Branches):

            def joined(results: list[Tensor], path: str = path, join: Any = part._join) -> Tensor:
                storages.most = 0  # what is joined so far counts while three and more are joined
                result: Tensor = join(results)
                found[path] = max(storages.most, storages.alive())
                return result

            part._join = joined  # type: ignore[method-assign]
    try:
        with torch.no_grad(), storages:
            model(given)
    finally:
        for hook in hooks:
            hook.remove()
    return found
