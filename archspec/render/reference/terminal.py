"""What `archspec list` and `archspec show` print in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from rich.table import Table
from rich.text import Text

from archspec.render.reference.columns import DescribedColumn, table_cells
from archspec.render.reference.describe import Described
from archspec.render.terminal import bare_table


def list_text(found: Mapping[str, Mapping[str, str]]) -> str:
    """Names and their lines, by kind."""
    width = max(len(name) for each in found.values() for name in each)
    parts = [
        "\n".join([kind, *(f"  {name:{width}}  {about}".rstrip() for name, about in each.items())])
        for kind, each in found.items()
    ]
    return "\n\n".join(parts)


def description_parts(one: Described) -> Iterator[Table | str]:
    """A description as lines of text and, where it has columns, a table."""
    yield f"{one.name}   {one.kind}   {one.line}"
    yield from one.about.split("\n\n")[1:]
    for key, value in {
        "input": one.input,
        "extends": one.extends,
        "source": ", ".join(one.source.values()),
        "file": one.file,
    }.items():
        if value:
            yield f"{key:8}{value}"
    if one.columns:
        yield ""
        yield _columns_table(one.columns)
    if one.vars:
        yield "\nvars\n" + "\n".join(f"  {name}: {value}" for name, value in one.vars.items())
    if one.kind == "op":
        yield f"\n{one.trained()}"
    if one.text:
        yield f"\n{one.text}".rstrip()
    if any(one.used_by.values()):
        yield ""
    for users, found in one.used_by.items():
        if found:
            yield f"used by {users}: {', '.join(found)}"


def _columns_table(columns: Iterable[DescribedColumn]) -> Table:
    table = bare_table()
    cells = table_cells(columns)
    for head in cells:
        table.add_column(head, no_wrap=head != "meaning", overflow="fold")
    for row in zip(*cells.values(), strict=True):
        table.add_row(*map(Text, row))
    return table
