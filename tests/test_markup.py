"""What Markdown and LaTeX would read as markup shows as text, and LaTeX has the paper's columns and compiles."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from printed import GITHUB, from_markdown

import archspec as api
from archspec.language.resolve import shipped

ROOT = Path(__file__).parent.parent


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
