"""The audit beyond Table 1: totals, receptive fields, and the reasons for what differs."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import torchvision

import archspec
from archspec.analysis.audit import Finding
from archspec.language.resolve import shipped
from archspec.render.audit import audit_page
from archspec.render.data import audit_data
from archspec.render.page import plain


def spec(*rows: str, top: str = "", size: str = "32x32x3") -> str:
    lines = "".join(f"  - {row}\n" for row in rows)
    return f"name: t\ninput: {size}\n{top}rows:\n{lines}"


def found(path: Path | str, **changes: str) -> dict[tuple[str | None, str], Finding]:
    return {(one.row, one.key): one for one in archspec.audit(path, **changes) if not one.source}


@pytest.fixture
def write(tmp_path: Path):
    def one(text: str, name: str = "t.yaml") -> Path:
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return one


#: the receptive fields that the first table of Araujo, Norris, Sim 2019 (Distill) publishes, after the row of the last map
PUBLISHED = {"alexnet": ("pool5", 195), "vgg16": ("pool5", 212), "bn-inception": ("inception_5b", 699)}


@pytest.mark.parametrize("name", PUBLISHED)
@pytest.mark.parametrize("off", [0, 1])
def test_a_stated_receptive_field(name: str, off: int, write) -> None:
    """The published one agrees, another one does not."""
    row, size = PUBLISHED[name]
    path = write(f"extends: {name}\nname: v\nrows: {{{row}: {{receptive field: {size + off}}}}}\n")
    finding = found(path)[row, "receptive field"]
    assert (finding.published, finding.computed) == (f"{size + off}x{size + off}", f"{size}x{size}")
    assert (finding.agrees, finding.differs) == (off == 0, off == 1)


POOLED = ("{id: c, type: conv, patch: 3x5/2, padding: 1x2, filters: 4}", "{id: p, type: adaptive avg pool}")


@pytest.mark.parametrize(
    ("stated", "rows", "agrees"),
    [
        ("3x5", POOLED[:1], True),
        ("5x3", POOLED[:1], False),
        ("3", POOLED[:1], False),
        ("32", POOLED, True),  # all of the input
        ("31x32", POOLED, False),
        ("33", POOLED, False),
        ("32", ("{id: l, type: linear, filters: 3}",), True),
    ],
)
def test_the_receptive_field_of_the_whole(stated: str, rows: tuple[str, ...], agrees: bool, write) -> None:
    """What one place of the output reads; it never reads more than the input has."""
    finding = found(write(spec(*rows, top=f"claims: {{receptive field: {stated}}}\n")))[None, "receptive field"]
    assert finding.agrees is agrees, finding


def test_the_largest_of_several_outputs_counts(write) -> None:
    rows = [f"{{id: c{side}, type: conv, patch: {side}x{side}, padding: same, filters: 4, from: input}}" for side in (3, 7, 5)]
    finding = found(write(spec(*rows, top="outputs: [c3, c7, c5]\nclaims: {receptive field: 7}\n")))[None, "receptive field"]
    assert finding.agrees


def test_totals_by_another_count(write) -> None:
    """Parameters with the heads and output elements, as torchvision's modules have them."""
    model = torchvision.models.inception_v3(weights=None, init_weights=False)
    params = sum(each.numel() for each in model.parameters())
    for stated, agrees in ((params, True), (params + 1, False)):
        top = f"claims: {{params with heads: {stated}}}\nsource: {{counts: {{tolerance: 0}}}}\n"
        finding = found(write(f"extends: inception-v3\nname: v\n{top}"))[None, "params with heads"]
        assert finding.agrees is agrees, finding


def test_activations_are_elements_that_a_convolution_or_linear_gives(write) -> None:
    rows = (
        "{id: c, type: convolution, patch: 3x3/2, filters: 4, norm: batch norm, activations: 1024}",
        "{type: linear, filters: 6}",
    )
    findings = found(write(spec(*rows, top="claims: {activations: 1030}\nsource: {counts: {tolerance: 0}}\n")))
    assert {key: one.agrees for key, one in findings.items()} == {("c", "activations"): True, (None, "activations"): True}


