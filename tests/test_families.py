"""Variants whose tree differs: rows that are there in some of them, other numbers of copies, other sizes, other types."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import archspec
from archspec.ops.base import Cost

HEADER = "name: t\ninput: 12x12x3\n"
N = {"n": [1, 2, 3, 0, 5], "w": [4, 6, 9]}

SPECS: dict[str, tuple[str, dict[str, list[Any]]]] = {
    "copies of an op": ("vars: {n: 1, w: 4}\nrows:\n  - {id: a, repeat: =n, type: convolution, patch: 3x3, filters: =w}\n", N),
    "copies that grow": (
        "vars: {n: 1, w: 4}\nrows:\n  - {id: a, repeat: =n, type: conv, patch: 2x2/2, padding: valid, filters: =w + 2 * index}\n",
        N,
    ),
    "copies of copies": (
        """vars: {n: 1, w: 4}
blocks:
  cell:
    columns: {filters: {type: channels}, deep: {type: int}}
    body:
      - {id: inner, repeat: =deep, type: conv, patch: 1x1, filters: =filters if index % 2 else 2 * filters}
      - {id: add, sum: {a: [], b: {type: conv, patch: 3x3, filters: =in_channels}}}
rows:
  - {id: cells, repeat: =n, type: cell, filters: =w, deep: =index + n}
  - {id: fc, type: linear, filters: 10}
""",
        N,
    ),
    "a row that is there or not": (
        """vars: {n: 1, w: 4}
rows:
  - {id: a, type: convolution, patch: 3x3, filters: =w}
  - {id: pool, when: =n > 1, type: max pool, patch: 2x2}
  - {id: b, when: =n != 2, type: convolution, patch: 3x3, filters: 8}
  - {id: c, type: linear, filters: 5}
""",
        N,
    ),
    "a row that reads one that is there or not": (
        """vars: {n: 1, w: 4}
rows:
  - {id: a, when: =n > 1, type: convolution, patch: 3x3, filters: =w}
  - {id: b, type: convolution, patch: 3x3, filters: 8}
  - {id: c, type: convolution, patch: 1x1, filters: 5, from: a}
  - {id: d, type: concat, from: [b, c]}
""",
        N,
    ),
    "branches that are there or not": (
        """vars: {n: 1, w: 4}
rows:
  - id: mix
    concat:
      a: {type: conv, patch: 1x1, filters: =w}
      b: {when: =n > 1, else: none, type: conv, patch: 1x1, filters: 8}
      c: [{type: conv, patch: 3x3, filters: 4}, {when: =w > 4, type: conv, patch: 1x1, filters: 6}]
      d: {when: =n > 2, else: identity, type: conv, patch: 1x1, filters: 8}
  - {id: c, type: linear, filters: 5}
""",
        N,
    ),
    "only branches that are there or not": (
        """vars: {n: 1, w: 4}
rows:
  - id: mix
    concat:
      a: {when: =n > 1, else: none, type: conv, patch: 1x1, filters: =w}
      b: {when: =w > 4, else: none, type: max pool, patch: 2x2}
      c: {when: =n > 2, else: none, type: conv, patch: 3x3, filters: 2}
  - id: add
    sum:
      a: {when: =n != 2, else: none, type: conv, patch: 1x1, filters: 5}
      b: {type: conv, patch: 1x1, filters: 5}
      c: {when: =w > 4, else: none, type: conv, patch: 1x1, filters: =w - 1}
  - id: gate
    product:
      a: []
      b: {when: =n > 1, else: none, type: adaptive avg pool}
""",
        N,
    ),
    "groups, sums and windows that fit or not": (
        """vars: {n: 1, w: 4}
rows:
  - {id: a, type: conv, patch: 1x1, filters: =3 * w}
  - {id: b, type: conv, patch: 3x3, filters: 12, groups: =n}
  - {id: c, sum: {left: [], right: {type: conv, patch: 1x1, filters: =w * 2 + 4}}}
  - {id: d, type: conv, patch: =4 * n, padding: valid, filters: 2}
""",
        N,
    ),
    "a head, outputs": (
        """vars: {n: 1, w: 4}
rows:
  - {id: a, type: conv, patch: 3x3, filters: =w}
  - {id: b, repeat: =n, type: conv, patch: 3x3/2, filters: =w}
  - {id: c, type: conv, patch: 1x1, filters: 3}
outputs: [a, c]
heads:
  h: {from: b, type: convolution, patch: =n, padding: valid, filters: 7}
""",
        N,
    ),
    "vars that differ in kind": (
        """vars: {n: 1, w: 4, kind: "=0 if n == 2 else w", deep: =n > 2}
rows:
  - {id: a, type: convolution, patch: 3x3, filters: "=kind or 7", bias: =deep}
  - {id: b, when: =deep and w < 9, type: conv, patch: 1x1, filters: =w}
""",
        N,
    ),
    "types that are picked": (
        """vars: {n: 1, w: 4, norm: batch norm}
rows:
  - {id: a, type: convolution, patch: 3x3, filters: =w, norm: =norm if n > 1 else none}
  - {id: b, type: convolution, patch: 1x1, filters: 4, activation: none}
""",
        N,
    ),
    "a fractional width": (
        """vars: {n: 1, w: 0.5}
rows:
  - {id: a, type: convolution, patch: 3x3, filters: "=round_to(24 * w, 8)"}
  - {id: b, type: convolution, patch: 1x1, filters: "=floor(20 * w ** n)"}
  - {id: c, type: dropout, rate: =w / 4}
  - {id: d, repeat: =ceil(n * w), type: conv, patch: 1x1, filters: =10 * w}
""",
        {"n": [1, 2, 3, 0, 5], "w": [0.5, 1.0, 1.3, 0.01]},
    ),
    "a switch": (
        """vars: {n: 1, w: true}
