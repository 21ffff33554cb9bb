"""`report --measure`: what is measured, by which settings, and how it is shown. No test asserts a time of this machine."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
import torch

import archspec
import archspec as api
from archspec.analysis.latency import DEVICES, DTYPES, Settings, Times
from archspec.api.reports import report_network
from archspec.compiler import measure as measuring
from archspec.compiler.measure import CLOCKS, measure
from archspec.compiler.module import build_model
from archspec.render.schema.results import report_schema

SPEC = """name: timed
input: 8x8x3
rows:
  - {id: conv1, type: convolution, patch: 3x3, filters: 4, output size: 8x8x4}
  - {id: pool, type: max pool, patch size/stride: 2x2/2}
  - {id: fc, type: linear, filters: 5}
  - {id: softmax, type: softmax}
heads:
  aux: {from: conv1, type: linear, filters: 5, loss weight: 0.3}
"""
RUN = ["conv1", "pool", "fc"]  # the softmax only reads, the head only trains


@pytest.fixture
def timed(tmp_path: Path) -> Path:
    path = tmp_path / "timed.yaml"
    path.write_text(SPEC, encoding="utf-8")
    return path


def measured(path: Path, **told: Any) -> Any:
    return api.report(path, measure={"repeats": 4, "warmup": 1, **told})


# what is measured


def test_every_row_that_runs_is_measured_so_many_times(timed: Path) -> None:
    latency = measured(timed, repeats=7).latency
    assert list(latency.rows) == RUN
    assert {len(times.seconds) for times in (*latency.rows.values(), latency.whole)} == {7}
    for times in (*latency.rows.values(), latency.whole):
        assert 0 < min(times.seconds) <= times.quartiles[0] <= times.median <= times.quartiles[1] <= max(times.seconds)


@pytest.mark.parametrize("name", ["googlenet-torchvision", "unet", "resnet50-fpn"])
def test_rows_of_branches_outputs_and_skips_are_measured(name: str) -> None:
    """All but a last softmax, in networks whose rows read others, or that return several."""
    options: dict[str, Any] = {"input": "188x188x1"} if name == "unet" else {"input": "64x64x3"}
    report = api.report(name, measure={"repeats": 2, "warmup": 1}, **options)
    rows = [row.path for row in report.network.rows if row.type != "softmax"]
    assert list(report.latency.rows) == rows


def test_a_row_takes_what_passes_on_the_clock_while_it_runs(timed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that only the rows move, each by its own amount."""
    now, takes = [0.0], {"conv1": 3.0, "pool": 0.5, "fc": 10.0}
    network = api.load(timed)
    model = build_model(network, heads=False)

    def slow(forward: Callable[..., Any], seconds: float) -> Callable[..., Any]:
        def run(*inputs: Any) -> Any:
            now[0] += seconds
            return forward(*inputs)

        return run

    for name, seconds in takes.items():
        row = model.get_submodule(name)
        row.forward = slow(row.forward, seconds)
    monkeypatch.setattr(measuring.time, "perf_counter", lambda: now[0])
    latency = measure(model, network, Settings(repeats=3, batch=2))
    assert {name: times.seconds for name, times in latency.rows.items()} == {n: (s,) * 3 for n, s in takes.items()}
    assert latency.whole.seconds == (13.5,) * 3
    assert latency.sum_of_rows == 13.5
    report = report_network(network, latency=latency)
    cells = {row["path"]: row for row in csv.DictReader(io.StringIO(report.text("csv")))}
    assert (cells["conv1"]["ms"], cells["conv1"]["ms_spread"]) == ("3000.0", "0.0")
    macs = 8 * 8 * 4 * 3 * 3 * 3  # of conv1, for one image
    assert float(cells["conv1"]["gmacs_per_s"]) == pytest.approx(2 * macs / 3 / 1e9)
    assert float(cells[""]["ms"]) == 13500
    assert cells["softmax"]["ms"] == cells["aux"]["ms"] == cells["pool"]["gmacs_per_s"] == ""
    shares = [float(cells[name]["ms_share (percent)"]) for name in RUN]
    assert shares == pytest.approx([100 * seconds / 13.5 for seconds in takes.values()], abs=1e-6)


def test_quartiles_are_numpy_s() -> None:
    seconds = tuple(np.random.default_rng(0).random(11))
    times = Times(seconds)
    assert [times.quartiles[0], times.median, times.quartiles[1]] == pytest.approx(np.percentile(seconds, [25, 50, 75]))
    assert times.spread == pytest.approx((np.percentile(seconds, 75) - np.percentile(seconds, 25)) / 2)


