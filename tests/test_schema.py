"""The JSON Schema takes every valid spec, and refuses mistakes that can be seen in one row or one section."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import SMALL
from drawn import Drawn
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema import Draft202012Validator
from strategies import specs
from test_cli import run
from test_docs import BLOCKS

import archspec
from archspec.ir.types import Types
from archspec.language.names import CLAIMS, HEAD_KEYS, STRUCTURE
from archspec.render.reference.listing import names
from archspec.render.schema import spec_schema

ROOT = Path(__file__).parent.parent
FILE = ROOT / "specs" / "archspec.schema.json"
SPECS = sorted((ROOT / "specs").rglob("*.yaml"))
SCHEMA = spec_schema()
VALIDATOR = Draft202012Validator(SCHEMA)


def documents(text: str) -> Iterator[Any]:
    """The documents of a text as JSON has them: keys are text."""
    for document in yaml.safe_load_all(text):
        if document is not None:
            yield json.loads(json.dumps(document, default=str))


def wrong(text: str) -> list[str]:
    """What the schema says of the documents of a text."""
    return [f"{error.json_path}: {error.message[:200]}" for d in documents(text) for error in VALIDATOR.iter_errors(d)]


# the schema itself


def schemas(node: Any) -> Iterator[dict[str, Any]]:
    """All schemas in a schema."""
    if isinstance(node, bool):
        return
    yield node
    for key, value in node.items():
        if key in ("properties", "patternProperties", "$defs"):
            for each in value.values():
                yield from schemas(each)
        elif key in ("allOf", "anyOf", "oneOf"):
            for each in value:
                yield from schemas(each)
        elif key in ("items", "additionalProperties", "propertyNames", "not", "if", "then", "else"):
            yield from schemas(value)


#: keywords of draft 7, which editors know, and $defs, to which only references lead
KEYWORDS = """
    $schema $ref $defs title description default type enum const pattern minimum maximum exclusiveMaximum minLength
    minItems maxItems minProperties maxProperties required properties patternProperties additionalProperties propertyNames
    items allOf anyOf oneOf not if then else