# reasons

REASONS = spec(
    "{id: a, type: conv, patch: 3x3, filters: 4, params: 5, ops: 6, depth: 1, why: {params: few, ops: many}}",
    "{id: b, type: conv, patch: 3x3, filters: 4, params: 7, output size: 9x9, erratum: {output size: printed so}, why: unknown}",
    top="claims: {params: 1, depth: 3, why: {depth: other}, erratum: {params: misprint}}\n",
)


def test_each_figure_has_its_own_reason(write) -> None:
    told = {key: (one.erratum, one.why, one.differs) for key, one in found(write(REASONS)).items()}
    assert told == {
        ("a", "params"): (None, "few", True),
        ("a", "ops"): (None, "many", True),
        ("a", "depth"): (None, None, False),
        ("b", "params"): (None, "unknown", True),
        ("b", "output size"): ("printed so", "unknown", False),
        (None, "params"): ("misprint", None, False),
        (None, "depth"): (None, "other", True),
    }


def test_reasons_stand_below_the_table_and_in_the_data(write) -> None:
    network = archspec.load(write(REASONS))
    text = plain(audit_page(network, archspec.audit(write(REASONS))))
    assert "\na params: few\na ops: many\nb params and output size: unknown\nb output size: erratum: printed so\n" in text
    data = {(one["row"], one["figure"]): one for one in audit_data(network, archspec.audit(write(REASONS)))["findings"]}
    assert (data["a", "params"]["why"], "erratum" in data["a", "params"], "why" in data["a", "depth"]) == ("few", False, False)
    assert data[None, "params"]["erratum"] == "misprint"


def test_only_an_erratum_excuses_a_size(write) -> None:
    path = write(spec("{id: a, type: relu, output size: 9x9x3, why: misprint}"))
    assert [one.code for one in archspec.check(path)] == ["output-size"]


def test_why_does_not_outlive_a_change(write) -> None:
    """It is about the network that was changed; the variant may state its own, also of a figure that it inherits."""
    write(REASONS)
    path = write("extends: ./t.yaml\nname: v\nclaims: {why: {depth: another}}\nrows: {b: {filters: 5, why: new}}\n", "v.yaml")
    told = {key: (one.inherited, one.erratum, one.why) for key, one in found(path).items()}
    assert told["a", "params"] == (True, None, None)
    assert told["b", "params"] == (True, None, "new")
    assert told["b", "output size"] == (True, "printed so", "new")
    assert told[None, "depth"] == (True, None, "another")
    assert told[None, "params"] == (True, "misprint", None)


def test_a_reason_is_taken_away_with_null(write) -> None:
    write(REASONS)
    path = write("extends: ./t.yaml\nname: v\nclaims: {erratum: null}\n", "v.yaml")
    assert found(path)[None, "params"].erratum is None


# further sources

ELSEWHERE = (
    "elsewhere:\n  one: {counts: {ops: {unit: flops}, tolerance: 0}, claims: {ops: 6912, params: 113, why: {params: w}},"
    " rows: {c: {ops: 6912}}}\n"
    "  two: {title: a page, rows: {c: {receptive field: 3, depth: 2, erratum: {depth: e}}}}\n"
)
OWN = spec("{id: c, type: conv, patch: 3x3, filters: 4, ops: 3456}", "{id: r, type: relu}", size="12x12x3", top=ELSEWHERE)


def told(path: Path) -> dict[tuple[str | None, str], tuple[str, bool, bool, str | None, str | None]]:
    findings = archspec.audit(path)
    return {(one.row, one.figure): (one.published, one.agrees, one.inherited, one.erratum, one.why) for one in findings}


