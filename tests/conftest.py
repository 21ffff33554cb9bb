"""What tests share: a folder of its own for each, a spec's diagnostics, its tree as an outline, and built models."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import archspec

if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ["OMP_NUM_THREADS"] = "1"  # the workers share the cores, and torch reads it when it is imported

#: "line:column" (after the file's name if it is another), code, row, message, and the hint where it is held
Expected = tuple[str, ...]


SMALL = """
name: small
input: 24x24x3
vars: {classes: 10}
rows:
  - {id: conv1, type: convolution, patch size/stride: 3x3/2, filters: 12}
  - {id: norm1, type: response norm}
  - {id: mixed, type: inception, "#1x1": 8, "#3x3 reduce": 8, "#3x3": 8, "#5x5 reduce": 4, "#5x5": 8, pool proj: 8}
  - {id: again, type: convolution, patch: 1x1, filters: 32, norm: batch norm}
  - {id: both, type: sum, from: [mixed, again]}
  - {id: pool, type: adaptive avg pool}
  - {id: drop, type: dropout (30%)}
  - {id: fc, type: linear, filters: =classes}
  - softmax
heads:
  aux: {from: conv1, type: auxiliary classifier, classes: =classes, patch size/stride: 3x3/3}
"""
#: dropout is random: off where two runs are compared in train mode
STILL = ("drop*.rate=0", "aux*.dropout.rate=0")


def spec(*rows: str, top: str = "", end: str = "") -> str:
    """A spec on 8x8x3. Its first row stands in line 4, or below the lines of `top`."""
    rows = rows or ("{id: c, type: conv, patch: 3x3, filters: 4}",)
    return f"name: t\ninput: 8x8x3\n{top}rows:\n" + "".join(f"  - {row}\n" for row in rows) + end


def conv(cells: str) -> str:
    """A spec with one convolution `c`, whose cells beside the patch start at 4:37."""
    return spec(f"{{id: c, type: conv, patch: 3x3, {cells}}}")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--overwrite", action="store_true", help="write the golden files anew (tests/golden)")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Holds that a text is, to the byte, what the golden file of this name has; `--overwrite` writes the file instead."""

    def compare(name: str, text: str) -> None:
        path = Path(__file__).parent / "golden" / name
        if request.config.getoption("--overwrite"):
            path.write_bytes(text.encode("utf-8"))
        assert text == path.read_bytes().decode("utf-8"), "if the change is meant: pytest --overwrite, and read the difference"

    return compare


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def expect(folder: Path) -> Callable[..., None]:
    """Holds that a text, as net.yaml beside other files, has exactly these diagnostics, in this order."""

    def check(text: str | bytes, expected: list[Expected], files: dict[str, str] | None = None, **options: Any) -> None:
        for name, content in (files or {}).items():
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(content)
        (folder / "net.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
        found = [_shown(one) for one in archspec.check("net.yaml", **options)]
        held = [one[: len(wanted)] for one, wanted in zip(found, expected, strict=False)] + found[len(expected) :]
        assert held == expected

    return check


@pytest.fixture
def load(folder: Path) -> Callable[..., Any]:
    """The network of a text."""

    def network(text: str, **options: Any) -> Any:
        (folder / "net.yaml").write_text(text)
        return archspec.load("net.yaml", **options)

    return network


@pytest.fixture
def outline(load: Callable[..., Any]) -> Callable[..., list[str]]:
    """The tree of a text, a line for each node: path, kind or op, output."""

    def lines(text: str, **options: Any) -> list[str]:
        return [f"{node.path} {kind(node)} {node.output}" for node in nodes(load(text, **options))]

    return lines


def nodes(network: Any) -> Iterator[Any]:
    """All nodes below the network itself, in order, heads last."""
    pending = [*network.rows, *(head.node for head in network.heads)]
    while pending:
        node = pending.pop(0)
        yield node
        pending[:0] = getattr(node, "children", ())


def kind(node: Any) -> str:
    """The combinator of an inner node, the op of a leaf."""
    return str(node.kind if hasattr(node, "kind") else node.op.name)


def _shown(one: archspec.Diagnostic) -> Expected:
    told = one.as_dict()
    file = "" if told["file"] == "net.yaml" else f"{told['file']}:"
    return (f"{file}{told['line']}:{told['column']}", told["code"], told["row"] or "-", told["message"], told["hint"] or "-")


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A little of everything, fast to compile."""
    path = tmp_path / "small.yaml"
    path.write_text(SMALL, encoding="utf-8")
    return path


#: branches, heads, named outputs, an own type whose name is full of markup, a row of its own kind twice
MARKUP = r"""
name: mark_up
about: '100% of <b>it</b> | a_b, $5 & \more'
input: 16x16x3
blocks:
  'a|b *c* #1 & 50% ~x^2':
    columns: {width: {type: count, header: 'width {x}', default: 4}}
    body: [{type: convolution, patch: 3x3, filters: =width}]
rows:
  - {id: one, type: 'a|b *c* #1 & 50% ~x^2', 'width {x}': 8}
  - {id: two, type: 'a|b *c* #1 & 50% ~x^2'}
  - {id: mixed, concat: {l: {type: conv, patch: 1x1, filters: 2}, r: {type: max pool, patch: 3x3, stride: 1, padding: same}}}
  - {id: pool, type: global avg pool}
  - {id: fc, type: linear, filters: 5}
heads:
  aux: {from: one, type: linear, filters: 3}
outputs: {early: two, late: fc}
"""


@pytest.fixture
def marked(tmp_path: Path) -> Path:
    """A spec that is hard to print."""
    path = tmp_path / "mark_up.yaml"
    path.write_text(MARKUP, "utf-8")
    return path


@pytest.fixture(scope="module")
def shared() -> Any:
    """GoogLeNet for ten classes, without dropout; tests leave its weights as they are."""
    import torch

    torch.manual_seed(0)
    return archspec.build("googlenet", classes=10, set=STILL)


@pytest.fixture(params=["train", "eval"])
def model(request: pytest.FixtureRequest, shared: Any) -> Any:
    """GoogLeNet in one of its two modes."""
    return shared.train(request.param == "train")


@pytest.fixture(scope="module")
def x() -> Any:
    """An image of GoogLeNet's size."""
    import torch

    return torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def fresh() -> Iterator[None]:
    """torch.compile starts anew, and keeps nothing."""
    import torch

    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


def parts(result: Any) -> list[Any]:
    return list(result) if isinstance(result, tuple) else [result]


def difference(result: Any, expected: Any) -> float:
    """The largest over the outputs, each relative to its largest value; of the same class and number."""
    assert type(result) is type(expected)
    pairs = list(zip(parts(result), parts(expected), strict=True))
    return max(((one.float() - other).abs().max() / other.abs().max()).item() for one, other in pairs)


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own with a network and a recipe to train it by, net.yaml and recipe.yaml."""
    from training_runs import NET, RECIPE

    monkeypatch.chdir(tmp_path)
    Path("net.yaml").write_text(NET)
    Path("recipe.yaml").write_text(RECIPE)
    return tmp_path
