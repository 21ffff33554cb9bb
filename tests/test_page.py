"""The plain layout of a page is what rich prints of it in a terminal of that width, but for styles."""

import pytest

import archspec
from archspec.language.resolve import shipped
from archspec.render.audit import audit_page
from archspec.render.page import Grid, Header, Title, plain
from archspec.render.terminal import RichPage, as_text


@pytest.mark.parametrize("name", shipped())
def test_plain_text_is_what_rich_prints(name: str) -> None:
    network = archspec.load(name)
    pages = [archspec.report(name).page(), archspec.report(name, depth=3).page(), audit_page(network, archspec.audit(name))]
    for page in pages:
        for width in (100, 140):
            assert plain(page, width) == as_text(RichPage(page), width)


def test_folds_aligns_and_cuts() -> None:
    headers = (Header("row", left=True), Header("type", left=True, folds=True), Header("n"))
    table = Grid(headers, ((("a", "one two three", "1,024"), ""), (("bb", "one", "-"), "bold")))
    page = Title("t", "   a network with a long name"), "", table, "a note that wraps"
    assert (
        plain(page, 16)
        == """\
t   a network w…

row  type       n
a    one    1,024
     two
     three
bb   one        -
a note that
wraps
"""
    )
    for width in (24, 40):
        assert plain(page, width) == as_text(RichPage(page), width)


def test_a_word_is_never_cut() -> None:
    """In a terminal that is too narrow the table is wider, and a folding column keeps its longest word."""
    report = archspec.report("densenet121", columns="row,type,output,params,macs,activations,weight_bytes,peak_bytes")
    for text in (plain(report.page(), 40), as_text(RichPage(report.page()), 40)):
        words = text.split()
        assert {word for row in report.network.rows for word in row.type.split()} <= {*words}
        assert {f"{row.cost.macs:,}" for row in report.costs.rows if row.cost.macs} <= {*words}
    findings = archspec.audit("lenet5")
    narrow = plain(audit_page(archspec.load("lenet5"), findings), 40).splitlines()
    assert sum(line.endswith(" agrees") for line in narrow) == sum(one.agrees for one in findings)