def test_a_further_source_counts_by_its_own_rules(write) -> None:
    assert told(write(OWN.replace("12x12", "4x8"))) == {
        ("c", "ops"): ("3456", True, False, None, None),
        ("c", "ops (one)"): ("6912", True, False, None, None),
        (None, "ops (one)"): ("6912", True, False, None, None),
        (None, "params (one)"): ("113", False, False, None, "w"),
        ("c", "receptive field (two)"): ("3x3", True, False, None, None),
        ("c", "depth (two)"): ("2", False, False, "e", None),
    }


def test_a_variant_changes_further_sources(write) -> None:
    """Key by key; null takes a source away, and a row that goes takes its figures along."""
    write(OWN.replace("12x12", "4x8"))
    changes = "elsewhere: {one: {claims: {params: 112, ops: null}}, two: null, three: {rows: {r: {params: 0}}}}\n"
    assert told(write(f"extends: ./t.yaml\nname: v\n{changes}", "v.yaml")) == {
        ("c", "ops"): ("3456", True, True, None, None),
        ("c", "ops (one)"): ("6912", True, True, None, None),
        (None, "params (one)"): ("112", True, False, None, None),
        ("r", "params (three)"): ("0", True, False, None, None),
    }
    gone = told(write("extends: ./t.yaml\nname: w\nrows: {c: null}\n", "w.yaml"))
    assert set(gone) == {(None, "ops (one)"), (None, "params (one)")}


def test_figures_of_further_sources_are_in_the_data(write) -> None:
    network = archspec.load(write(OWN))
    data = audit_data(network, archspec.audit(write(OWN)))
    assert [one.get("source") for one in data["findings"]] == [None, "one", "one", "one", "two", "two"]
    assert archspec.report(write(OWN)).data()["claims"] == {}


# the shipped specs

TORCHVISION = [*csv.DictReader((Path(__file__).parent / "data" / "torchvision.csv").read_text("utf-8").splitlines())]


@pytest.mark.parametrize("row", TORCHVISION, ids=lambda row: row["spec"])
def test_what_torchvision_publishes_is_claimed_and_reproduced(row: dict[str, str]) -> None:
    stated = {one.key: one for one in archspec.audit(row["spec"]) if one.source == "torchvision"}
    params = stated["params with heads" if row["spec"] == "inception-v3" else "params"]
    shown = (params.published, stated["ops"].published)
    assert shown == (f"{int(row['published_params']):,}", f"{row['published_gmacs']}B")
    assert all(one.agrees and not one.inherited for one in stated.values())


#: by the same source for TF-Slim's ResNets, whose stages end with their stride
SLIM = {"resnet50": 483, "resnet101": 1027, "resnet152": 1507}


@pytest.mark.parametrize("name", SLIM)
def test_a_published_receptive_field_that_differs_has_the_reason_that_is_given(name: str) -> None:
    (one,) = (one for one in archspec.audit(name) if one.source == "distill")
    assert (one.published, one.agrees) == (f"{SLIM[name]}x{SLIM[name]}", False)
    assert "stride" in (one.why or "")
    (other,) = (one for one in archspec.audit(name, set="defaults.bottleneck.strided=1x1") if one.source == "distill")
    assert other.agrees


@pytest.mark.parametrize("name", shipped())
def test_whatever_differs_has_a_reason_and_no_reason_explains_nothing(name: str) -> None:
    for one in archspec.audit(name):
        if not one.inherited:
            assert one.agrees or bool(one.erratum) != bool(one.why), one
        else:
            assert not one.why or not one.agrees, one


def test_bn_inception_differs_where_its_table_says_so() -> None:
    """4c and 4d sum to 608 channels, 3c and 4e are printed before their stride: errata. Two depths and the total are not."""
    findings = archspec.audit("bn-inception")
    errata = {"inception_3c": "14x14x576", "inception_4c": "14x14x608", "inception_4d": "14x14x608", "inception_4e": "7x7x1056"}
    assert {one.row: one.computed for one in findings if one.erratum and not one.agrees} == errata
    assert {one.key for one in findings if one.erratum and not one.agrees} == {"output size"}
    assert {(one.row, one.key) for one in findings if one.differs} == {("conv1", "depth"), ("conv2", "depth"), (None, "params")}
