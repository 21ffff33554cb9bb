"""Pages and tables for a terminal, by rich."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from archspec.render.page import Grid, Page, Title, encodes, write_plain


def bare_table() -> Table:
    """A table without lines between its cells."""
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")


def as_rich(page: Page) -> Group:
    """A page with its styles."""
    return Group(*map(_part, page))


def _part(part: Title | Grid | str) -> RenderableType:
    if isinstance(part, Title):
        return Text.assemble((part.name, "bold"), part.rest, no_wrap=True, overflow="ellipsis")
    if isinstance(part, str):
        return Text(part)
    table = bare_table()
    for header, width in zip(part.headers, part.least(), strict=True):
        table.add_column(
            header.text,
            justify="left" if header.left else "right",
            no_wrap=not header.folds,
            overflow="fold",
            min_width=width,
        )
    for cells, style in part.rows:
        table.add_row(*map(Text, cells), style=style)
    return table


def show_rich(renderable: RenderableType) -> None:
    """Prints to the terminal, or as plain text of at most 100 columns if piped; wider only where a cell would be cut off."""
    console = Console()
    if console.is_terminal and encodes(console.encoding):
        console.print(renderable, highlight=False, width=_width(console, renderable), crop=False)
    else:
        write_plain(as_text(renderable, console.width if console.is_terminal else 100))


def _width(console: Console, renderable: RenderableType) -> int:
    """The width of the stream, or what a table needs at least."""
    parts = renderable.renderables if isinstance(renderable, Group) else [renderable]
    return max(console.width, *(console.measure(part).minimum for part in parts if isinstance(part, Table)), 0)


def as_text(renderable: RenderableType, width: int = 100) -> str:
    """What rich prints as plain text, without spaces at the ends of lines."""
    console = Console(width=width, no_color=True, force_terminal=False)
    with console.capture() as capture:
        console.print(renderable, highlight=False, width=_width(console, renderable), crop=False)
    return "\n".join(line.rstrip() for line in capture.get().split("\n"))
