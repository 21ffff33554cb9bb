"""The pages of all ops and of all blocks, `docs/ops.md` and `docs/blocks.md`, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from archspec.language.names import identifier
from archspec.render.reference.columns import DescribedColumn, table_cells
from archspec.render.reference.describe import Described, describe
from archspec.render.reference.listing import lines, spec_file

#: how each page begins
PAGES = {
    "ops": "An op is the smallest layer: one class in a file of `archspec/ops`.",
    "blocks": "A block of the library is written in [the language](language.md#blocks), in a file of `archspec/library`.",
}
_WRITTEN = "<!-- written by `python tests/test_docs.py` from the code -->"


def reference_page(kind: str) -> str:
    """The page of all ops, or of all blocks."""
    found = lines(kind)
    parts = [
        f"# All {kind if kind == 'ops' else 'library blocks'}",
        _WRITTEN,
        f"{PAGES[kind]} `archspec show NAME` prints the same. *Needed* marks a column without a default.",
        "\n".join(f"- [{name}](#{_anchor(name)}): {line}" for name, line in found.items()),
        *(part for name in found for part in _parts(describe(kind, name))),
    ]
    return "\n\n".join(parts) + "\n"


def _parts(one: Described) -> Iterator[str]:
    yield f"## {one.name}"
    yield one.about
    if one.columns:
        yield _columns_table(one.columns)
    if one.vars:
        yield "Its vars: " + ", ".join(f"`{name}: {value}`" for name, value in one.vars.items()) + "."
    if one.kind == "op":
        trained = one.trained("`")
        yield trained[0].upper() + trained[1:] + "."
    if one.text:
        yield f"<!-- fragment -->\n```yaml\n{one.text.rstrip()}\n```"
    uses = [f"[{name}](blocks.md#{_anchor(name)})" for name in one.used_by["blocks"]]
    uses += [f"[{name}](../{spec_file(name)})" for name in one.used_by["specs"]]
    if uses:
        yield f"Used by {', '.join(uses)}."


def _columns_table(columns: Iterable[DescribedColumn]) -> str:
    cells = table_cells(columns)
    marked = ([_marked(head, cell) for cell in column] for head, column in cells.items())
    rows = [[*cells], ["---"] * len(cells), *zip(*marked, strict=True)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _marked(head: str, cell: str) -> str:
    """A cell as code if it is what a spec writes."""
    if head in ("column", "id", "type", "default") and cell != "needed":
        return f"`{cell}`"
    return cell.replace("|", "\\|")


def _anchor(name: str) -> str:
    return identifier(name).replace("_", "-")
