"""Where a report goes: a file, a pipe that nobody reads, a stream that cannot take every character."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import archspec as api
from archspec.render.report import FORMATS


def archspec(*words: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "archspec", *words], capture_output=True, text=True, check=False, **options)


@pytest.mark.parametrize("format", FORMATS)
def test_a_report_goes_into_a_file_as_it_would_be_printed(format: str, tmp_path: Path) -> None:
    path = tmp_path / "report"
    done = archspec("report", "lenet5", "--format", format, "-o", str(path))
    assert (done.returncode, done.stdout, done.stderr) == (0, f"wrote {path}\n", "")
    assert path.read_bytes().decode("utf-8") == api.report("lenet5").text(format)
    assert [*tmp_path.iterdir()] == [path]
    wrong = archspec("report", "lenet5", "--format", format, "-o", str(tmp_path / "no" / "such"))
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "error[bad-file]" in wrong.stderr


VERBS = ["report googlenet", "report googlenet --format csv --depth 9", "audit googlenet", "check googlenet", "list", "schema"]


@pytest.mark.skipif(os.name == "nt", reason="no SIGPIPE")
@pytest.mark.parametrize("verb", VERBS)
def test_a_pipe_that_nobody_reads_ends_every_verb_quietly(verb: str) -> None:
    """By SIGPIPE, as any filter: 141 for the shell."""
    command = f"{sys.executable} -m archspec {verb} | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("141\n", "")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_a_stream_that_has_no_blocks_gets_ascii(encoding: str) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = archspec("report", "googlenet", env=environment, encoding=encoding)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii()
    assert re.search(r"^conv2 .* 22\.7  #####$", done.stdout, re.MULTILINE)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize("words", [["report", "lenet5"], ["audit", "lenet5", "--format", "json"], ["reconcile", "lenet5"]])
def test_a_full_disk(words: list[str]) -> None:
    """Says so, and exits with 2."""
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "archspec", *words], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (2, "archspec: the output cannot be written: No space left on device\n")
