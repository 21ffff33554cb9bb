"""The formats of the report: golden files, the printed columns re-added, markup escaped, and what each format promises."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt

from archspec import api
from archspec.language.diagnostics import SpecError
from archspec.language.resolve import shipped
from archspec.render.columns import COLUMNS
from archspec.render.data import audit_data
from archspec.render.report import FORMATS
from archspec.render.schema import SCHEMAS

ROOT = Path(__file__).parent.parent
GITHUB = MarkdownIt("commonmark").enable(["table", "strikethrough"])
ENDINGS = {"table": "txt", "markdown": "md", "latex": "tex", "csv": "csv", "json": "json"}

#: branches, heads, named outputs, an own type whose name is full of markup, a row of its own kind twice
MARKUP = r"""
name: mark_up
about: '100% of <b>it</b> | a_b, $5 & \more'
input: 16x16x3
blocks:
  'a|b *c* #1 & 50% ~x^2':
    columns: {width: {type: count, header: 'width {x}', default: 4}}
    body: [{type: convolution, patch: 3x3, filters: =width}]
rows:
  - {id: one, type: 'a|b *c* #1 & 50% ~x^2', 'width {x}': 8}
  - {id: two, type: 'a|b *c* #1 & 50% ~x^2'}
  - {id: mixed, concat: {l: {type: conv, patch: 1x1, filters: 2}, r: {type: max pool, patch: 3x3, stride: 1, padding: same}}}
  - {id: pool, type: global avg pool}
  - {id: fc, type: linear, filters: 5}
heads:
  aux: {from: one, type: linear, filters: 3}
outputs: {early: two, late: fc}
"""


@pytest.fixture
def marked(tmp_path: Path) -> Path:
    path = tmp_path / "mark_up.yaml"
    path.write_text(MARKUP, "utf-8")
    return path


# golden files


@pytest.mark.parametrize("format", FORMATS)
def test_googlenet_prints_what_its_golden_file_has(format: str, golden: Callable[[str, str], None]) -> None:
    golden(f"googlenet.{ENDINGS[format]}", api.report("googlenet").text(format))


@pytest.mark.parametrize("format", FORMATS)
def test_a_network_with_branches_heads_and_outputs_prints_what_its_golden_file_has(
    format: str, marked: Path, golden: Callable[[str, str], None]
) -> None:
    golden(f"markup.{ENDINGS[format]}", api.report(marked, depth=3).text(format))


def test_every_golden_file_is_compared() -> None:
    names = {path.name for path in (ROOT / "tests" / "golden").iterdir()}
    assert names == {f"{name}.{ending}" for name in ("googlenet", "markup") for ending in ENDINGS.values()}


# the printed columns, read back as text


def table(name: str, format: str, columns: str = "kind,level,row,params,macs,activations", depth: int = 1) -> list[list[str]]:
    """The cells of every line of a printed report, its head first."""
    text = api.report(name, columns=columns, depth=depth).text(format)
    return list(READERS[format](text))


def from_terminal(text: str) -> Iterator[list[str]]:
    for line in text.split("\n\n")[1].splitlines():
        if line.strip():
            yield re.split(r" {2,}", line.strip())


def from_markdown(text: str) -> Iterator[list[str]]:
    """As GitHub's dialect of CommonMark is read by another program."""
    cells: list[str] = []
    for token in GITHUB.parse(text):
        if token.type == "tr_open":
            cells = []
        elif token.type == "inline":
            cells.append("".join(child.content for child in token.children or ()))
        elif token.type == "tr_close":
            yield [*cells]


def from_latex(text: str) -> Iterator[list[str]]:
    for line in text.splitlines():
        if line.endswith(r" \\"):
            yield [cell.strip() for cell in line.removesuffix(r" \\").split(" & ")]


def from_csv(text: str) -> Iterator[list[str]]:
    yield from csv.reader(io.StringIO(text, newline=""), strict=True)


