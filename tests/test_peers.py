"""Every shipped spec beside a module that stands by itself: its outputs, gradients and running statistics, and its counts."""

from __future__ import annotations

import csv
import gc
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import torchvision
from networks_table import HEADER, PAGE, source
from peers import PEERS, Differences, Peer, counts, differences

import archspec as api
from archspec.language.resolve import shipped

DATA = Path(__file__).parent / "data"
NETWORKS = {row["spec"]: row for row in csv.DictReader((DATA / "networks.csv").read_text(encoding="utf-8").splitlines())}
TORCHVISION = list(csv.DictReader((DATA / "torchvision.csv").read_text(encoding="utf-8").splitlines()))


@pytest.fixture(autouse=True)
def memory() -> Iterator[None]:
    """The largest networks have half a gigabyte of weights, and as much of gradients, twice."""
    yield
    gc.collect()


def held(found: Differences, peer: Peer) -> None:
    """Outputs and statistics to 1e-5, every parameter's gradient to 1e-4; far closer in double precision."""
    assert max(found.outputs, found.statistics) < (1e-12 if peer.double else 1e-5)
    assert found.gradients < (1e-12 if peer.double else 1e-4)


def test_every_shipped_spec_has_a_peer() -> None:
    assert set(PEERS) == set(shipped())


@pytest.mark.parametrize("name", PEERS)
def test_outputs_and_gradients(name: str) -> None:
    """In eval mode, with random weights."""
    held(differences(name, PEERS[name]), PEERS[name])


@pytest.mark.parametrize("name", [name for name, peer in PEERS.items() if peer.trained is not None])
def test_train_mode(name: str) -> None:
    """In train mode: the heads too, batch norm by the batch's statistics, and what it keeps of them."""
    held(differences(name, PEERS[name], train=True), PEERS[name])


@pytest.mark.parametrize("name", PEERS)
def test_counts(name: str) -> None:
    """The golden figures are what torch counts on the peer's module."""
    assert {key: str(value) for key, value in counts(name, PEERS[name]).items()}.items() <= NETWORKS[name].items()
    written = NETWORKS[name]["source"]
    assert re.sub(r" [\d.]+ ", " ", written) == PEERS[name].equal_to.replace("`", "")


@pytest.mark.parametrize("row", TORCHVISION, ids=lambda row: row["model"])
def test_torchvisions_own_figures(row: dict[str, str]) -> None:
    """What the installed torchvision says of its weights; the parameters of Inception-v3 include its auxiliary head."""
    meta = torchvision.models.get_model_weights(row["model"]).IMAGENET1K_V1.meta
    totals = api.report(row["spec"]).data()["totals"]
    assert meta["num_params"] == totals["params_with_heads" if row["model"] == "inception_v3" else "params"]
    assert meta["num_params"] == int(row["published_params"])
    assert meta["_ops"] == round(totals["macs"] / 1e9, 3) == float(row["published_gmacs"])


@pytest.mark.parametrize(
    ("name", "change", "least"),
    [
        ("resnet18", "*.norm.eps=1e-3", 1e-4),
        ("googlenet", "norm1.alpha=2e-4", 1e-6),
        ("googlenet-torchvision", "pool1.ceil=false", 1e-2),
        ("inception-v3", "mixed_5b.pool=max pool", 1e-2),
        ("nin", "mlpconv1.cccp1.activation=none", 1e-2),
        ("mobilenet-v2", "bottleneck*.*.activation=relu", 1e-2),
        ("unet", "up1.merge.from=[up, crop]", 1e-2),
    ],
)
def test_a_changed_spec_differs(name: str, change: str, least: float) -> None:
    """The comparison can fail: one setting without weights, changed, is seen in outputs and gradients."""
    found = differences(name, PEERS[name], set=change)
    assert found.outputs > least
    assert found.gradients > 1e-2


def test_a_changed_momentum_differs() -> None:
    """Only the running statistics of train mode show it."""
    found = differences("resnet18", PEERS["resnet18"], train=True, set="*.norm.momentum=0.2")
    assert found.statistics > 1e-2
    assert found.outputs < 1e-5


def test_the_page_says_the_same() -> None:
    """docs/networks.md has every shipped spec, with its own source and counts, its peer, and differences within the bounds."""
    lines = [line.strip("| ").split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    assert tuple(lines[0]) == HEADER
    rows = {cells[0].strip("`"): cells[1:] for cells in lines[2:]}
    assert len(rows) == len(lines) - 2
    assert rows.keys() == shipped().keys()
    for name, (paper, size, *figures, equal_to, outputs, gradients) in rows.items():
        data = api.report(name).data()
        channels, height, width = data["input"]
        assert (paper, equal_to, size) == (source(name), PEERS[name].equal_to, f"{height}x{width}x{channels}")
        assert figures == [f"{data['totals'][key]:,}" for key in ("params", "macs", "depth")]
        held(Differences(float(outputs), float(gradients), 0.0), PEERS[name])