# the settings


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_model_runs_in_the_dtype_on_so_many_images_and_threads(timed: Path, dtype: str) -> None:
    network = api.load(timed)
    model = build_model(network, heads=False).train()
    seen = set()
    model.conv1.register_forward_hook(lambda _, inputs, __: seen.add((inputs[0].shape, inputs[0].dtype, torch.get_num_threads())))
    before = torch.get_num_threads()
    latency = measure(model, network, Settings(batch=3, dtype=dtype, threads=before + 1, repeats=2))
    assert seen == {((3, 3, 8, 8), getattr(torch, dtype), before + 1)}
    assert latency.threads == before + 1
    assert torch.get_num_threads() == before
    assert not model.training


def test_an_interrupted_measurement_leaves_no_hook_and_the_threads_as_they_were(timed: Path) -> None:
    network = api.load(timed)
    model = build_model(network, heads=False)
    before = torch.get_num_threads()

    def stop(done: int, of: int) -> None:
        assert (done, of) == (1, 5)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure(model, network, Settings(repeats=5, threads=before + 1), stop)
    assert torch.get_num_threads() == before
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in model.modules())


def test_every_device_has_a_clock() -> None:
    assert tuple(CLOCKS) == DEVICES


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"dtype": "float31"}, "--dtype is one of float32, float64, bfloat16, float16"),
        ({"device": "tpu"}, "--device is one of cpu, cuda"),
        ({"batch": 0}, "--batch is a whole number from 1"),
        ({"repeats": 1}, "--repeats is a whole number from 2"),
        ({"threads": 1.5}, "--threads is a whole number from 1"),
        ({"runs": 3}, "measure is one of batch, warmup, repeats, threads, dtype, device"),
        ({"batch": 1_000_000}, "this machine has"),
    ],
)
def test_a_wrong_setting_is_answered(told: dict[str, Any], message: str) -> None:
    with pytest.raises(archspec.SpecError, match=message):
        api.report("googlenet", measure=told)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_device_that_is_not_there_is_answered(timed: Path) -> None:
    with pytest.raises(archspec.SpecError, match="no CUDA device"):
        measured(timed, device="cuda")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_rows_are_measured_on_cuda(timed: Path) -> None:
    latency = measured(timed, device="cuda").latency
    assert list(latency.rows) == RUN
    assert latency.machine == torch.cuda.get_device_name()


# how it is shown


def test_the_json_is_what_its_schema_says(timed: Path) -> None:
    data = measured(timed, batch=2).data()
    jsonschema.validate(data, report_schema())
    assert [row["id"] for row in data["rows"] if "measured" in row] == RUN
    assert data["measurement"]["batch"] == 2
    assert "measured" not in data["heads"][0]
    del data["totals"]["measured"]["ms"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, report_schema())
    assert "measurement" not in api.report(timed).data()


@pytest.mark.parametrize("format", ["table", "markdown"])
def test_the_table_has_the_columns_and_says_how_it_was_measured(timed: Path, format: str) -> None:
    text = measured(timed, threads=1, dtype="bfloat16").text(format)
    for words in ("GMAC/s", "batch of 1 in bfloat16, 1 thread, on cpu", f"torch {torch.__version__}", "4 repeats after 1"):
        assert words in text
    assert max(map(len, text.splitlines())) <= 100 or format == "markdown"


def test_rows_are_sorted_by_their_time(timed: Path) -> None:
    report = api.report(timed, measure=True, sort="ms", columns="row,ms")
    times = [report.latency.rows[line.name].median for line in report.rows if line.name in report.latency.rows]
    assert times == sorted(times, reverse=True)


def archspec_command(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "archspec", *words], capture_output=True, text=True, check=False)


def test_the_command_measures_and_is_silent_on_stderr_where_it_is_no_terminal(timed: Path) -> None:
    words = ["--measure", "--repeats", "3", "--threads", "1", "--batch", "2", "--dtype", "float64", "--format", "json"]
    ran = archspec_command("report", str(timed), *words)
    assert (ran.returncode, ran.stderr) == (0, "")
    told = json.loads(ran.stdout)["measurement"]
    assert (told["repeats"], told["threads"], told["batch"], told["dtype"]) == (3, 1, 2, "float64")


@pytest.mark.parametrize(
    ("words", "message"),
    [(["--measure", "--dtype", "float8"], "float32, float64, bfloat16, float16"), (["--repeats", "3"], "add --measure")],
)
def test_a_wrong_option_is_answered_without_torch(words: list[str], message: str) -> None:
    code = f"""
import sys
from archspec.cli.main import main
sys.argv = ["archspec", "report", "lenet5", *{words!r}]
try:
    main()
finally:
    assert "torch" not in sys.modules
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert message in ran.stderr
    assert "Traceback" not in ran.stderr
