"""The documentation is held to the code: its specs are checked, its commands and its Python run.

`python tests/test_docs.py` writes the pages of all ops and blocks, and the real output of every command into the others.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from pydantic import BaseModel

import archspec as api
from archspec.cli.main import main
from archspec.language.arithmetic import CONSTANTS, FUNCTIONS
from archspec.language.blocks import FORMULA_NAMES, scheme_names
from archspec.language.diagnostics import CODES
from archspec.language.figures import Counts, OpRules, ParamRules
from archspec.language.names import CLAIMS, HEAD_KEYS, STRUCTURE
from archspec.language.nodes import shown as cell
from archspec.language.schema import (
    BlockModel,
    ColumnModel,
    Distribution,
    Document,
    Elsewhere,
    RowClaims,
    SourceInfo,
    SpaceModel,
    TotalClaims,
)
from archspec.language.values import TYPES
from archspec.recipe.load import load as load_recipe
from archspec.recipe.schema import RecipeModel
from archspec.render.columns import COLUMNS, FVCORE_COLUMNS
from archspec.render.data import audit_data
from archspec.render.measured import MEASURED_COLUMNS
from archspec.render.reference.pages import PAGES as REFERENCE
from archspec.render.reference.pages import reference_page
from archspec.training.crops import table, view

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted(DOCS.glob("*.md"))]


@dataclass(frozen=True)
class Fenced:
    """A fenced block: `start` is the line of its first line of text (from 0), `note` the HTML comment before it."""

    page: Path
    start: int
    language: str
    text: str
    note: str

    @property
    def file(self) -> str | None:
        """The file that the block says it is, in a first line such as `# file: mynet.yaml`."""
        match = re.match(r"# file: (\S+)\n", self.text)
        return match[1] if match else None

    def __str__(self) -> str:
        return f"{self.page.name}:{self.start}"


def fenced(page: Path) -> Iterator[Fenced]:
    """The fenced blocks of a page, in order."""
    pattern = r"(?:<!-- ([^>]*) -->\n\n?)?```(\w+)\n(.*?)```(?:\n|$)"
    text = page.read_text("utf-8")
    for match in re.finditer(rf"(?m)^{pattern}", text, re.DOTALL):
        yield Fenced(page, text.count("\n", 0, match.start(3)), match[2], match[3], match[1] or "")


BLOCKS = [block for page in PAGES for block in fenced(page)]


def of(language: str) -> list[Any]:
    return [pytest.param(block, id=str(block)) for block in BLOCKS if block.language == language]


def write_files(folder: Path, page: Path, before: int) -> None:
    """The files that a page names before a line, in a folder."""
    for block in fenced(page):
        if block.file and block.start < before:
            (folder / block.file).write_text(block.text, "utf-8")


# specs


@pytest.mark.parametrize("block", of("yaml"))
def test_a_spec_is_what_the_page_says_it_is(block: Fenced, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    if block.note == "fragment":
        assert list(yaml.parse(block.text, Loader=yaml.SafeLoader))
        return
    if block.note.startswith("needs: "):
        return  # the op of the architecture page: see below
    write_files(tmp_path, block.page, block.start)
    path = tmp_path / (block.file or "spec.yaml")
    path.write_text(block.text, "utf-8")
    if block.note == "recipe":
        assert load_recipe(str(path)).settings.name == path.stem
        return
    found = api.check(path)
    if block.note.startswith("wrong: "):
        assert {one.code for one in found} == set(block.note.removeprefix("wrong: ").split(", ")), [*map(str, found)]
    else:
        assert not block.note, f"unknown note: {block.note}"
        assert not found, "\n".join(map(str, found))


# commands


def run(command: str, folder: Path) -> str:
    """What a command prints, results and diagnostics together, 100 columns wide. Run in this process: torch is loaded once."""
    program, *words = shlex.split(command.partition(" | ")[0])
    assert program == "archspec", f"only archspec is run: {command}"
    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as here, redirect_stdout(printed), redirect_stderr(printed):
        here.chdir(folder)
        here.setattr(sys, "argv", [program, *words])
        here.setattr("signal.signal", lambda *_: None)  # this process keeps its own handlers
        for name, value in (("COLUMNS", "100"), ("NO_COLOR", "1"), ("TERM", "dumb")):
            here.setenv(name, value)
        with pytest.raises(SystemExit):
            main()
    _, pipe, rest = command.partition(" | ")
    if not pipe:
        return printed.getvalue()
    return subprocess.run(["bash", "-c", rest], input=printed.getvalue(), capture_output=True, text=True, check=True).stdout


def commands(block: Fenced) -> Iterator[tuple[str, str]]:
    """The commands of a console block, each with the output that the page shows."""
    for part in re.split(r"(?m)^\$ ", block.text)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


def lines(text: str) -> list[str]:
    """Lines without the spaces at their ends; times are not compared."""
    return [re.sub(r"\d+ ms", "N ms", line.rstrip()) for line in text.strip("\n").split("\n")]


def like(shown: str, printed: str) -> bool:
    """Whether the page shows what was printed; `...` in a line stands for anything, alone in a line for any lines."""
    pattern = "\n".join(re.escape(line).replace(r"\.\.\.", ".*") for line in lines(shown))
    pattern = re.sub(r"(?m)^\.\*$\n?", r"(?:.*\\n)*?", pattern)
    return re.fullmatch(pattern, "\n".join(lines(printed))) is not None


@pytest.mark.parametrize("block", of("console"))
def test_a_command_prints_what_the_page_shows(block: Fenced, tmp_path: Path) -> None:
    write_files(tmp_path, block.page, block.start)
    for command, shown in commands(block):
        printed = run(command, tmp_path)
        if not like(shown, printed):
            assert lines(printed) == lines(shown), command


# Python


def python(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A process of its own, on one core, since the suite uses the others."""
    one_core = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run([sys.executable, *words], cwd=cwd, env=one_core, capture_output=True, text=True)


