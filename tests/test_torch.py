"""What torch does with a built module: compile, export, half precision, channels-last."""

from __future__ import annotations

import copy
import io
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import STILL, difference
from torch import Tensor

import archspec as api
from archspec.ops.modules import ResponseNorm


@pytest.mark.usefixtures("fresh")
def test_compiled_without_a_break(model: Any, x: Tensor) -> None:
    """torch.compile takes GoogLeNet as one graph in both modes."""
    result = torch.compile(model, fullgraph=True, backend="aot_eager")(x)
    assert difference(result, model(x)) < 1e-5
    assert result[0].requires_grad


@pytest.mark.usefixtures("fresh")
def test_compiled_gradients(small: Path) -> None:
    """Training a compiled model is training the model."""
    model, x = api.build(small, set=STILL), torch.randn(4, 3, 24, 24)
    gradients = []
    for run in (model, torch.compile(copy.deepcopy(model), fullgraph=True, backend="aot_eager")):
        result = run(x)
        (result.logits.square().sum() + 0.3 * result.aux.square().sum()).backward()
        gradients.append({name.removeprefix("_orig_mod."): parameter.grad for name, parameter in run.named_parameters()})
    assert gradients[0].keys() == gradients[1].keys()
    assert max(difference(gradients[1][name], gradient) for name, gradient in gradients[0].items()) < 1e-4


@pytest.mark.usefixtures("fresh")
def test_compiled_by_inductor(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The default backend, from an empty cache."""
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "cache"))
    model, x = api.build(small).eval(), torch.randn(2, 3, 24, 24)
    with torch.no_grad():
        assert difference(torch.compile(model, fullgraph=True)(x), model(x)) < 1e-5


def test_exported(shared: Any, x: Tensor) -> None:
    """torch.export in eval mode: written, read and run, it gives the same logits."""
    file = io.BytesIO()
    torch.export.save(torch.export.export(shared.eval(), (x,)), file)
    file.seek(0)
    with torch.no_grad():
        assert difference(torch.export.load(file).module()(x), shared(x)) < 1e-5


def test_exported_in_train_mode(shared: Any, x: Tensor) -> None:
    """An export of train mode returns the named tuple."""
    exported = torch.export.export(shared.train(), (x,))
    assert len(exported.graph_signature.user_outputs) == 3
    assert difference(exported.module()(x), shared(x)) < 1e-5


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.half, 5e-3), (torch.bfloat16, 5e-2)])
def test_half_precision(shared: Any, x: Tensor, dtype: torch.dtype, tolerance: float) -> None:
    """On a CPU, response norm included: finite, and close to float32."""
    model = copy.deepcopy(shared).eval().to(dtype)
    with torch.no_grad():
        result = model(x.to(dtype))
        assert result.dtype == dtype
        assert bool(result.isfinite().all())
        assert difference(result, shared.eval()(x)) < tolerance


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.half, 5e-3), (torch.bfloat16, 5e-2)])
@pytest.mark.parametrize("scale", [1.0, 300.0, 5000.0])
def test_response_norm_of_large_values(dtype: torch.dtype, tolerance: float, scale: float) -> None:
    """Images of 0 to 255 give maps whose squares do not fit into float16; their norm does."""
    norm, x = ResponseNorm(5, 1e-4, 0.75, 1.0), scale * torch.randn(2, 16, 5, 5, generator=torch.Generator().manual_seed(2))
    result = norm(x.to(dtype))
    assert result.dtype == dtype
    assert difference(result, norm(x)) < tolerance


def test_channels_last(shared: Any, x: Tensor) -> None:
    """The same result, and every map on the way stays channels-last."""
    model = copy.deepcopy(shared).eval().to(memory_format=torch.channels_last)
    lost: list[str] = []

    def look(name: str, output: Tensor) -> None:
        if output.dim() == 4 and output.numel() and not output.is_contiguous(memory_format=torch.channels_last):
            lost.append(name)

    for name, part in model.named_modules():
        part.register_forward_hook(lambda module, inputs, output, name=name: look(name, output))
    with torch.no_grad():
        assert difference(model(x.contiguous(memory_format=torch.channels_last)), shared.eval()(x)) < 1e-5
    assert lost == []