READERS = {"table": from_terminal, "markdown": from_markdown, "latex": from_latex, "csv": from_csv}


def number(cell: str) -> int:
    return 0 if cell in ("–", "") else int(cell.replace(",", ""))


@pytest.mark.parametrize("name", shipped())
@pytest.mark.parametrize("format", READERS)
def test_the_printed_rows_add_up_to_the_printed_total(name: str, format: str) -> None:
    sums: Counter[int] = Counter()
    printed: list[int] = []
    rows = table(name, format)[1:]
    for kind, _, _, *figures in rows:
        if kind == "row":
            sums.update({index: number(cell) for index, cell in enumerate(figures)})
        elif kind == "total":
            printed = [*map(number, figures)]
    assert len(rows) >= 8
    assert printed == [sums[index] for index in range(3)]
    assert printed[0] > 0


@pytest.mark.parametrize("name", shipped())
def test_shares_add_up_to_100(name: str) -> None:
    for key in ("params_share", "macs_share"):
        rows = [row for row in table(name, "csv", f"kind,{key}")[1:] if row[0] == "row"]
        assert sum(float(share or 0) for _, share in rows) == pytest.approx(100, abs=1e-4)
        short = [float(cells[1]) for cells in table(name, "markdown", f"kind,{key}")[1:] if cells[0] == "row" and cells[1]]
        assert abs(sum(short) - 100) <= 0.05 * len(short) + 1e-9


def test_the_parts_of_a_row_add_up_to_it() -> None:
    rows = table("googlenet", "csv", "level,path,params,macs", depth=2)[1:]
    parts: Counter[str] = Counter()
    for level, path, params, _ in rows:
        if level == "2":
            parts[path.rpartition(".")[0]] += int(params)
    whole = {path: int(params) for level, path, params, _ in rows if level == "1"}
    assert len(parts) >= 9
    assert parts == {path: whole[path] for path in parts}


@pytest.mark.parametrize("name", shipped())
def test_the_paper_s_table_in_latex_adds_up_within_its_rounding(name: str) -> None:
    """Its figures are rounded to a tenth of K or M, or exact."""
    network = api.load(name)
    for key, column, base in (
        ("rounded_params", "params", network.counts.params.base),
        ("rounded_ops", "ops", network.counts.ops.base),
    ):
        scale = {"": 1, "K": base, "M": base**2}
        sums = slack = total = 0.0
        for kind, cell in table(name, "latex", f"kind,{key}")[1:]:
            if not cell:
                continue
            value, unit = re.fullmatch(r"([\d,.]+)([KM]?)", cell).groups()  # type: ignore[union-attr]
            figure = float(value.replace(",", "")) * scale[unit]
            off = scale[unit] / 20 if unit else 0
            if kind == "row":
                sums, slack = sums + figure, slack + off
            elif kind == "total":
                total, slack = figure, slack + off
        assert total > 0, column
        assert abs(sums - total) <= slack + 1e-6, column


# widths


def test_the_table_fits_100_columns_for_every_shipped_spec() -> None:
    for name in shipped():
        lines = str(api.report(name)).splitlines()
        assert max(map(len, lines)) <= 100, name


@pytest.mark.parametrize(
    "columns", ["row,output,params,macs,macs_share,macs_bar", "row,depth,receptive_field,output_stride,params"]
)
def test_fewer_columns_fit_80(columns: str) -> None:
    for name in shipped():
        lines = api.report(name, columns=columns).text().split("\n\n")[1].splitlines()
        assert max(map(len, lines)) <= 80, name


def test_no_cell_is_cut_off_where_many_columns_are_asked_for() -> None:
    every = [column.key for column in COLUMNS]
    printed = api.report("googlenet", columns=every).text()
    assert "1,582,671,872" in printed.split("\n\n")[1]
    assert "published params" in printed
    assert "…" not in printed


# order and choice


