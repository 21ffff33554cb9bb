"""The formats of the report: golden files, the printed columns re-added, markup escaped, and what each format promises."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from printed import READERS, from_csv, table

import archspec as api
from archspec.language.diagnostics import SpecError
from archspec.language.resolve import shipped
from archspec.render.columns import COLUMNS
from archspec.render.report import FORMATS

ROOT = Path(__file__).parent.parent
ENDINGS = {"table": "txt", "markdown": "md", "latex": "tex", "csv": "csv", "json": "json"}

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
    reports = {f"{name}.{ending}" for name in ("googlenet", "markup") for ending in ENDINGS.values()}
    assert names == reports | {"diff.txt", "diff.md"}


# the printed columns, read back as text


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


# CSV


def test_csv_is_rfc_4180_with_exact_integers(marked: Path) -> None:
    text = api.report(marked, columns="path,type,params").text("csv")
    lines = text.split("\r\n")
    assert lines[-1] == ""
    assert "\n" not in text.replace("\r\n", "")
    assert {len(row) for row in from_csv(text)} == {3}
    big = {row[0]: row[1] for row in table("googlenet", "csv", "kind,macs")[1:]}
    assert big["total"] == "1582671872"
