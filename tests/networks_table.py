"""`python tests/networks_table.py` measures every shipped spec beside its peer, and writes docs/networks.md (`make networks`)."""

from __future__ import annotations

import csv
import platform
import re
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import timm
import torch
import torchvision
from peers import PEERS, Differences, Peer, differences

from archspec.language.load import load

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "networks.md"
HEADER = ("network", "source", "input", "parameters", "multiply-adds", "depth", "equal to", "outputs", "gradients")
INTRO = """# The shipped networks

Every shipped spec computes what a module computes that does not know archspec: torchvision's or timm's, or, where these
have none, one of [tests/by_hand.py](../tests/by_hand.py), written in torch from the source. Both get the same random weights
and the same image. `outputs` is the largest difference of any output, over the largest absolute value of that output;
`gradients` is the same for the gradient of any parameter.

Inputs are height x width x channels. Parameters, multiply-adds (of convolutions and linears, without bias) and depth (of
convolutions and linears) leave out the heads that exist in training only, and are what torch counts on the other module.

"""
OUTRO = """\
`make networks` measures this and writes this page; here with torch {torch}, torchvision {torchvision} and timm {timm}, on a
CPU ({machine}), with random seeds 0 for the weights and 1 for the image, dropout and drop path off. 0 is equal bit by bit.

- Eval mode: all of them, one image of the network's own input; {smaller}.
- Train mode: two images; heads, and running statistics as outputs, are compared too, and the larger difference is shown. On
  the network's own input {own}. On 96x96x3 {trained}.
- Double precision: {double}. Their response norm rounds otherwise than torch's, and in single precision a relu close to zero
  then passes another gradient.

`tests/test_peers.py` holds outputs to 1e-5 and gradients to 1e-4, in double precision both to 1e-12, and sees that changes
of single settings are above that.
"""


def network(name: str) -> str:
    return f"`{name}`"


def source(name: str) -> str:
    """The spec's source as a link where it has an arXiv number or a DOI."""
    told = load(name).source
    link = f"https://arxiv.org/abs/{told.arxiv}" if told.arxiv else f"https://doi.org/{told.doi}" if told.doi else None
    words = f"{told.authors} {told.year}"
    return f"[{words}]({link})" if link else f"{words}, *{told.title}*"


def cells(name: str, figures: dict[str, str], measured: Differences) -> tuple[str, ...]:
    counts = [f"{int(figures[key]):,}" for key in ("params", "macs", "depth")]
    shown = [f"{value:.0e}" if value else "0" for value in (max(measured.outputs, measured.statistics), measured.gradients)]
    return (network(name), source(name), figures["input"], *counts, PEERS[name].equal_to, *shown)


def measured(name: str) -> Differences:
    """The larger of each difference, in eval and in train mode."""
    peer = PEERS[name]
    found = [differences(name, peer, train=train) for train in (False, True) if not train or peer.trained is not None]
    return Differences(*(max(values) for values in zip(*found, strict=True)))


def listed(what: Callable[[Peer], bool]) -> str:
    return ", ".join(network(name) for name, peer in PEERS.items() if what(peer))


def wrapped(text: str) -> str:
    """The lines of each paragraph and of each list item joined, and broken again."""
    paragraphs = [re.split(r"\n(?=- )", paragraph) for paragraph in text.strip().split("\n\n")]
    return "\n\n".join("\n".join(map(filled, paragraph)) for paragraph in paragraphs) + "\n"


def filled(text: str) -> str:
    return textwrap.fill(
        " ".join(text.split()), 120, subsequent_indent="  " if text.startswith("- ") else "", break_on_hyphens=False
    )


def line(row: tuple[str, ...]) -> str:
    return f"| {' | '.join(row)} |\n"


def page() -> str:
    networks = csv.DictReader((ROOT / "tests" / "data" / "networks.csv").read_text(encoding="utf-8").splitlines())
    rows = []
    for figures in networks:
        rows.append(cells(figures["spec"], figures, measured(figures["spec"])))
        sys.stderr.write(line(rows[-1]))
    told = OUTRO.format(
        torch=torch.__version__.partition("+")[0],
        torchvision=torchvision.__version__.partition("+")[0],
        timm=timm.__version__,
        machine=platform.machine(),
        smaller=", ".join(f"{network(name)} at {peer.input}" for name, peer in PEERS.items() if peer.input),
        own=listed(lambda peer: peer.trained == ""),
        trained=listed(lambda peer: bool(peer.trained)),
        double=listed(lambda peer: peer.double),
    )
    return INTRO + line(HEADER) + line(("---",) * len(HEADER)) + "".join(map(line, rows)) + "\n" + wrapped(told)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