"""


def test_it_is_a_schema_that_editors_understand() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    used = [key for schema in schemas(SCHEMA) for key in schema]
    assert set(used) <= set(KEYWORDS.split())
    targets = {schema["$ref"] for schema in schemas(SCHEMA) if "$ref" in schema}
    defined = {f"#/$defs/{name}" for name in SCHEMA["$defs"]}
    assert targets <= defined
    assert {name for name in defined - targets if "/column." not in name} == set()


def test_patterns_are_those_of_javascript_too() -> None:
    """Its regular expressions know no escapes of characters that mean nothing."""
    patterns = [schema["pattern"] for schema in schemas(SCHEMA) if "pattern" in schema]
    patterns += [pattern for schema in schemas(SCHEMA) for pattern in schema.get("patternProperties", ())]
    assert len(patterns) > 20
    escaped = {character for pattern in patterns for character in re.findall(r"\\(.)", pattern)}
    assert escaped <= set(r"ds^$\.*+?()[]{}|/")


def test_every_key_of_the_models_says_what_it_holds() -> None:
    silent = [
        f"{name}.{key}"
        for name, model in [("document", SCHEMA), *SCHEMA["$defs"].items()]
        if name == "document" or name[0].isupper()
        for key, held in model["properties"].items()
        if "description" not in held
    ]
    assert silent == []


def test_the_row_keys_are_those_of_the_language() -> None:
    keys = {key.replace("_", " ") for key in SCHEMA["$defs"]["row_key"]["enum"]}
    assert keys == {*STRUCTURE, *CLAIMS, *HEAD_KEYS}
    told = {**SCHEMA["$defs"]["row"]["properties"], **SCHEMA["$defs"]["change"]["anyOf"][1]["properties"]}
    assert set(told) == keys


def test_the_file_is_what_the_command_prints() -> None:
    done = run("schema")
    assert (done.returncode, done.stderr) == (0, "")
    assert FILE.read_text("utf-8") == done.stdout, "run archspec schema -o specs/archspec.schema.json"
    assert json.loads(done.stdout) == SCHEMA


def test_the_command_writes_a_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")
    done = run("schema", "-o", "a.json", folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, "wrote a.json\n")
    assert path.read_text("utf-8") == FILE.read_text("utf-8")
    assert list(tmp_path.iterdir()) == [path]
    failed = run("schema", "-o", "none/a.json", folder=tmp_path)
    assert (failed.returncode, failed.stdout) == (2, "")
    assert failed.stderr.startswith("-o:1:1: error[bad-file]: none/a.json cannot be written")


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_a_shipped_spec_names_it_in_its_first_line(path: Path) -> None:
    first = path.read_text("utf-8").split("\n")[0]
    marker = "# yaml-language-server: $schema="
    assert first.startswith(marker)
    assert (path.parent / first.removeprefix(marker)).resolve() == FILE


# what is valid


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_a_shipped_spec_is_valid(path: Path) -> None:
    assert wrong(path.read_text("utf-8")) == []


@pytest.mark.parametrize("block", [pytest.param(b, id=str(b)) for b in BLOCKS if b.language == "yaml" and not b.note])
def test_a_spec_of_the_pages_is_valid(block: Any) -> None:
    assert wrong(block.text) == []


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
@given(specs())
def test_a_generated_spec_is_valid(drawn: Drawn) -> None:
    """Each document of each file, but for the files of blocks, which are no specs."""
    texts = [text for file in drawn.files.values() for text in re.split(r"(?m)^---\n", file)]
    for text in texts:
        if "name" in yaml.safe_load(text):
            assert wrong(text) == [], text


TOP = "name: t\ninput: 8x8x3\n"
CONV = "{id: c, type: conv, patch: 3x3, filters: 4}"


def rows(*written: str) -> str:
    return "rows:\n" + "".join(f"  - {row}\n" for row in written)


RIGHT = {
    "small": SMALL,
    "underscores": TOP
    + rows("{type: max_pool, patch_size/stride: 2x2/2, output_size: 4x4x3}", "dropout (40%)", "adaptive_avg_pool"),
    "headers without #": TOP + rows("{type: inception, 1x1: 2, 3x3 reduce: 2, n3x3: 2, 5x5_reduce: 2, n5x5: 2, pool proj: 2}"),
    "nothing in cells": TOP + rows("{id: c, type: conv, patch: 3x3, filters: 4, stride: , bias: null, when: , output size: ~}"),
    "YAML's own guesses": TOP + rows("{type: conv, patch: 3, filters: 4, padding: 0x1, bias: no}", "{type: dropout, rate: 1e-1}"),
    "formulas everywhere": TOP
    + "vars: {n: 4, p: same, yes_: true}\n"
    + rows("{type: conv, patch: 3x3, filters: =n, padding: =p, bias: =yes_, when: =yes_, groups: =1, output size: 8x8x4}"),
    "layers": TOP
    + "vars: {norm: {type: batch norm, eps: 1e-3}}\ndefaults: {convolution: {activation: none, norm: =norm}}\n"
    + rows("{type: convolution, patch: 3x3, filters: 4, norm: none, activation: {type: dropout (10%)}}"),
    "own columns for a known type": TOP
    + "blocks: {conv: {columns: {n: {type: channels}}, body: {type: linear, filters: =n}}}\ndefaults: {conv: {n: 3}}\n"
    + rows("{id: c, type: conv, n: 3}"),
    "own block of any keys": TOP + "blocks: {b: {columns: {kernel: {type: text}}, body: relu}}\n" + rows("{type: b, kernel: x}"),
    "own body for a known type": TOP + "blocks: {relu: {body: [sigmoid, relu]}}\n" + rows("relu"),
    "a list in a list": TOP + rows("[relu, [relu, relu]]", "{sum: {a: [], b: [relu], c: relu}}"),
    "rows joined": TOP + rows("{id: a, type: relu}", "{id: b, type: relu}", "{type: sum, from: [a, b]}"),
    "a branch that may go": TOP + "vars: {w: false}\n" + rows("{sum: {a: [], b: {when: =w, else: none, type: relu}}}"),
    "init": TOP + "init: {conv: {weight: {he normal: fan in}, bias: 0}, batch_norm: {weight: {uniform: 1}}}\n" + rows(CONV),
    "counts": TOP + "source: {arxiv: 1409.4842, year: 2014, counts: {params: {M: 1048576}, tolerance: 5%}}\n" + rows(CONV),
    "claims": TOP + "claims: {params: 6.8M, ops: 1.5 billion, depth: 1}\n" + rows(CONV[:-1] + ', ops: "6,998"}'),
    "reasons": TOP
    + "claims: {params with heads: 1K, activations: 2K, receptive field: 7x9, why: {activations: x}, erratum: y}\n"
    + rows(CONV[:-1] + ", receptive field: 3, activations: 12, why: {activations: x}, erratum: y}"),
    "a reason for an inherited figure": TOP
    + rows(CONV[:-1] + ", ops: 3}")
    + "---\nextends: t\nname: u\nrows: {c: {groups: 1, why: {ops: x}}}\n",
    "further sources": TOP
    + "elsewhere: {a: {counts: {tolerance: 0}, claims: {ops: 3K, why: x}}, b: {rows: {c: {receptive field: 3}}}, d: null}\n"
    + rows(CONV),
    "sizes as lists": TOP + rows("{type: conv, patch: [3, 3], filters: 4, output size: [8, 8, 4]}"),
    "a stream": TOP + rows(CONV) + "---\nextends: t\nname: u\nrows: {c: {filters: 5}}\n",
    "changes": TOP
    + rows(CONV, "{id: p, type: max pool, patch: 2x2}", "{id: q, type: renormalize, from: input}")
    + "---\nextends: t\nname: u\nheads: {aux: {from: c, type: linear, filters: 3, loss weight: 0.3}}\nrows:\n"
    + "  c.filters: 5\n  p: null\n  c: {groups: 1, bias: null}\n  q.to_mean: [0, 0, 0]\n  n: {type: relu, after: c}\n",
    "no changes": TOP + rows(CONV) + "---\nextends: t\nname: u\nrows:\nheads: null\n",
}


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT)
def test_what_archspec_takes_is_valid(text: str, tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(text)
    assert archspec.check(path) == ()
    assert wrong(text) == []


# what is not

#: a spec in which @ stands for what is wrong, that, and what mends it
WRONG = {
    "unknown key of a spec": (TOP + "@\n" + rows(CONV), "layers: []", "vars: {}"),
    "no input": ("name: t\n@\n" + rows(CONV), "about: x", "input: 8x8x3"),
    "input without channels": ("name: t\ninput: @\n" + rows(CONV), "8x8", "8x8x3"),
    "rows that are a mapping": (TOP + "rows: @\n", f"{{c: {CONV}}}", f"[{CONV}]"),
    "no rows": (TOP + "rows: @\n", "[]", f"[{CONV}]"),
    "an empty row": (TOP + rows(CONV, "@"), "", "relu"),
    "a row without a type": (TOP + rows(CONV, "{id: r@}"), "", ", type: relu"),
    "a row that is two things": (TOP + rows("{type: relu@}"), ", sum: {a: [], b: []}", ""),
    "unknown column of an op": (TOP + rows(CONV[:-1] + ", @: 3}"), "kernel", "stride"),
    "unknown column of a block": (TOP + rows("{type: convolution, patch: 3x3, filters: 4, @: relu}"), "activate", "activation"),
    "a column of another op": (TOP + rows("{type: max pool, patch: 2x2@}"), ", filters: 4", ", ceil: yes"),
    "a misspelt row key": (TOP + rows(CONV[:-1] + ", @: 8x8x4}"), "output sise", "output size"),
    "a word for a number": (TOP + rows("{type: conv, patch: 3x3, filters: @}"), "many", "4"),
    "a fraction for a count": (TOP + rows("{type: conv, patch: 3x3, filters: @}"), "4.5", "4"),
    "no filters at all": (TOP + rows("{type: conv, patch: 3x3, filters: @}"), "0", "4"),
    "a size of three numbers": (TOP + rows("{type: conv, patch: @, filters: 4}"), "3x3x3", "3x3"),
    "a word for a padding": (TOP + rows(CONV[:-1] + ", padding: @}"), "full", "same"),
    "a rate of more than 1": (TOP + rows("{type: dropout, rate: @}"), "1.5", "0.5"),
    "a rate of more than 100 %": (TOP + rows("{type: dropout, rate: @}"), "150%", "50%"),
    "a number below its bound": (TOP + rows("{type: batch norm, eps: @}"), "-1", "1"),
    "a word for true or false": (TOP + rows(CONV[:-1] + ", bias: @}"), "maybe", "no"),
    "a number for a list": (TOP + rows("{type: renormalize, mean: @}"), "0.5", "[0.5, 0.5, 0.5]"),
    "a mapping for a number": (TOP + rows("{type: conv, patch: 3x3, filters: @}"), "{n: 4}", "4"),
    "a layer without a type": (TOP + rows("{type: convolution, patch: 3, filters: 4, norm: {@}}"), "eps: 1", "type: batch norm"),
    "unknown column of a layer": (
        TOP + rows("{type: convolution, patch: 3, filters: 4, norm: {type: batch norm, @: 1}}"),
        "epsilon",
        "eps",
    ),
    "a layer that repeats": (TOP + rows("{type: convolution, patch: 3, filters: 4, norm: {type: relu@}}"), ", repeat: 2", ""),
    "a list for a layer": (TOP + rows("{type: convolution, patch: 3, filters: 4, norm: @}"), "[relu]", "relu"),
    "unknown column in defaults": (TOP + "defaults: {conv: {@: no}}\n" + rows(CONV), "biases", "bias"),
    "a row key in defaults": (TOP + "defaults: {conv: {@}}\n" + rows(CONV), "repeat: 2", "bias: no"),
    "an id that no formula can name": (TOP + rows("{id: @, type: relu}"), "3a", "a3"),
    "an id that torch uses": (TOP + rows("{id: @, type: relu}"), "half", "halved"),
    "a branch by a wrong id": (TOP + rows("{sum: {@: [], b: []}}"), "a-1", "a1"),
    "a column beside branches": (TOP + rows("{sum: {a: [], b: []}@}"), ", filters: 4", ", output size: 8x8x3"),
    "branches without names": (TOP + rows("{sum: @}"), "[relu, relu]", "{a: relu, b: relu}"),
    "unknown column in a branch": (
        TOP + rows(f"{{concat: {{a: {CONV[:-1].replace('id: c, ', '')}, @: 1}}}}}}"),
        "rate",
        "groups",
    ),
    "when without else in a branch": (TOP + rows("{sum: {a: [], b: {type: relu, when: true@}}}"), "", ", else: identity"),
    "a wrong else": (TOP + rows("{sum: {a: [], b: {type: relu, when: true, else: @}}}"), "skip", "identity"),
    "else in a list": (TOP + rows("{type: relu, when: true@}"), ", else: none", ""),
    "after in a row": (TOP + rows("{id: a, type: relu}", "{type: relu@}"), ", after: a", ""),
    "loss weight in a row": (TOP + rows("{type: relu@}"), ", loss weight: 1", ""),
    "repeat of nothing": (TOP + rows("{type: relu, repeat: @}"), "0", "1"),
    "from of no row": (TOP + rows("{id: a, type: relu}", "{type: relu, from: @}"), "[]", "a"),
    "a join without from": (TOP + rows("{id: a, type: relu}", "{type: sum@}"), "", ", from: [a, a]"),
    "layer of no column": (TOP + "vars: {v: relu}\n" + rows("{@}"), "layer: relu", "type: relu"),
    "a figure with a wrong unit": (TOP + rows(CONV[:-1] + ", params: @}"), "112Q", "112K"),
    "an output size of one number": (TOP + rows(CONV[:-1] + ", output size: @}"), "8", "8x8"),
    "an erratum of nothing": (TOP + rows("{type: relu, erratum: misprint@}"), "", ", output size: 8x8x4"),
    "unknown key of a further source": (TOP + "elsewhere: {x: {@: y}}\n" + rows(CONV), "titel", "title"),
    "unknown figure of a further source": (TOP + "elsewhere: {x: {rows: {c: {@: 3}}}}\n" + rows(CONV), "output size", "ops"),
    "a reason of nothing": (TOP + rows("{type: relu, why: unexplained@}"), "", ", receptive field: 3"),
    "a reason that is a list": (TOP + rows(CONV[:-1] + ", ops: 3, why: @}"), "[x]", "{ops: x}"),
    "a receptive field that is none": (TOP + rows(CONV[:-1] + ", receptive field: @}"), "all", "7"),
    "a total's receptive field that is none": (TOP + "claims: {receptive field: @}\n" + rows(CONV), "3x0", "3x3"),
    "a head without from": (TOP + rows(CONV) + "heads: {aux: {type: linear, filters: 3@}}\n", "", ", from: c"),
    "a negative loss weight": (TOP + rows(CONV) + "heads: {a: {from: c, type: linear, filters: 3, loss weight: @}}\n", "-1", "1"),
    "unknown column of a head": (TOP + rows(CONV) + "heads: {a: {from: c, type: linear, filters: 3, @: no}}\n", "patch", "bias"),
    "unknown key of the source": (TOP + "source: {@: x}\n" + rows(CONV), "titel", "title"),
    "another K": (TOP + "source: {counts: {params: {K: @}}}\n" + rows(CONV), "1025", "1024"),
    "an unknown unit": (TOP + "source: {counts: {ops: {unit: @}}}\n" + rows(CONV), "macs", "flops"),
    "unknown claim": (TOP + "claims: {@: 1M}\n" + rows(CONV), "size", "params"),
    "a list in a var": (TOP + "vars: {v: @}\n" + rows(CONV), "[1]", "1"),
    "a var that every formula has": (TOP + "vars: {@: 1}\n" + rows(CONV), "index", "indices"),
    "a block without a body's key": (TOP + "blocks: {b: {@: relu}}\n" + rows(CONV), "rows", "body"),
    "unknown column in a body": (TOP + "blocks: {b: {body: {type: dropout, @: 0.1}}}\n" + rows("b"), "share", "rate"),
    "a column of no type": (
        TOP + "blocks: {b: {columns: {n: {type: @, default: 1}}, body: relu}}\n" + rows("b"),
        "integer",
        "int",
    ),
    "unknown scheme": (TOP + "init: @\n" + rows(CONV), "kaiming", "he fan out"),
    "two distributions": (TOP + "init: {conv: {weight: {normal: 1@}}}\n" + rows(CONV), ", uniform: 1", ""),
    "unknown tensor": (TOP + "init: {conv: {@: 0}}\n" + rows(CONV), "scale", "weight"),
    "an op without tensors": (TOP + "init: {@: {weight: 0}}\n" + rows(CONV), "relu", "conv"),
    "a variant without a name": ("extends: googlenet\n@\n", "about: x", "name: t"),
    "a variant with a list of rows": ("extends: googlenet\nname: t\nrows: @\n", "[relu]", "{softmax: null}"),
    "unknown column of a change": ("extends: googlenet\nname: t\nrows: {fc: {type: linear, @: no}}\n", "biases", "bias"),
    "a wrong value in a change": ("extends: googlenet\nname: t\nrows: {n: {type: dropout, rate: @}}\n", "2", "0.2"),
    "an empty word in a path": ("extends: googlenet\nname: t\nrows: {@: 3x3}\n", "conv1..patch", "conv1.patch"),
}


def test_there_are_enough_wrong_specs() -> None:
    assert len(WRONG) >= 20
    assert len({(text, bad) for text, bad, _ in WRONG.values()}) == len(WRONG)


@pytest.mark.parametrize(("text", "bad", "good"), WRONG.values(), ids=WRONG)
def test_a_mistake_is_refused_by_both(text: str, bad: str, good: str, tmp_path: Path) -> None:
    """And what mends it is taken, so that it is the mistake that is refused."""
    assert text.count("@") == 1
    for path, part in ((tmp_path / "bad.yaml", bad), (tmp_path / "good.yaml", good)):
        path.write_text(text.replace("@", part))
    assert archspec.check(tmp_path / "good.yaml") == ()
    assert wrong(text.replace("@", good)) == []
    assert archspec.check(tmp_path / "bad.yaml")
    assert wrong(text.replace("@", bad))


KNOWN = [(kind, name) for kind in ("ops", "blocks") for name in names()[kind]]


@pytest.mark.parametrize(("kind", "name"), KNOWN)
def test_every_column_is_known_by_id_and_header(kind: str, name: str) -> None:
    found = Types({}).find(name)
    assert found is not None
    for spelling in (name, name.replace(" ", "_")):
        assert not wrong(TOP + rows(f"{{type: {spelling}}}"))
        assert wrong(TOP + rows(f"{{type: {spelling}, no such column: 1}}"))
        assert wrong(TOP + f"defaults: {{{spelling}: {{no such column: 1}}}}\n" + rows(CONV))
        for column in found.columns.values():
            for key in (column.name, column.header, column.name.replace("_", " "), column.header.replace(" ", "_")):
                assert not wrong(TOP + rows(f'{{type: {spelling}, "{key}": =x}}')), key
                assert not wrong(TOP + f'defaults: {{{spelling}: {{"{key}": =x}}}}\n' + rows(CONV)), key
                assert wrong(TOP + rows(f'{{type: {spelling}, "{key}": {{}}}}')), key


def test_an_op_that_comes_later_is_known(tmp_path: Path) -> None:
    """Its columns, and what they choose among."""
    (tmp_path / "upscale.py").write_text(
        '''
from typing import ClassVar
from archspec.language.values import Count, Word
from archspec.ops.base import Op, column

class Upscale(Op):
    """Larger."""

    name: ClassVar[str] = "upscale"
    factor: Count = column(2, about="how much")
    mode: Word = column("nearest", choices=("nearest", "linear"))
'''
    )
    script = f"""
import json, archspec.ops
archspec.ops.__path__.append({str(tmp_path)!r})
from archspec.render.reference.describe import describe
from archspec.render.reference.pages import reference_page
from archspec.render.schema import spec_schema
assert "## upscale" in reference_page("ops")
assert describe("ops", "upscale").columns[1].takes == "nearest, linear"
print(json.dumps(spec_schema()))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    known = Draft202012Validator(json.loads(done.stdout))

    def valid(row: str) -> bool:
        return known.is_valid(next(documents(TOP + rows(row))))

    assert valid("{type: upscale, factor: 3, mode: linear}")
    assert valid("{type: upscale, mode: =m}")
    assert not valid("{type: upscale, mode: cubic}")
    assert not valid("{type: upscale, scale: 3}")
