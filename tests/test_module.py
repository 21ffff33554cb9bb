"""The module that a spec builds: its names, its outputs, its copies, its weights and how they start."""

from __future__ import annotations

import copy
import hashlib
import io
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from conftest import STILL, difference, parts
from safetensors import safe_open
from torch import Tensor, nn
from typer.testing import CliRunner

import archspec
import archspec as api
from archspec.cli.main import command_line
from archspec.compiler.weights import load_weights, save_weights
from archspec.ir.tree import Inner, Network, Tree, leaves
from archspec.language.resolve import shipped


def nodes(node: Tree) -> Iterator[Tree]:
    yield node
    for child in node.children if isinstance(node, Inner) else ():
        yield from nodes(child)


def test_the_verbs_stay_functions(small: Path) -> None:
    """What the verbs import does not take their place."""
    for _ in range(2):
        assert archspec.report(small).data()["name"] == "small"
        assert isinstance(archspec.build(small), nn.Module)
        assert archspec.load(small).name == "small"


def test_names_are_the_tables(shared: Any) -> None:
    """Every row is a child, in order, then the heads; every node of the tree is a submodule under its own path."""
    network = api.load("googlenet")
    assert [name for name, _ in shared.named_children()] == [row.name for row in network.rows] + ["aux1", "aux2"]
    paths = [one.path for top in (*network.rows, *(head.node for head in network.heads)) for one in nodes(top)]
    assert [name for name, _ in shared.named_modules() if name] == paths
    state = shared.state_dict()
    assert state["inception_3a.b3x3.reduce.conv.weight"].shape == (96, 192, 1, 1)
    assert {"conv1.conv.bias", "conv2.reduce.conv.weight", "inception_5b.pool.proj.conv.bias", "aux2.fc2.weight"} < state.keys()


def test_print_is_the_table(shared: Any) -> None:
    """Printed, a module shows its row: the headers and cells of the table, and the output size."""
    text = str(shared)
    assert "224x224x3" in text
    assert "(conv1): convolution(\n    patch size/stride 7x7/2 → 112x112x64\n" in text
    mixed = "#1x1 64, #3x3 reduce 96, #3x3 128, #5x5 reduce 16, #5x5 32, pool proj 32 → 28x28x256"
    assert f"(inception_3a): inception(\n    {mixed}\n" in text
    inner = [row for row in api.load("googlenet").rows if isinstance(row, Inner)]
    assert all(str(shared.get_submodule(row.name)).split("\n")[1].endswith(f"→ {row.output}") for row in inner)
    assert len(inner) == 2 + 9


@pytest.mark.parametrize("name", [name for name in shipped() if name.startswith("googlenet")])
def test_every_googlenet_runs(name: str) -> None:
    """Logits and heads for each example, and exactly the parameters that the report counts."""
    totals, x = api.report(name).data()["totals"], torch.randn(1, *api.load(name).input.tensor)
    model = api.build(name)
    assert sum(parameter.numel() for parameter in model.parameters()) == totals["params_with_heads"]
    assert model.training
    with torch.no_grad():
        result, logits = model(x), model.eval()(x)
    assert result._fields == ("logits", "aux1", "aux2")
    assert isinstance(logits, Tensor)
    assert [tuple(tensor.shape) for tensor in (*result, logits)] == [(1, 1000)] * 4
    assert all(bool(tensor.isfinite().all()) for tensor in (*result, logits))


def test_without_heads(x: Tensor) -> None:
    """None is built, and train mode returns a tensor too."""
    model = api.build("googlenet", heads=False)
    assert sum(parameter.numel() for parameter in model.parameters()) == 6_998_552
    assert not [name for name in model.state_dict() if name.startswith("aux")]
    assert isinstance(model.train()(x), Tensor)
    assert isinstance(model.eval()(x), Tensor)


@pytest.mark.parametrize("training", [True, False])
def test_softmax_only_reads_the_logits(small: Path, training: bool) -> None:
    """forward gives logits, which torch's cross entropy takes; probabilities their softmax."""
    model, x, labels = api.build(small, set=STILL).train(training), torch.randn(2, 3, 24, 24), torch.tensor([3, 7])
    with torch.no_grad():
        logits, probabilities = parts(model(x))[0], model.probabilities(x)
    assert torch.allclose(probabilities, logits.softmax(1), atol=1e-6)
    assert torch.allclose(probabilities.sum(1), torch.ones(2))
    assert not torch.allclose(logits.exp().sum(1), torch.ones(2), atol=1e-3)
    assert torch.allclose(F.cross_entropy(logits, labels), -probabilities[[0, 1], labels].log().mean(), atol=1e-6)