def scripts(page: Path) -> list[Fenced]:
    """The Python of a page that is not a module of its own."""
    return [block for block in fenced(page) if block.language == "python" and not block.file]


@pytest.mark.parametrize("page", [page for page in PAGES if scripts(page)], ids=lambda page: page.name)
def test_python_runs(page: Path, tmp_path: Path) -> None:
    """All the Python of a page, from top to bottom in a process of its own, as a reader runs it."""
    blocks = scripts(page)
    write_files(tmp_path, page, blocks[-1].start)
    script = ""
    for block in blocks:
        script += "\n" * (block.start - script.count("\n")) + block.text  # the line numbers of the page
    (tmp_path / page.name).write_text(script, "utf-8")
    done = python(page.name, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_the_op_of_the_architecture_page_works(tmp_path: Path) -> None:
    """It is found by its file, counted in closed form, built, and counted by fvcore."""
    write_files(tmp_path, DOCS / "architecture.md", sys.maxsize)
    (spec,) = (block.file for block in fenced(DOCS / "architecture.md") if block.note.startswith("needs: "))
    script = f"""
import torch, archspec.ops
archspec.ops.__path__.append({str(tmp_path)!r})
from archspec import build, check, report
assert not check("{spec}"), check("{spec}")[0]
data = report("{spec}", counter="fvcore").data()
assert data["totals"]["fvcore"]["flops"] == data["totals"]["fvcore"]["closed"], data["totals"]
model = build("{spec}").eval()
assert sum(p.numel() for p in model.parameters()) == data["totals"]["params"]
assert list(model(torch.zeros(2, *data["input"])).shape) == [2, *data["output"]]
(wrong,) = check("{spec}", input="33x32x3")
assert wrong.code == "shape-mismatch", wrong
"""
    done = python("-c", script, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


# what the pages must name


def test_every_error_code_has_its_heading() -> None:
    headings = re.findall(r"(?m)^### (.+)$", (DOCS / "errors.md").read_text("utf-8"))
    assert headings == sorted(CODES)


@pytest.mark.parametrize("kind", REFERENCE)
def test_the_reference_is_what_the_code_says(kind: str) -> None:
    assert (DOCS / f"{kind}.md").read_text("utf-8") == reference_page(kind), "run python tests/test_docs.py"


@pytest.mark.parametrize("kind", REFERENCE)
def test_the_reference_has_all_that_there_is(kind: str) -> None:
    headings = re.findall(r"(?m)^## (.+)$", (DOCS / f"{kind}.md").read_text("utf-8"))
    files = {"ops": (*op_files(),), "blocks": (ROOT / "archspec" / "library").glob("*.yaml")}[kind]
    assert headings == sorted(path.stem.replace("_", " ") for path in files)


COLUMNS_TABLE = re.compile(r"(<!-- columns: [^>]*-->\n).*?(<!-- end of columns -->)", re.DOTALL)


def columns_table() -> str:
    """The columns of the report as a table in Markdown."""
    rows = [f"| `{column.key}` | {column.header} | {column.about} |" for column in COLUMNS + FVCORE_COLUMNS + MEASURED_COLUMNS]
    return "\n".join(["| `--columns` | in the table | is |", "|---|---|---|", *rows]) + "\n"


def with_columns(page: str) -> str:
    return COLUMNS_TABLE.sub(lambda found: found[1] + columns_table() + found[2], page)


def test_the_report_page_has_every_column() -> None:
    page = (DOCS / "report.md").read_text("utf-8")
    assert COLUMNS_TABLE.search(page)
    assert page == with_columns(page), "run python tests/test_docs.py"


KEYS_TABLE = re.compile(r"(<!-- keys of a recipe: [^>]*-->\n).*?(<!-- end of keys -->)", re.DOTALL)
CROPS_TABLE = re.compile(r"(<!-- crops: [^>]*-->\n).*?(<!-- end of crops -->)", re.DOTALL)


def recipe_keys(model: type[BaseModel], before: str = "") -> Iterator[str]:
    """The keys of a recipe, those inside of others after them."""
    for name, field in model.model_fields.items():
        path = before + (field.alias or name)
        inner = [one for one in (field.annotation, *get_args(field.annotation)) if isinstance(one, type)]
        nested = next((one for one in inner if issubclass(one, BaseModel) and one is not SourceInfo), None)
        plain = isinstance(field.default, int | float | str) and field.default != ""
        default = "needed" if field.is_required() or path == "name" else f"`{cell(field.default)}`" if plain else ""
        yield f"| `{path}` | {default} | {field.description} |"
        if nested is not None:
            yield from recipe_keys(nested, f"{path}: ")


def with_recipe(page: str) -> str:
    """The page with the keys of a recipe, and the crops of an image."""
    keys = "\n".join(["| key | if left out | |", "|---|---|---|", *recipe_keys(RecipeModel)])
    (header, *crops) = table(500, 375, view(load_recipe("googlenet"), 224, 224))
    rows = [header, ["---"] * len(header), *crops]
    text = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    page = KEYS_TABLE.sub(lambda found: f"{found[1]}\n{keys}\n\n{found[2]}", page)
    return CROPS_TABLE.sub(lambda found: f"{found[1]}\n{text}\n\n{found[2]}", page)


def test_the_training_page_has_every_key_and_crop() -> None:
    page = (DOCS / "training.md").read_text("utf-8")
    assert KEYS_TABLE.search(page)
    assert CROPS_TABLE.search(page)
    assert page == with_recipe(page), "run python tests/test_docs.py"


def op_files() -> Iterator[Path]:
    """The files of ops: those that name one."""
    for path in (ROOT / "archspec" / "ops").glob("*.py"):
        if re.search(r"(?m)^    name: ClassVar\[str\] = ", path.read_text("utf-8")):
            yield path


MODELS = (
    Document,
    SourceInfo,
    Elsewhere,
    RowClaims,
    TotalClaims,
    Counts,
    ParamRules,
    OpRules,
    BlockModel,
    ColumnModel,
    Distribution,
    SpaceModel,
)


def keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def test_the_language_page_names_every_word_of_the_language() -> None:
    words = [key for model in MODELS for key in keys(model)]
    words += [*STRUCTURE, *CLAIMS, *HEAD_KEYS, *FUNCTIONS, *CONSTANTS, *FORMULA_NAMES, *TYPES, *scheme_names()]
    text = (DOCS / "language.md").read_text("utf-8")
    spans = set(re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL)))
    named = spans | {span.partition("(")[0] for span in spans} | {span.removesuffix(":") for span in spans}
    assert sorted(set(words) - named) == []