rows:
  - {id: a, repeat: =n, type: conv, patch: 1x1, filters: 4, bias: =w}
  - {id: b, when: =not w, type: conv, patch: 1x1, filters: 5}
""",
        {"n": [1, 2, 3], "w": [True, False]},
    ),
    "an error in a block, a division by zero": (
        """vars: {n: 1, w: 4}
blocks:
  cell:
    columns: {filters: {type: channels}}
    vars: {part: =12 // n, rest: =12 % n}
    body: {type: conv, patch: 1x1, filters: "=filters * part if rest == 0 else filters"}
rows:
  - {id: a, when: =w > 4, type: cell, filters: =w}
  - {id: b, repeat: =w - 3, type: conv, patch: 1x1, filters: 3}
""",
        N,
    ),
    "every row that is gone": (
        """vars: {n: 1, w: 4}
rows:
  - {id: a, when: =n > 1, type: conv, patch: 1x1, filters: 3}
  - {id: b, when: =w > 4, type: relu}
""",
        N,
    ),
    "a name that only a part of a formula asks for": (
        """vars: {n: 1, w: 4}
rows:
  - {id: a, type: conv, patch: 1x1, filters: 3}
  - {id: b, when: =w < n + 5 <= nowhere, type: relu}
  - {id: c, when: =n < 3 and w > 4 or n > 2 and nowhere, type: relu}
""",
        N,
    ),
    "a truth that is a number": (
        """vars: {n: 1, w: 4}
rows:
  - {id: a, repeat: 2, type: conv, patch: 1x1, filters: "=max(1, round_to(index if n == 1 else 0, w) + (1 if w > 4 else 0) * 1)"}
""",
        N,
    ),
    "whole numbers among fractions": (
        """vars: {n: 1, w: 0.5}
rows:
  - {id: a, type: conv, patch: 1x1, filters: "=max(1, round_to(5 * n, w))"}
""",
        {"n": [1, 2], "w": [0.5, 1, 2]},
    ),
    "two cells of which one is wrong": (
        """vars: {n: 1, w: true}
rows:
  - {id: a, repeat: 2, type: convolution, patch: 1x1, filters: "=max(1, 0 % (n - 3))", bias: =w}
""",
        {"n": [1, 2, 3], "w": [True, False]},
    ),
    "rows after the last output": (
        """vars: {n: 1, w: 4}
rows:
  - {id: a, type: conv, patch: 1x1, filters: =w}
  - {id: b, when: =n > 1, type: relu}
  - {id: c, when: =w > 6, type: relu}
outputs: [a]
""",
        N,
    ),
    "powers at 63 bits": (
        "vars: {n: 1, w: 4}\nrows:\n  - {id: a, type: linear, filters: =3 if w ** n > 50 else 2}\n",
        {"n": [1, 2, 62, 63, 64], "w": [2, 3, -2]},
    ),
    "a switch where a number stands": (
        "vars: {n: 1, w: 4}\nrows:\n  - {id: a, type: linear, filters: =w if n > 1 else 3}\n",
        {"n": [1, 2], "w": [True, False]},
    ),
    "many copies": (
        "vars: {n: 1, w: 4}\nrows:\n  - {id: a, repeat: =n, type: conv, patch: 1x1, filters: =w}\n",
        {"n": [1, 90, 1500], "w": [1, 2]},
    ),
    "too many copies": (
        "vars: {n: 1, w: 4}\nrows:\n  - {id: a, repeat: =n * w, type: relu}\n  - {id: b, type: linear, filters: 3}\n",
        {"n": [1, 3, 30_000], "w": [1, 4]},
    ),
}


@pytest.mark.parametrize("name", SPECS)
def test_every_variant_costs_what_it_costs_alone(name: str, tmp_path: Path) -> None:
    text, values = SPECS[name]
    path = tmp_path / "t.yaml"
    path.write_text(HEADER + text)
    rows = list(itertools.product(*values.values()))
    changes = {f"vars.{key}": np.array([row[at] for row in rows]) for at, key in enumerate(values)}
    variants = archspec.costs(path, set=changes)
    valid = 0
    for index, row in enumerate(rows):
        told = dict(zip(values, row, strict=True))
        found = tuple(int(one[index]) for one in (*variants.total, variants.depth, variants.params_with_heads))
        costs = alone(path, {f"vars.{key}": value for key, value in told.items()})
        if isinstance(costs, archspec.SpecError):
            assert not variants.valid[index], f"{told}: {costs}"
            assert found == (0,) * (len(Cost()) + 2)
            assert str(variants.reasons[index]) == str(costs)
            continue
        valid += 1
        assert variants.valid[index], told
        assert found == (*costs.total, costs.depth, costs.total.params + costs.heads_total.params), told
        for row_cost in costs.rows:
            assert tuple(one[index] for one in variants.of(row_cost.node.path)) == row_cost.cost, (told, row_cost.node.path)
    assert valid


def alone(path: Path, told: dict[str, Any]) -> Any:
    """The costs of one variant, or what is wrong with it."""
    try:
        return archspec.report(path, set=told).costs
    except archspec.SpecError as error:
        return error


def test_a_change_to_a_row_that_only_some_variants_have() -> None:
    cells: dict[str, Any] = {"vars.n2": np.array([1, 2, 3, 4]), "conv2_x.2.filters": 32}
    variants = archspec.costs("resnet50", set=cells)
    assert variants.valid.tolist() == [False, False, True, True]
    for index in range(4):
        told = {"vars.n2": index + 1, "conv2_x.2.filters": 32}
        if variants.valid[index]:
            assert variants.params[index] == archspec.report("resnet50", set=told).costs.total.params
        else:
            assert "is neither a row nor a column" in str(variants.reasons[index])