@pytest.mark.parametrize("training", [True, False])
def test_copies(small: Path, training: bool) -> None:
    """Pickled, deep-copied or saved by torch, a model gives the same output, of the same class."""
    model, x, saved = api.build(small, set=STILL).train(training), torch.randn(2, 3, 24, 24), io.BytesIO()
    torch.save(model, saved)
    saved.seek(0)
    with torch.no_grad():
        expected = model(x)
        for other in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model), torch.load(saved, weights_only=False)):
            assert other.training is training
            assert str(other) == str(model)
            assert difference(other(x), expected) == 0


def test_outputs_can_be_copied(small: Path) -> None:
    """The named tuple is pickled by its field names; no module holds its class."""
    model = api.build(small)
    result = type(model(torch.randn(2, 3, 24, 24)))(torch.ones(2), torch.zeros(3))
    for other in (pickle.loads(pickle.dumps(result)), copy.deepcopy(result), copy.copy(result)):
        assert type(other) is type(result)
        assert other._fields == ("logits", "aux")
        assert other.logits.equal(result.logits)
        assert other.aux.equal(result.aux)
    assert type(result) is type(api.build(small).train()(torch.randn(2, 3, 24, 24)))
    held = [value for part in model.modules() for value in vars(part).values()]
    assert not [value for value in held if isinstance(value, type)]


def test_pickles_in_another_process(small: Path, tmp_path: Path) -> None:
    """A model and its output are found again where nothing was built before; the model then compiles at once."""
    model = api.build(small, set=STILL)
    x = torch.randn(2, 3, 24, 24)
    result = model(x)
    kept = type(result)(*[tensor.detach() for tensor in result])
    (tmp_path / "pickled").write_bytes(pickle.dumps((kept, x, model)))
    code = (
        "import pickle, sys, torch; kept, x, model = pickle.load(open(sys.argv[1], 'rb'));"
        "result = torch.compile(model, fullgraph=True, backend='eager')(x);"
        "print(type(result) is type(kept), *kept._fields, torch.allclose(kept[0], result[0], atol=1e-5))"
    )
    ran = subprocess.run([sys.executable, "-c", code, tmp_path / "pickled"], capture_output=True, text=True, timeout=120)
    assert (ran.returncode, ran.stdout.strip()) == (0, "True logits aux True"), ran.stderr


def described(network: Network) -> Any:
    """A network without the places of its texts."""
    tops = (network.body, *(head.node for head in network.heads))
    heads = [(head.node.path, head.reads, head.weight) for head in network.heads]
    ops = [(leaf.path, leaf.op, leaf.input, leaf.output, leaf.sources) for top in tops for leaf in leaves(top)]
    return network.name, network.input, network.init, network.counts, heads, ops


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("googlenet", {}),
        ("googlenet-torchvision", {}),
        ("googlenet-torchvision", {"set": ["inception_3a.n5x5=64"], "input": "256x192x3", "classes": 7}),
        ("googlenet-separable", {"renormalize": True, "set": ["vars.classes=3"]}),
    ],
)
def test_weights_round_trip(tmp_path: Path, name: str, options: dict[str, Any]) -> None:
    """A weights file holds every tensor, and the spec that it fits: the same tree when it is loaded again."""
    network, model, path = api.load(name, **options), api.build(name, **options), tmp_path / "w.safetensors"
    save_weights(model, network, path)
    other = api.build(name, **options)
    assert not next(other.parameters()).equal(next(model.parameters()))
    loaded = load_weights(other, network, path)
    assert (loaded.tensors, loaded.left_out, loaded.digest) == (len(model.state_dict()), (), network.digest)
    state = other.state_dict()
    assert state.keys() == model.state_dict().keys()
    assert all(tensor.equal(state[key]) for key, tensor in model.state_dict().items())
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
    assert metadata["digest"] == f"sha256:{hashlib.sha256(metadata['spec'].encode()).hexdigest()}"
    (tmp_path / "again.yaml").write_text(metadata["spec"], encoding="utf-8")
    again = api.load(tmp_path / "again.yaml")
    assert described(again) == described(network)
    assert again.digest == network.digest


