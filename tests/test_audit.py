"""The audit beyond Table 1: totals, receptive fields, and the reasons for what differs."""

from __future__ import annotations

from pathlib import Path

import pytest
import torchvision

import archspec
from archspec.analysis.audit import Finding
from archspec.language.resolve import shipped
from archspec.render.data import audit_data
from archspec.render.terminal import as_text, audit_table


def spec(*rows: str, top: str = "", size: str = "32x32x3") -> str:
    lines = "".join(f"  - {row}\n" for row in rows)
    return f"name: t\ninput: {size}\n{top}rows:\n{lines}"


def found(path: Path | str, **changes: str) -> dict[tuple[str | None, str], Finding]:
    return {(one.row, one.key): one for one in archspec.audit(path, **changes)}


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
    text = as_text(audit_table(network, archspec.audit(write(REASONS))))
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


# the shipped specs


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
