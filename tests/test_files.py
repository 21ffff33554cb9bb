"""Files are written whole or not at all."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from archspec.files import write_whole


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    target = tmp_path / "weights.safetensors"
    target.write_text("old")
    target.chmod(0o640)
    write_whole(target, lambda part: part.write_text("new") and None)
    assert target.read_text() == "new"
    assert target.stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == [target.name]


def test_a_new_file_gets_the_usual_mode(tmp_path: Path) -> None:
    write_whole(tmp_path / "new", lambda part: part.write_text("new") and None)
    (tmp_path / "usual").write_text("")
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "usual").stat().st_mode


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt(), SystemExit(1), ValueError()])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, error: BaseException) -> None:
    target = tmp_path / "weights.safetensors"
    target.write_text("old")

    def write(part: Path) -> None:
        part.write_text("half of it")
        raise error

    with pytest.raises(type(error)):
        write_whole(target, write)
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == [target.name]


def test_a_folder_that_cannot_be_written_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        write_whole(tmp_path / "missing" / "file", lambda part: None)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_build_leaves_the_old_file(tmp_path: Path, number: signal.Signals, status: int) -> None:
    """The command is stopped while it writes."""
    code = """
import sys, time
import archspec.cli.build as build
from archspec.cli.main import main
from archspec.files import write_whole

def slowly(model, network, path):
    def write(part):
        part.write_text("half of it")
        print("writing", flush=True)
        time.sleep(60)
    write_whole(path, write)

build.WRITERS[".safetensors"] = slowly
sys.argv = ["archspec", "build", "googlenet", "-o", "weights.safetensors"]
main()
"""
    (tmp_path / "weights.safetensors").write_text("old")
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    deadline = time.monotonic() + 120
    for line in process.stdout:
        if line == "writing\n" or time.monotonic() > deadline:
            break
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (status, "")
    assert (tmp_path / "weights.safetensors").read_text() == "old"
    assert os.listdir(tmp_path) == ["weights.safetensors"]


def test_a_build_that_computes_ends_when_it_is_told_to(tmp_path: Path) -> None:
    """A long forward pass does not hold a SIGTERM back."""
    rows = "rows: [{id: r, type: conv, patch: 31x31, filters: 32}]"
    (tmp_path / "slow.yaml").write_text(f"name: slow\ninput: 1500x1500x3\n{rows}\n")
    command = [sys.executable, "-u", "-m", "archspec", "build", "slow.yaml"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert any(line.startswith("built:") for line in process.stdout)
        process.terminate()
        assert process.wait(timeout=10) == -signal.SIGTERM