def test_rows_are_sorted_by_a_column_and_parts_stay_below_them() -> None:
    rows = table("googlenet", "csv", "level,path,macs", depth=1)[1:22]
    by_macs = api.report("googlenet", columns="level,path,macs", sort="macs", depth=2).text("csv")
    ordered = [row for row in from_csv(by_macs) if row[0] == "1"][:21]
    assert [int(row[2]) for row in ordered] == sorted((int(row[2]) for row in rows), reverse=True)
    above = ""
    for level, path, _ in list(from_csv(by_macs))[1:-2]:
        above = path if level == "1" else above
        assert level != "2" or path.startswith(f"{above}.")
    data = api.report("googlenet", sort="macs").data()
    assert [row["path"] for row in data["rows"]] == [row[1] for row in ordered]


def test_text_is_sorted_from_a_to_z_and_a_spec_s_own_numbers_as_numbers() -> None:
    def rows(sort: str) -> list[list[str]]:
        report = api.report("googlenet", columns=("row", "type", "#3x3"), sort=sort)
        return list(from_csv(report.text("csv")))[1:22]

    types = [row[1] for row in rows("type")]
    assert types == sorted(types)
    filters = [int(row[2]) for row in rows("#3x3") if row[2]]
    assert filters == sorted(filters, reverse=True)
    assert {row[2] for row in rows("#3x3")[len(filters) :]} == {""}


def test_a_column_goes_by_every_spelling_of_its_name() -> None:
    for spelling in ("#3x3 reduce", "3x3_reduce", "3×3 Reduce"):
        assert table("googlenet", "csv", f"row,{spelling}")[4] == ["conv2", "64"]
    assert table("googlenet", "csv", "row,Receptive Field")[1] == ["conv1", "7x7"]


def test_a_column_that_is_not_there_gets_the_list_of_those_that_are() -> None:
    with pytest.raises(SpecError) as caught:
        api.report("vgg16", columns="row,#3x3 reduce")
    (one,) = caught.value.diagnostics
    assert one.code == "unsupported"
    for column in COLUMNS:
        assert column.key in one.message


# markup


def test_markup_in_a_spec_shows_as_text_in_markdown(marked: Path) -> None:
    text = api.report(marked, columns="row,type,width {x},params").text("markdown")
    rows = list(from_markdown(text))
    assert rows[0] == ["row", "type", "width {x}", "parameters"]
    assert rows[1] == ["one", "a|b *c* #1 & 50% ~x^2", "8", "224"]
    assert {len(row) for row in rows} == {4}
    (title, *_) = [token for token in GITHUB.parse(text) if token.type == "inline"]
    shown = "".join(child.content for child in title.children or ())
    assert shown == r"mark_up, input 16x16x3, 100% of <b>it</b> | a_b, $5 & \more"
    assert not [child for child in title.children or () if child.type == "html_inline"]


def test_markup_in_a_spec_shows_as_text_in_latex(marked: Path) -> None:
    text = api.report(marked, columns="row,type,width {x},params").text("latex")
    body = text[text.index("\\begin") :]
    assert r"one & a\textbar{}b *c* \#1 \& 50\% \textasciitilde{}x\textasciicircum{}2 & 8 & 224 \\" in body
    assert r"width\\\{x\}" in body
    plain = re.sub(r"\\[#$%&_{}]", "", body)
    assert not re.search(r"[#%_^~|<>]", plain)
    assert plain.count("{") == plain.count("}")


def test_latex_has_the_columns_of_table_1() -> None:
    head = api.report("googlenet").text("latex").splitlines()[4].strip().removesuffix(r" \\").split(" & ")
    plain = [re.sub(r"\\shortstack\[.\]\{(.*)\}", r"\1", one).replace(r"\\", " ").replace(r"$\times$", "x") for one in head]
    (paper, *_) = csv.reader((ROOT / "tests" / "data" / "googlenet_table1.csv").read_text("utf-8").splitlines())
    expected = ["type", "patch size/ stride", "output size", "depth", "#1x1", "#3x3 reduce", "#3x3", "#5x5 reduce", "#5x5"]
    expected += ["pool proj", "params", "ops"]
    assert [one.replace("\\", "") for one in plain] == expected
    assert set(expected[4:10]) <= set(paper)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex")