def test_the_json_page_names_every_field(tmp_path: Path) -> None:
    write_files(tmp_path, DOCS / "json.md", sys.maxsize)
    (path,) = tmp_path.glob("*.yaml")
    report = api.report(path, depth=3, counter="fvcore", measure={"repeats": 2}).data()
    audit = audit_data(api.load(path), api.audit(path))
    found_diff = api.diff(path, depth=3, set="conv1.stride=1").data()
    found_diff.pop("tensors")  # by name
    diagnostics = [one.as_dict() for one in api.check(path, input="8x8")]
    assert diagnostics
    text = "".join((DOCS / name).read_text("utf-8") for name in ("json.md", "errors.md"))
    found = {key for data in (report, audit, found_diff, diagnostics) for key in fields(data)}
    assert sorted(key for key in found if f"`{key}`" not in text) == []


def fields(data: Any) -> Iterator[str]:
    """All keys of nested data; those of `claims` are the figures' names."""
    if isinstance(data, list):
        for each in data:
            yield from fields(each)
    elif isinstance(data, dict):
        for key, value in data.items():
            yield key
            yield from fields(value)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    headings = {path: set(anchors(path)) for path in PAGES}
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("https://"):
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        assert path.exists(), target
        assert not anchor or anchor in headings[path], target


def anchors(page: Path) -> Iterator[str]:
    """The headings of a page as the links of Markdown write them."""
    for heading in re.findall(r"(?m)^#+ (.+)$", re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def overwrite(page: Path) -> None:
    """Writes the real output of the page's commands into it; blocks that already show it stay as they are."""
    import tempfile

    page_lines = page.read_text("utf-8").split("\n")
    for block in reversed([block for block in fenced(page) if block.language == "console"]):
        with tempfile.TemporaryDirectory() as folder:
            write_files(Path(folder), page, block.start)
            shown = []
            for command, output in commands(block):
                printed = run(command, Path(folder))
                kept = output if like(output, printed) else printed
                shown += [f"$ {command}", *(line.rstrip() for line in kept.strip("\n").split("\n") if kept.strip())]
        page_lines[block.start : block.start + block.text.count("\n")] = shown
    page.write_text("\n".join(page_lines), "utf-8")


if __name__ == "__main__":
    for kind in REFERENCE:
        (DOCS / f"{kind}.md").write_text(reference_page(kind), "utf-8")
    report = DOCS / "report.md"
    report.write_text(with_columns(report.read_text("utf-8")), "utf-8")
    training = DOCS / "training.md"
    training.write_text(with_recipe(training.read_text("utf-8")), "utf-8")
    for each in PAGES:
        overwrite(each)
