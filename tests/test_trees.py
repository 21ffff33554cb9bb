"""Where the module could differ from the tree, and where a spec's text from one place serves in another."""

import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
import torch
from conftest import nodes, spec

import archspec
from archspec.analysis.audit import audit as audit_network
from archspec.analysis.fvcore import fvcore_count
from archspec.api.reports import report_network
from archspec.compiler.module import build_model
from archspec.ir import kinds
from archspec.ops import op
from archspec.render.audit import audit_page
from archspec.render.page import plain

ROWS = ("{id: fc, type: linear, filters: 5}", "{id: other, type: linear, filters: 7}")


def test_a_softmax_that_reads_another_row_is_an_ordinary_row(load: Callable[..., Any]) -> None:
    network = load(spec(*ROWS, "{id: softmax, type: softmax, from: fc}"))
    result = build_model(network)(torch.randn(2, 3, 8, 8))
    assert tuple(result.shape[1:]) == network.output.tensor == (5,)
    assert torch.allclose(result.sum(1), torch.ones(2))


def test_a_softmax_that_a_head_reads_is_an_ordinary_row(load: Callable[..., Any]) -> None:
    head = "heads: {aux: {from: softmax, type: linear, filters: 2}}\n"
    model = build_model(load(spec(ROWS[0], "softmax", end=head)))
    logits, aux = model(torch.randn(2, 3, 8, 8))
    assert torch.allclose(logits.sum(1), torch.ones(2))
    assert aux.shape == (2, 2)


def test_a_head_may_join_rows(load: Callable[..., Any]) -> None:
    """Also through a block whose one row reads rows of its own."""
    blocks = "blocks:\n  add: {columns: {x: {type: row}, y: {type: row}}, body: {type: sum, from: [=x, =y]}}\n"
    heads = "heads:\n  h: {from: [a, b], type: sum}\n  g: {from: b, type: add, x: a, y: a}\n"
    network = load(spec("{id: a, type: sigmoid}", "{id: b, type: relu}", top=blocks, end=heads))
    assert [head.reads for head in network.heads] == [("a", "b"), ("b",)]
    x = torch.randn(2, 3, 8, 8)
    result = build_model(network)(x)
    assert torch.equal(result.h, 2 * torch.sigmoid(x))
    assert torch.equal(result.g, 2 * torch.sigmoid(x))


def test_fvcore_lacks_no_rule_for_what_it_counts(load: Callable[..., Any]) -> None:
    network = load(spec("{type: conv, patch: 1x1, filters: 4}", "batch norm"))
    assert fvcore_count(build_model(network), network).uncounted == {}


def test_changes_reach_a_placed_layer(load: Callable[..., Any]) -> None:
    text = spec("{id: c, type: convolution, patch: 1x1, filters: 3, norm: batch norm}")
    network = load(text, set=["c.norm.eps=1e-3"])
    assert network.rows[0].children[1].op.eps == 1e-3


def test_a_change_makes_a_row_a_combinator(outline: Callable[..., list[str]]) -> None:
    text = spec("{id: c, type: convolution, patch: 1x1, filters: 3}")
    assert outline(text, set=["c={concat: {a: relu, b: []}}"]) == ["c concat 8x8x6", "c.a relu 8x8x3", "c.b sequence 8x8x3"]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("two.yaml", {}),
        ("one.yaml", {"set": ["vars.w=6"]}),
        ("one.yaml", {"set": ["c.filters==w * 2"], "input": "4x4x3"}),
        ("googlenet-torchvision", {"classes": 10, "set": ["inception_3a.#5x5=64"]}),
    ],
)
def test_the_text_of_a_network_is_a_spec_of_its_own(folder: Path, name: str, options: dict[str, Any]) -> None:
    (folder / "one.yaml").write_text(
        'name: "a: b"\ninput: 8x8x3\nvars: {w: 4}\nrows: [{id: c, type: conv, patch: 1x1, filters: =w}]\n'
    )
    (folder / "two.yaml").write_text("extends: ./one.yaml\nname: two\nrows: {c: {patch: 3x3}}\n")
    network = archspec.load(name, **options)
    (folder / "stored.yaml").write_text(network.text)
    again = archspec.load("stored.yaml")
    assert again.digest == network.digest
    assert archspec.report("stored.yaml").costs.total == archspec.report(name, **options).costs.total


