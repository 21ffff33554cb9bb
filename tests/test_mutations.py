"""Every shipped spec and generated ones, damaged: answered with diagnostics that have a place, in seconds, in little memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from drawn import TIMES, Drawn, examples
from hypothesis import given
from mutations import MEMORY, misplaced, mutated
from strategies import specs

from archspec.language.diagnostics import Diagnostic
from archspec.language.places import Place, Source
from archspec.language.resolve import shipped


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what is mutated."""
    folder = tmp_path_factory.mktemp("texts")
    for name, path in shipped().items():
        (folder / f"{name}.txt").write_text(path.read_text())

    @examples(25)
    @given(specs())
    def collect(drawn: Drawn) -> None:
        number = len(list(folder.glob("*.txt")))
        (folder / f"generated{number}.txt").write_text(drawn.load().text)

    collect()
    return folder


@pytest.mark.parametrize("part", range(2))
def test_damaged_specs(texts: Path, part: int) -> None:
    """No exception, no hang, less than 500 MB."""
    count = 250 * TIMES
    command = [sys.executable, str(Path(__file__).with_name("mutations.py")), str(texts), str(part * count), str(count)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parent.parent)
    assert done.returncode == 0, done.stderr
    *problems, memory = done.stdout.splitlines()
    assert not problems, "\n\n".join("{problem}\n{text}".format(**json.loads(problem)) for problem in problems[:5])
    assert int(memory) < MEMORY


def test_the_check_of_places_can_fail() -> None:
    """A place outside its text is told."""
    source = Source("x", "one\ntwo")
    for line, column, count in ((1, 4, 0), (2, 1, 0), (1, 5, 1), (4, 1, 1), (0, 1, 1)):
        one = Diagnostic("bad-value", "so", Place(source, line, column))
        assert len(list(misplaced(one))) == count, (line, column)


def test_mutations_change_the_text() -> None:
    text = shipped()["lenet5"].read_text()
    assert len({mutated([text], seed) for seed in range(100)} - {text}) > 90
