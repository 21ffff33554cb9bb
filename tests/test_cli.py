"""The command line: exit status, what goes where, and how a wrong word is answered."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import archspec
from archspec.render.data import SCHEMA


def run(*words: str, folder: Path | None = None, columns: int = 100) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": str(columns)}
    return subprocess.run(
        [sys.executable, "-m", "archspec", *words], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_check_reports_every_spec_and_all_errors(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "name: a\ninput: 8x8x3\nrows:\n  - {type: reluu}\n  - {type: conv, patch: 9x9, padding: valid, filters: 4}\n"
    )
    (tmp_path / "b.yaml").write_text("name: b\ninput: 8x8x3\nrows:\n  - {type: dropout, rate: 2}\n")
    done = run("check", "a.yaml", "googlenet", "b.yaml", folder=tmp_path)
    assert done.returncode == 2
    assert done.stdout.splitlines() == ["a.yaml: 1 error", "googlenet: ok, 21 rows, 224x224x3 to 1x1x1000", "b.yaml: 1 error"]
    assert "a.yaml:4:12: error[unknown-type]: row reluu: `reluu` is neither an op nor a block" in done.stderr
    assert "  help: did you mean `relu`?" in done.stderr
    assert "b.yaml:4:27: error[bad-value]: row dropout: rate must be a share from 0 to below 1" in done.stderr


def test_check_as_json_is_the_same_for_programs(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("name: a\ninput: 8x8x3\nrows:\n  - {type: reluu}\n")
    done = run("check", "a.yaml", "--format", "json", folder=tmp_path)
    assert done.returncode == 2
    assert json.loads(done.stdout)["diagnostics"] == [
        {
            "code": "unknown-type",
            "message": "`reluu` is neither an op nor a block",
            "file": "a.yaml",
            "line": 4,
            "column": 12,
            "row": "reluu",
            "hint": "did you mean `relu`?",
            "related": [],
        }
    ]


@pytest.mark.parametrize(
    ("words", "known"),
    [
        (["report", "googlenet", "--format", "pdf"], "table, markdown, latex, csv, json"),
        (["report", "googlenet", "--columns", "row,makks"], "row, path, type, layer, output"),
        (["report", "googlenet", "--columns", "row,parms"], "did you mean `params`?"),
        (["report", "googlenet", "--columns", ""], "row, path, type, layer, output"),
        (["report", "googlenet", "--sort", "speed"], "row, path, type, layer, output"),
        (["report", "googlenet", "--format", "json", "--columns", "row"], "takes no --columns"),
        (["report", "googlenet", "--counter", "thop"], "closed, fvcore"),
        (["audit", "googlenet", "--format", "pdf"], "table, json"),
        (["reconcile", "googlenet", "--format", "pdf"], "table, json"),
        (["reconcile", "googlenet", "--counter", "deepspeed"], "papers, torchvision, fvcore, fvcore-activations"),
        (["check", "googlenet", "--format", "pdf"], "text, json"),
        (["build", "googlenet", "-o", "model.onnx"], "there is: .safetensors"),
        (["build", "googlenet", "-o", "model"], "there is: .safetensors"),
    ],
)
def test_what_does_not_exist_is_answered_with_what_does(words: list[str], known: str) -> None:
    done = run(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert "error[unsupported]" in done.stderr
    assert known in done.stderr


@pytest.mark.parametrize("verb", ["check", "report", "audit", "reconcile", "build"])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            "inception_3a.n5x5=0",
            "--set:1:19: error[bad-value]: row inception_3a: #5x5 must be a positive whole number, found `0`",
        ),
        ("inception_3a.n6x6=1", "--set:1:1: error[unknown-path]: `inception_3a.n6x6` is neither a row nor a column of a row"),
        ("vars.clases=10", "--set:1:1: error[unknown-path]: the spec has no var `clases`"),
    ],
)
def test_a_wrong_change_is_a_diagnostic_in_every_verb(verb: str, change: str, message: str) -> None:
    done = run(verb, "googlenet", "--set", change)
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == message


@pytest.mark.parametrize(
    ("change", "path", "columns"),
    [
        ("inception_3a.n5x5=64", "inception_3a", {"n5x5": 64}),
        ("inception_3a.#5x5=64", "inception_3a", {"n5x5": 64}),
        ("fc.filters=12", "fc", {"filters": 12}),
        ("vars.classes=10", "fc", {"filters": 10}),
        ("inception_*.b5x5.conv.patch=3x3", "inception_4e.b5x5.conv", {"patch": (3, 3)}),
        ("defaults.dropout.rate=10%", "dropout", {"rate": 0.4}),  # the row's own value goes first
        ("aux*.hidden=512", "aux2", {"hidden": 512}),
    ],
)
def test_changes_reach_the_columns_that_they_name(change: str, path: str, columns: dict[str, object]) -> None:
    network = archspec.load("googlenet", set=[change])
    nodes = {node.path: node for root in (network.body, *(head.node for head in network.heads)) for node in everything(root)}
    assert {name: nodes[path].columns[name] for name in columns} == columns


def everything(node):  # type: ignore[no-untyped-def]
    yield node
    for child in getattr(node, "children", ()):
        yield from everything(child)


def test_another_input_works_where_pools_adapt() -> None:
    network = archspec.load("googlenet-torchvision", input="96x96x3")
    assert {row.name: str(row.output) for row in network.rows if row.name in ("inception_5b", "avgpool")} == {
        "inception_5b": "3x3x1024",
        "avgpool": "1x1x1024",
    }


def test_another_input_is_blamed_where_it_does_not_fit() -> None:
    done = run("report", "googlenet", "--input", "96x96x3")
    assert (done.returncode, done.stdout) == (2, "")
    assert [line for line in done.stderr.splitlines() if "error[" in line] == [
        "--input:1:1: error[shape-mismatch]: row avgpool: a 7x7 window does not fit on the 3x3 map",
        "--input:1:1: error[output-size]: row aux1.pool: the output size is stated as 4x4, but 1x1x512 comes out",
        "--input:1:1: error[output-size]: row aux2.pool: the output size is stated as 4x4, but 1x1x528 comes out",
    ]


def test_what_is_wrong_anyway_is_not_blamed_on_the_input(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("name: a\ninput: 8x8x3\nrows:\n  - {type: reluu}\n")
    done = run("check", "a.yaml", "--input", "16x16x3", folder=tmp_path)
    assert "a.yaml:4:12: error[unknown-type]" in done.stderr
    assert "--input" not in done.stderr


def test_audit_strict_exits_with_1_on_a_difference(tmp_path: Path) -> None:
    assert run("audit", "googlenet").returncode == 0
    assert run("audit", "googlenet", "--strict").returncode == 1
    (tmp_path / "a.yaml").write_text(
        "name: a\ninput: 8x8x3\nclaims: {params: 30}\nrows:\n  - {type: linear, filters: 1, bias: false}\n"
    )
    wrong = run("audit", "a.yaml", "--strict", folder=tmp_path)
    assert wrong.returncode == 1
    assert "(whole network)" in wrong.stdout
    (tmp_path / "a.yaml").write_text(
        "name: a\ninput: 8x8x3\nclaims: {params: 192}\nrows:\n  - {type: linear, filters: 1, bias: false}\n"
    )
    assert run("audit", "a.yaml", "--strict", folder=tmp_path).returncode == 0


def test_report_as_json_is_the_contract() -> None:
    done = run("report", "googlenet", "--format", "json")
    data = json.loads(done.stdout)
    assert data["schema"] == SCHEMA == 1
    assert data["input"] == [3, 224, 224]
    assert data["totals"] == {
        "params": 6998552,
        "macs": 1582671872,
        "activations": 3227160,
        "weight_bytes": 4 * 6998552,
        "activation_bytes": 4 * 3227160,
        "peak_bytes": 5419008,
        "depth": 22,
        "receptive_field": [907, 907],
        "output_stride": [32, 32],
        "params_with_heads": 13378280,
    }
    row = next(row for row in data["rows"] if row["id"] == "inception_3a")
    assert (row["type"], row["output"], row["params"], row["macs"], row["depth"]) == (
        "inception",
        [256, 28, 28],
        163696,
        128049152,
        2,
    )
    assert row["claims"]["params"] == {
        "published": "159K",
        "computed": "159.5K",
        "deviation": 0.003145,
        "agrees": True,
        "inherited": False,
    }
    assert data["uncounted"] == []


def test_the_table_fits_100_columns_and_its_numbers_add_up() -> None:
    for words in (["report", "googlenet"], ["report", "googlenet-torchvision", "--depth", "4"]):
        lines = run(*words).stdout.splitlines()
        assert max(map(len, lines)) <= 100
        total = next(line for line in lines if line.startswith("total"))
        rows = [
            line
            for line in lines[3:]
            if line and not line.startswith((" ", "total", "aux")) and lines.index(line) < lines.index(total)
        ]
        counts = [
            [int(word.replace(",", "")) for word in line.split() if "," in word and word.replace(",", "").isdigit()]
            for line in rows
        ]
        assert sum(pair[-1] for pair in counts if pair) == int(total.split()[-2].replace(",", ""))


def test_a_closed_pipe_ends_quietly() -> None:
    command = f"{sys.executable} -m archspec report googlenet --depth 4 | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert (done.stdout.split()[0], done.stderr) == ("googlenet", "")


def test_build_runs_the_network_and_prints_the_report(tmp_path: Path) -> None:
    done = run("build", "googlenet", "-o", "g.safetensors", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "1,582,671,872 multiply-adds" in done.stdout
    assert "built: 13,378,280 parameters, heads aux1, aux2" in done.stdout
    assert "forward pass: 1x3x224x224 → 1x1000 in " in done.stdout
    assert "5 of 64 published figures differ" in done.stdout
    assert os.listdir(tmp_path) == ["g.safetensors"]
    again = run("build", "googlenet", "--no-heads", "--weights", "g.safetensors", folder=tmp_path)
    assert "built: 6,998,552 parameters\n" in again.stdout
    assert "loaded 116 tensors from g.safetensors; 12 tensors of heads left out" in again.stdout


def test_an_output_that_cannot_be_written_is_said_first(tmp_path: Path) -> None:
    (tmp_path / "folder.safetensors").mkdir()
    for name, message in (("folder.safetensors", "is a directory"), ("no/such/g.safetensors", "there is no folder no/such")):
        done = run("build", "googlenet", "-o", name, folder=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert message in done.stderr


def test_usage_errors_exit_with_2() -> None:
    assert run("report").returncode == 2
    assert run("nonsense").returncode == 2
    assert run("report", "googlenet", "--depth", "0").returncode == 2