def test_the_command_writes_and_reads_weights(small: Path, tmp_path: Path) -> None:
    """`build -o` writes what `build --weights` and api.build(weights=) read; the state_dict loads strictly."""
    path = tmp_path / "w.safetensors"
    for words in (["-o", str(path)], ["--weights", str(path)]):
        ran = CliRunner().invoke(command_line(()), ["build", str(small), *words])
        assert ran.exit_code == 0, ran.output
    assert f"loaded {len(api.build(small).state_dict())} tensors" in ran.output
    one, other = api.build(small, weights=path), api.build(small)
    assert str(other.load_state_dict(one.state_dict(), strict=True)) == "<All keys matched successfully>"
    assert all(tensor.equal(other.state_dict()[key]) for key, tensor in one.state_dict().items())


def close(tensor: Tensor, std: float) -> bool:
    """Mean 0 and this deviation, within five standard errors."""
    count = tensor.numel()
    return bool(tensor.mean().abs() < 5 * std / count**0.5) and bool(abs(tensor.std() / std - 1) < 5 / (2 * count) ** 0.5)


@pytest.mark.parametrize("name", ["googlenet", "googlenet-bn"])
def test_initialisation(name: str) -> None:
    """Convolutions He normal over their fan-out, linears N(0, 0.01), every bias 0, batch norms 1 and 0."""
    torch.manual_seed(0)
    seen: set[type] = set()
    for part in api.build(name).modules():
        if isinstance(part, nn.Conv2d):
            assert close(part.weight, (2 / (part.out_channels * part.kernel_size[0] * part.kernel_size[1])) ** 0.5)
        elif isinstance(part, nn.Linear):
            assert close(part.weight, 0.01)
        elif isinstance(part, nn.BatchNorm2d):
            assert bool((part.weight == 1).all())
        if getattr(part, "bias", None) is not None:
            assert not part.bias.any()
            seen.add(type(part))
    assert len(seen) == 3  # convolutions or batch norms, linears, linears on a map


def test_seeds(small: Path) -> None:
    """torch's global generator decides the weights."""
    states = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        states.append(api.build(small).state_dict())
    assert all(tensor.equal(states[1][name]) for name, tensor in states[0].items())
    assert not states[2]["fc.weight"].equal(states[0]["fc.weight"])
    assert not states[2]["aux.fc1.weight"].equal(states[0]["aux.fc1.weight"])


DRAWS = {
    "{normal: 0.3}": 0.3,
    "{uniform: 0.6}": 0.6 / 3**0.5,
    "{he normal: fan in}": (2 / 400) ** 0.5,
    "{he normal: fan out}": (2 / 300) ** 0.5,
    "{he uniform: fan in}": (2 / 400) ** 0.5,
    "{xavier normal: 1}": (2 / 700) ** 0.5,
    "{xavier uniform: 2}": 2 * (2 / 700) ** 0.5,
}


@pytest.mark.parametrize("draw", DRAWS)
def test_each_distribution(tmp_path: Path, draw: str) -> None:
    """A spec names a distribution for each tensor of an op; a number is that constant."""
    path = tmp_path / "t.yaml"
    scheme = f"init: {{linear: {{weight: {draw}, bias: 0.25}}}}"
    path.write_text(f"name: t\ninput: 1x1x400\n{scheme}\nrows: [{{id: fc, type: linear, filters: 300}}]\n", encoding="utf-8")
    torch.manual_seed(0)
    model = api.build(path)
    assert close(model.fc.weight, DRAWS[draw])
    assert bool((model.fc.bias == 0.25).all())
    if "uniform" in draw:
        assert model.fc.weight.abs().max() < 1.001 * DRAWS[draw] * 3**0.5


def test_a_variant_changes_the_scheme(small: Path) -> None:
    """`init` of a spec that extends another replaces the whole scheme; `torch` is what each module does by itself."""
    variant = small.with_name("variant.yaml")
    variant.write_text("extends: small.yaml\nname: variant\ninit: torch\n", encoding="utf-8")
    small.write_text(f"{small.read_text()}init: he fan out\n", encoding="utf-8")
    torch.manual_seed(0)
    base, model = api.build(small), api.build(variant)
    assert not base.conv1.conv.bias.any()
    assert bool(model.conv1.conv.bias.any())
    assert close(base.aux.fc1.weight, 0.01)
    bound = model.aux.fc1.in_features**-0.5
    assert close(model.aux.fc1.weight, bound / 3**0.5)
    assert model.aux.fc1.weight.abs().max() <= bound
