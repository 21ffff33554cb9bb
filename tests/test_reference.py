"""`archspec list` and `archspec show`: all that there is, as it is, and who uses it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import nodes
from test_cli import run

import archspec
from archspec.language.blocks import LIBRARY
from archspec.ops import op
from archspec.render.reference.columns import DescribedColumn
from archspec.render.reference.describe import Described, describe
from archspec.render.reference.listing import lines, listed, names

ROOT = Path(__file__).parent.parent
SPECS = {path.stem: path for path in (ROOT / "specs").rglob("*.yaml")}
ALL = [(kind, name) for kind, found in names().items() for name in found]


def data(*words: str) -> Any:
    done = run(*words, "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


# list


def test_list_names_all_that_there_is() -> None:
    printed = data("list")
    assert printed["schema"] == 1
    assert [each["name"] for each in printed["blocks"]] == sorted(p.stem.replace("_", " ") for p in LIBRARY.glob("*.yaml"))
    assert [each["name"] for each in printed["specs"]] == sorted(SPECS)
    assert [each["name"] for each in printed["recipes"]] == sorted(path.stem for path in (ROOT / "recipes").glob("*.yaml"))
    assert {"conv", "linear", "max pool"} <= {each["name"] for each in printed["ops"]}
    assert not {"base", "modules", "window"} & {each["name"] for each in printed["ops"]}
    assert [each["name"] for kind in ("ops", "blocks", "specs", "recipes") for each in printed[kind] if not each["about"]] == []


def test_the_table_has_a_line_for_each() -> None:
    printed = run("list").stdout.splitlines()
    for kind in listed():
        at = printed.index(kind) + 1
        for name, about in lines(kind).items():
            assert printed[at].split(maxsplit=len(name.split()))[-1] == about
            assert printed[at].startswith(f"  {name} ")
            at += 1


@pytest.mark.parametrize("kind", ["ops", "blocks", "specs", "recipes"])
def test_one_kind_alone(kind: str) -> None:
    assert list(data("list", kind)) == ["schema", kind]
    assert run("list", kind).stdout.splitlines()[0] == kind


# show


def test_a_block_is_shown_as_its_file_has_it() -> None:
    shown = data("show", "inception")
    assert (shown["kind"], shown["name"]) == ("block", "inception")
    file = yaml.safe_load((LIBRARY / "inception.yaml").read_text("utf-8"))
    assert shown["about"] == file["about"]
    assert [column["header"] for column in shown["columns"]] == [
        "#1x1",
        "#3x3 reduce",
        "#3x3",
        "#5x5 reduce",
        "#5x5",
        "pool proj",
    ]
    assert [column["id"] for column in shown["columns"]] == list(file["columns"])
    assert {(column["type"], column["default"]) for column in shown["columns"]} == {("channels", None)}
    assert yaml.safe_load(shown["text"]) == {"body": file["body"]}
    assert "googlenet" in shown["used_by"]["specs"]


@pytest.mark.parametrize("name", names()["blocks"])
def test_the_body_of_every_block_is_whole(name: str) -> None:
    file = yaml.safe_load((LIBRARY / f"{name.replace(' ', '_')}.yaml").read_text("utf-8"))
    shown = describe("blocks", name)
    assert yaml.safe_load(shown.text) == {"body": file["body"]}
    assert list(shown.vars) == list(file.get("vars", {}))
    assert shown.about == file["about"]


@pytest.mark.parametrize("name", names()["ops"])
def test_an_op_is_shown_as_its_class_has_it(name: str) -> None:
    found, shown = op(name), describe("ops", name)
    assert found is not None
    assert (shown.tensors, shown.counted, shown.text) == (found.tensors, found.layer, "")
    assert [column.id for column in shown.columns] == list(found.model_fields)
    for column in shown.columns:
        assert (column.default is None) == found.model_fields[column.id].is_required()


def test_the_table_of_an_op() -> None:
    assert run("show", "batch_norm").stdout.splitlines()[2:8] == [
        "column    id        type    default  takes       meaning",
        "eps       eps       number  1e-05    at least 0  added to the variance",
        "momentum  momentum  number  0.1      at least 0  weight of a new batch in the running statistics",
        "                                                 (torch's sense)",
        "affine    affine    bool    true                 whether it has a scale and a shift",
        "",
    ]
    assert "trained tensors: weight, bias; a layer that depth counts" in run("show", "conv").stdout.splitlines()
    assert "no trained tensors" in run("show", "relu").stdout.splitlines()


def test_a_spec_is_shown_with_its_source_and_its_text() -> None:
    shown = data("show", "googlenet")
    assert shown["text"] == SPECS["googlenet"].read_text("utf-8")
    assert (shown["kind"], shown["input"], shown["extends"]) == ("spec", "224x224x3", None)
    assert shown["source"]["title"] == "Going deeper with convolutions"
    assert shown["source"]["arxiv"] == "1409.4842"
    assert set(shown["used_by"]["specs"]) == {
        name for name, path in SPECS.items() if yaml.safe_load(path.read_text("utf-8")).get("extends") == "googlenet"
    }
    variant = data("show", "googlenet-bn")
    assert (variant["extends"], variant["input"]) == ("googlenet", "224x224x3")
    printed = run("show", "googlenet-bn").stdout
    assert SPECS["googlenet-bn"].read_text("utf-8") in printed + "\n"
    assert "extends googlenet" in printed.splitlines()


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_everything_can_be_shown(kind: str, name: str) -> None:
    shown = describe(kind, name)
    assert shown.line
    assert "\n" not in shown.line


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("incepton", "inception"),
        ("max_pol", "max pool"),
        ("googlenet-nb", "googlenet-bn"),
        ("zzz", "`archspec list` names them all"),
    ],
)
def test_what_does_not_exist_is_answered_with_the_nearest(name: str, near: str) -> None:
    done = run("show", name)
    assert (done.returncode, done.stdout) == (2, "")
    first, *_, last = done.stderr.splitlines()
    assert first.startswith(f"NAME:1:1: error[unsupported]: `{name}` is neither an op")
    assert near in last


@pytest.mark.parametrize(
    ("words", "known"),
    [
        (["list", "op"], "KIND is one of ops, blocks, specs, recipes"),
        (["list", "--format", "xml"], "--format is one of table, json"),
        (["show", "relu", "--format", "xml"], "--format is one of table, json"),
    ],
)
def test_a_wrong_word_is_answered_with_the_right_ones(words: list[str], known: str) -> None:
    done = run(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert known in done.stderr


# who uses what


def mentions(name: str, text: str) -> bool:
    """Whether a text names a type at all: as a word, with spaces or underscores."""
    spelled = {name, name.replace(" ", "_")}
    plain = yaml.safe_load(text)
    return any(word.partition(" (")[0] in spelled for word in words(plain))


def words(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from words(key)
            yield from words(value)
    elif isinstance(node, list):
        for item in node:
            yield from words(item)
    elif isinstance(node, str):
        yield node


@pytest.mark.parametrize(("kind", "name"), [each for each in ALL if each[0] != "specs"])
def test_who_uses_it_names_it(kind: str, name: str) -> None:
    used_by = describe(kind, name).used_by
    for spec in used_by["specs"]:
        assert mentions(name, SPECS[spec].read_text("utf-8")), spec
    for block in used_by["blocks"]:
        assert mentions(name, (LIBRARY / f"{block.replace(' ', '_')}.yaml").read_text("utf-8")), block


@pytest.mark.parametrize("spec", [name for name, path in SPECS.items() if "\nextends:" not in f"\n{path.read_text('utf-8')}"])
def test_who_has_a_row_of_it_uses_it(spec: str) -> None:
    """Every row of the expanded network, and every head, is of a type that counts the spec among its users."""
    network = archspec.load(spec)
    own = yaml.safe_load(SPECS[spec].read_text("utf-8")).get("blocks", {})
    known = {name: kind for kind in ("ops", "blocks") for name in names()[kind]}
    rows = {row.type for row in (*network.rows, *(head.node for head in network.heads))}
    assert rows
    for name in rows & set(known) - {each.replace("_", " ") for each in own}:
        assert spec in describe(known[name], name).used_by["specs"], name


@pytest.mark.parametrize("block", names()["blocks"])
def test_a_block_uses_what_its_rows_are(block: str) -> None:
    """What stands as `type` in a row of its body, in its text."""
    text = describe("blocks", block).text
    known = {name: kind for kind in ("blocks", "ops") for name in names()[kind]}
    types = {str(found) for found in told(yaml.safe_load(text))} & set(known)
    for name in types:
        assert block in describe(known[name], name).used_by["blocks"], name


def told(node: Any) -> Iterator[str]:
    """The values of `type`."""
    for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from told(value)
    if isinstance(node, dict) and isinstance(node.get("type"), str):
        yield node["type"]


def test_layers_and_changes_are_uses_and_inherited_rows_are_not() -> None:
    assert "googlenet-bn" in describe("ops", "batch norm").used_by["specs"]  # in its defaults
    assert "convolution" in describe("ops", "relu").used_by["blocks"]  # the default of a column
    assert "googlenet-naive" in describe("blocks", "naive inception").used_by["specs"]  # in a change
    assert "googlenet-bn" not in describe("blocks", "inception").used_by["specs"]
    assert any(node.type == "inception" for node in nodes(archspec.load("googlenet-bn")))


# the pages and the imports


def test_the_json_page_names_every_field() -> None:
    text = (ROOT / "docs" / "json.md").read_text("utf-8")
    assert [f.name for model in (Described, DescribedColumn) for f in fields(model) if f"`{f.name}`" not in text] == []
