"""Random texts, bytes and damaged specs are answered with diagnostics: no exception, no hang, and a place in the text."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from drawn import examples
from hypothesis import given
from hypothesis import strategies as st
from mutations import misplaced

import archspec

SPECS = sorted((Path(__file__).parent.parent / "specs").rglob("*.yaml"))
BASE = next(path for path in SPECS if path.stem == "googlenet").read_text().splitlines(keepends=True)
VARIANTS = [path.read_text().splitlines(keepends=True) for path in SPECS if path.stem != "googlenet"]

# what the language is sensitive to
PIECES = [*"{}[]()", ":", ": ", ", ", "#", "=", "*", "&a", "*a", "<<", "!!", "%", "'", '"', "|", ">", "-", "- "]
PIECES += [*"\t\n\r\0\ufeff", "é", "😀", "\u2028", "null", "~", "0", "-1", "1e999", ".nan", "9" * 11, "9**9**9"]
PIECES += [*"x/×.", "..", "none", "true", "=in_channels", "=classes / 0", "extends: ", "type: inception", "repeat: 3, "]
PIECES += ["concat: ", "from: ", "when: false, ", "else: none, ", "id: train, ", "layer: ", "---\n", "conv", "row", "vars: "]


@pytest.fixture
def answer(folder):
    """Holds that a text is answered within seconds by diagnostics of known kinds, each with a place in a text."""

    def check(text: str | bytes) -> None:
        path = folder / "net.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
        start = time.monotonic()
        found = archspec.check("net.yaml")
        assert time.monotonic() - start < 10
        for one in found:
            assert not list(misplaced(one))
            assert str(one).startswith(f"{one.place}: error[{one.code}]: ")
        assert len(set(found)) == len(found)

    return check


@st.composite
def damaged(draw: st.DrawFn, sources: list[list[str]]) -> str:
    """A spec after a few edits: characters, lines and cells dropped, doubled, swapped or put in."""
    lines = list(draw(st.sampled_from(sources)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        line = lines[at]
        edit = draw(st.sampled_from(["drop", "double", "swap", "insert", "cut", "replace", "cells", "cell", "value"]))
        other = draw(st.integers(0, len(lines) - 1))
        column = draw(st.integers(0, len(line)))
        piece = draw(st.sampled_from(PIECES))
        cells = line.split(", ")
        cell = draw(st.integers(0, len(cells) - 1))
        if edit == "drop" and len(lines) > 1:
            del lines[at]
        elif edit == "double":
            lines.insert(other, line)
        elif edit == "swap":
            lines[at], lines[other] = lines[other], lines[at]
        elif edit == "insert":
            lines[at] = line[:column] + piece + line[column:]
        elif edit == "cut":
            lines[at] = line[:column] + line[column + draw(st.integers(1, 8)) :]
        elif edit == "replace":
            lines[at] = line[:column] + piece + line[column + len(piece) :]
        elif edit == "cells":
            cells[cell], cells[-1] = cells[-1], cells[cell]
            lines[at] = ", ".join(cells)
        elif edit == "cell":
            lines[at] = ", ".join([*cells[:cell], draw(st.sampled_from(lines[other].split(", "))).strip(), *cells[cell + 1 :]])
        elif edit == "value":
            key, colon, _ = cells[cell].partition(": ")
            lines[at] = ", ".join([*cells[:cell], f"{key}{colon}{piece}", *cells[cell + 1 :]])
    return "".join(lines)


@examples(100)
@given(st.text(max_size=200))
def test_random_text(answer, text):
    """Any text."""
    answer(text)


@examples(100)
@given(st.binary(max_size=200))
def test_random_bytes(answer, data):
    """Any bytes."""
    answer(data)


@examples(300)
@given(st.lists(st.sampled_from([*PIECES, " ", "\n  ", "name: t\n", "input: 8x8x3\n", "rows:\n", "  - relu\n"]), max_size=30))
def test_random_pieces(answer, pieces):
    """What the language is made of, in any order."""
    answer("".join(pieces))


@examples(40)
@given(damaged([BASE]))
def test_damaged_base(answer, text):
    """The longest spec, damaged."""
    answer(text)


@examples(40)
@given(damaged(VARIANTS))
def test_damaged_variants(answer, text):
    """The variants, damaged: they change a spec that is whole."""
    answer(text)


ROW = '{id: i, type: inception, "#1x1": 1, n3x3_reduce: 2, n3x3: 3, n5x5_reduce: 4, n5x5: 5, pool_proj: 6}'
SMALL = f"""\
name: t
about: small, with everything
source: {{title: x, counts: {{params: {{K: 1000, bias: no}}, ops: {{unit: flops}}, tolerance: 1%}}}}
input: 8x8x3
vars: {{w: 4, on: true}}
defaults: {{conv: {{bias: no}}, convolution: {{norm: {{type: batch norm, eps: 1e-3}}}}}}
init: {{conv: {{weight: {{normal: 0.1}}, bias: 0}}}}
claims: {{params: 1K}}
blocks:
  up:
    columns: {{n: {{type: channels, min: 1, about: x}}, skip: {{type: row}}, then: {{type: layer, default: relu}}}}
    vars: {{m: =2 * n}}
    body:
      - {{id: up, type: conv, patch: 1x1, filters: =m}}
      - {{id: merge, type: concat, from: [=skip, up]}}
      - {{id: then, layer: =then}}
rows:
  - {{id: a, type: conv, patch: 3x3, filters: =w, repeat: 2, output size: 8x8x4, params: 1K}}
  - {ROW}
  - {{id: u, type: up, n: 3, skip: a, then: dropout (40%), when: =on}}
  - {{id: s, split: {{x: [], y: {{type: relu, when: false, else: identity}}}}}}
heads:
  aux: {{from: a, type: linear, filters: 3, loss weight: 0.3}}
""".splitlines(keepends=True)


@examples(400)
@given(damaged([SMALL]))
def test_damaged_small_spec(answer, text):
    """A spec with every section and structure, damaged."""
    answer(text)


@pytest.mark.parametrize("data", [b"name: t\r\xff", b"name: t\x0c\xff", "name: t\u2028\0".encode()])
def test_a_place_after_a_rare_line_break(folder, data):
    (folder / "net.yaml").write_bytes(data)
    (one,) = archspec.check("net.yaml")
    assert one.place.column <= len(one.place.source.line(one.place.line)) + 1


def test_a_control_character_after_letters_of_several_bytes(folder):
    (folder / "net.yaml").write_text("name: t\nabout: ééé\0\ninput: 8x8x3\n")
    (one,) = archspec.check("net.yaml")
    assert (one.place.line, one.place.column) == (2, 11)


def test_a_loss_weight_of_a_wrong_var(answer):
    answer(
        "name: t\ninput: 8x8x3\nvars: {w: [1]}\nrows: [{id: a, type: relu}]\n"
        "heads: {h: {from: a, type: relu, loss weight: =w / 2}}\n"
    )