def test_latex_compiles(marked: Path, tmp_path: Path) -> None:
    tables = [*map(api.report, shipped()), api.report(marked, depth=9)]
    page = "\\documentclass{article}\\usepackage[landscape,margin=1cm]{geometry}\\usepackage{booktabs}\\begin{document}\\tiny\n"
    page += "\\newpage\n".join(report.text("latex") for report in tables) + "\\end{document}\n"
    (tmp_path / "page.tex").write_text(page, "utf-8")
    words = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert f"({len(tables)} pages" in done.stdout
    assert "Overfull" not in done.stdout


# CSV and JSON


def test_csv_is_rfc_4180_with_exact_integers(marked: Path) -> None:
    text = api.report(marked, columns="path,type,params").text("csv")
    lines = text.split("\r\n")
    assert lines[-1] == ""
    assert "\n" not in text.replace("\r\n", "")
    assert {len(row) for row in from_csv(text)} == {3}
    big = {row[0]: row[1] for row in table("googlenet", "csv", "kind,macs")[1:]}
    assert big["total"] == "1582671872"


def undescribed(data: Any, schema: Any, defs: Any) -> Iterator[str]:
    """The keys of data that its schema does not name."""
    if "$ref" in schema:
        schema = defs[schema["$ref"].removeprefix("#/$defs/")] | {key: each for key, each in schema.items() if key != "$ref"}
    if isinstance(data, list):
        for each in data:
            yield from undescribed(each, schema.get("items", {}), defs)
    elif isinstance(data, dict):
        parts = [schema, *schema.get("allOf", ())]
        parts = [defs[part["$ref"].removeprefix("#/$defs/")] if "$ref" in part else part for part in parts]
        known = {key: each for part in parts for key, each in part.get("properties", {}).items()}
        for key, value in data.items():
            found = known.get(key, schema.get("additionalProperties"))
            if found is None:
                yield key
            else:
                yield from undescribed(value, found, defs)


@pytest.mark.parametrize("name", shipped())
def test_the_json_of_every_spec_is_what_its_schema_says(name: str) -> None:
    network = api.load(name)
    found = {
        "report": api.report_network(network, depth=9).data(),
        "audit": audit_data(network, api.audit_network(network)),
    }
    for what, data in found.items():
        schema = SCHEMAS[what]()
        plain = json.loads(json.dumps(data))
        assert [error.message for error in Draft202012Validator(schema).iter_errors(plain)] == []
        assert [*undescribed(plain, schema, schema["$defs"])] == []


def test_a_schema_refuses_what_is_not_the_contract() -> None:
    data = json.loads(api.report("lenet5").text("json"))
    validator = Draft202012Validator(SCHEMAS["report"]())
    for spoil in (
        lambda one: one["rows"][0].pop("params"),
        lambda one: one["rows"][0].update(macs="many"),
        lambda one: one["totals"].update(depth=-1),
        lambda one: one.update(schema=2),
        lambda one: one["rows"][0].update(receptive_field=[5]),
    ):
        one = json.loads(json.dumps(data))
        spoil(one)
        assert list(validator.iter_errors(one))


@pytest.mark.parametrize("what", ["report", "audit"])
def test_the_schema_file_is_what_the_code_says(what: str) -> None:
    path = ROOT / "specs" / f"{what}.schema.json"
    Draft202012Validator.check_schema(SCHEMAS[what]())
    text = json.dumps(SCHEMAS[what](), indent=1, ensure_ascii=False) + "\n"
    assert path.read_text("utf-8") == text, f"run archspec schema --of {what} -o specs/{what}.schema.json"


# files and pipes


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