def test_the_text_of_a_spec_is_printed_as_it_is(load: Callable[..., Any]) -> None:
    """Square brackets are rich's markup only where archspec writes them."""
    reason = "[/b] see [12], [sic] here"
    blocks = "blocks: {'x[/b]': {body: {type: conv, patch: 1x1, filters: 4}}}\n"
    network = load(spec(f"{{id: c, type: 'x[/b]', params: 3, erratum: '{reason}'}}", top=blocks))
    report = report_network(network)
    assert "x[/b]" in report.text()
    assert reason in plain(audit_page(network, audit_network(network)), width=200)


def test_figures_of_the_whole_network_have_one_order(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("name: v\ninput: 8x8x3\nclaims: {ops: 1, params: 2, depth: 3}\nrows: [relu]\n")
    printed = {
        subprocess.run(
            [sys.executable, "-m", "archspec", "audit", str(path)], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in "1234"
    }
    assert len(printed) == 1


def test_a_full_disk_is_an_answer(tmp_path: Path) -> None:
    """The writer's own error, not a stand-in for it: the file may have 100 KiB."""
    words = [sys.executable, "-m", "archspec", "build", "googlenet", "--no-heads", "-o", "big.safetensors"]
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (102_400, 102_400))  # noqa: E731 - runs in the child
    done = subprocess.run(words, cwd=tmp_path, preexec_fn=limit, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("-o:1:1: error[bad-file]: big.safetensors cannot be written:")
    assert list(tmp_path.iterdir()) == []


HOSTILE = {
    "spaces after a comment": spec("relu #1" + " " * 60_000 + "x"),
    "unknown keys": spec(end="".join(f"k{i}: 1\n" for i in range(1200))),
    "unknown rows": spec(*(f"{{id: r{i}, type: relu, from: zz{i}}}" for i in range(2000))),
    "wrong vars": spec(top="vars:\n" + "".join(f"  v{i}: =zz{i}\n" for i in range(2000))),
    "wrong blocks": spec(top="blocks:\n" + "".join(f"  b{i}: 1\n" for i in range(1200))),
}


def nested_doubts(levels: int) -> str:
    """Blocks in blocks, each with a row whose stated size is wrong, another one each time, before the next level."""
    blocks = ""
    for level in range(levels):
        wrong, inner = f"{{id: w, type: relu, output size: {9 + level}x9x3}}", f"b{level + 1}" if level + 1 < levels else "relu"
        blocks += f"  b{level}: {{body: [{wrong}, {{id: n, type: {inner}}}]}}\n"
    return spec("{id: u, type: b0}", top="blocks:\n" + blocks)


def test_wrong_sizes_in_nested_blocks_are_each_one_error(folder: Path) -> None:
    """Each may be read on with two sizes: the tries must not multiply."""
    (folder / "net.yaml").write_text(nested_doubts(18))
    found = archspec.check("net.yaml")
    assert [one.code for one in found] == ["output-size"] * 18


@pytest.mark.parametrize(
    ("source", "hint"), [("[skip, u]", "did you mean `=skip`?"), ("[=skip, u]", None)], ids=["without its sign", "right"]
)
def test_a_row_in_a_column_is_named_with_its_sign(folder: Path, source: str, hint: str | None) -> None:
    body = f"[{{id: u, type: relu}}, {{type: sum, from: {source}}}]"
    text = spec(
        "{id: a, type: relu}", "{type: b, skip: a}", top=f"blocks: {{b: {{columns: {{skip: {{type: row}}}}, body: {body}}}}}\n"
    )
    (folder / "net.yaml").write_text(text)
    assert [one.hint for one in archspec.check("net.yaml")] == ([hint] if hint else [])


def test_a_row_is_given_to_a_column_without_a_sign(folder: Path) -> None:
    body = "[{id: u, type: relu}, {type: sum, from: [=skip, u]}]"
    top = f"blocks: {{b: {{columns: {{skip: {{type: row}}}}, body: {body}}}}}\n"
    (folder / "net.yaml").write_text(spec("{id: a, type: relu}", "{type: b, skip: =a}", top=top))
    (found,) = archspec.check("net.yaml")
    assert (found.code, found.message, found.hint) == ("unknown-name", "`a` is a row, not a value", "did you mean `a`?")


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_work_does_not_grow_faster_than_the_text(folder: Path, text: str) -> None:
    """Each took ten seconds and more where it did; a minute is far above what a slow machine needs now."""
    (folder / "net.yaml").write_text(text)
    start = monotonic()
    archspec.check("net.yaml")
    assert monotonic() - start < 60


WRAPPED = """
name: wrapped
input: 8x8x4
blocks:
  up:
    columns: {skip: {type: row}}
    body:
      - {id: c, type: conv, patch: 3x3, filters: 4}
      - {id: merge, type: concat, from: [=skip, c]}
  wrap: {columns: {inner: {type: layer}}, body: [{id: l, layer: =inner}]}
rows:
  - id: p
    concat:
      a: [{id: s, type: conv, patch: 3x3, filters: 4}, {id: r, type: conv, patch: 3x3, filters: 4}, WRAP]
      b: [{id: s, type: conv, patch: 3x3, filters: 64}, {id: r, type: conv, patch: 3x3, filters: 4}, WRAP]
""".replace("WRAP]", "{id: x, type: wrap, inner: {type: up, skip: s}}]")


def test_a_block_that_reads_a_row_through_a_layer_is_no_copy(load: Callable[..., Any]) -> None:
    network = load(WRAPPED.lstrip())
    sources = {node.path: node.sources for node in nodes(network) if node.name == "merge"}
    assert sources == {f"p.{b}.x.l.merge": (f"p.{b}.s", f"p.{b}.x.l.c") for b in "ab"}
    assert build_model(network)(torch.randn(1, 4, 8, 8)).shape == (1, 4 + 4 + 64 + 4, 8, 8)


def test_no_column_keeps_the_text_of_a_spec(load: Callable[..., Any]) -> None:
    """A long-running program checks many specs: what a column remembers of them is no longer than a cell."""
    load(spec("{id: a, type: conv, patch: 1x1, filters: 1234}"))
    column = op("conv").columns()["filters"]  # type: ignore[union-attr]
    assert {type(value) for _, value in column._parsed} <= {str, int, float}


TWISTED = """
name: twisted
input: 16x16x4
vars: {deep: true, norm: {type: batch norm, eps: "=0.1 if deep else 0.2"}}
defaults: {convolution: {norm: =norm}, drop path: {rate: 0.3, spread: true}}
blocks:
  unit:
    columns: {wide: {type: count, default: 1}, act: {type: layer, default: relu}}
    body:
      sum:
        body:
          - {id: convs, repeat: 2, type: convolution, patch: 3x3, filters: =in_channels, dilation: =1 + index, activation: =act}
          - {id: join, type: concat, from: [convs, convs]}
          - {id: back, type: conv, patch: 1x1, filters: =block_in_channels}
          - drop path
        side: {when: =wide > 1 and deep, else: identity, type: convolution, patch: 1x1, filters: =in_channels}
  outer: {columns: {n: {type: count}}, body: [{id: units, repeat: =n, type: unit, wide: =1 + index % 2}, relu]}
rows:
  - {id: a, type: outer, n: 3}
  - {id: b, type: outer, n: 3}
  - {id: c, repeat: 2, type: unit, act: {type: leaky relu, slope: "=0.1 * (1 + index)"}}
  - {id: d, repeat: 2, type: unit, act: leaky relu (0.3)}
  - {id: e, type: sum, from: [a, d]}
  - {id: f, type: outer, n: 4}
heads: {aux: {from: c, type: outer, n: 2}}
"""


@pytest.mark.parametrize("name", ["twisted", "resnet50", "efficientnet-lite0", "inception-v3", "mobilenet-v2", "regnetx-400mf"])
def test_a_copied_block_is_the_block_expanded_anew(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stood before with the same values at the same size is not expanded again; nothing may show that."""
    (tmp_path / "net.yaml").write_text(TWISTED.lstrip())
    spec_ = str(tmp_path / "net.yaml") if name == "twisted" else name

    def tree() -> list[Any]:
        found = nodes(archspec.load(spec_))
        return [(n.path, n.type, n.input, n.output, n.sources, n.cells, n.place, n.claims, getattr(n, "op", None)) for n in found]

    copies: list[str] = []
    moved = kinds.moved
    monkeypatch.setattr(kinds, "moved", lambda node, path: copies.append(path) or moved(node, path))
    copied = tree()
    assert copies
    monkeypatch.setattr(kinds, "copy_key", lambda values: None)
    copies.clear()
    anew = tree()
    assert not copies
    assert [one[:6] + one[8:] for one in copied] == [one[:6] + one[8:] for one in anew]
    assert [str(one[6]) for one in copied] == [str(one[6]) for one in anew]
    assert [[*one[7]] for one in copied] == [[*one[7]] for one in anew]
