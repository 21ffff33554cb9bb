"""Pages and tables for a terminal, by rich."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from archspec.render.page import GAP, Grid, Page, Title, encodes, write_plain


def bare_table() -> Table:
    """A table without lines between its cells."""
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")


class RichPage:
    """A page with its styles, in the width of the console; a table is wider where a word would be cut."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType | Segment]:
        for part in self.page:
            if isinstance(part, Title):
                yield Text.assemble((part.name, "bold"), part.rest, no_wrap=True, overflow="ellipsis")
            elif isinstance(part, Grid):
                widths = part.widths(options.max_width)
                wide = max(options.max_width, sum(widths) + GAP * len(widths))
                yield from console.render(_table(part, widths), options.update(width=wide))
            else:
                yield Text(part)


def _table(grid: Grid, widths: list[int]) -> Table:
    table = bare_table()
    for header, width in zip(grid.headers, widths, strict=True):
        table.add_column(header.text, justify="left" if header.left else "right", overflow="fold", width=width)
    for cells, style in grid.rows:
        table.add_row(*map(Text, cells), style=style)
    return table


def show_rich(renderable: RenderableType) -> None:
    """Prints to the terminal, or as plain text of at most 100 columns if piped; wider only where a cell would be cut off."""
    console = Console()
    if console.is_terminal and encodes(console.encoding):
        console.print(renderable, highlight=False, crop=False)
    else:
        write_plain(as_text(renderable, console.width if console.is_terminal else 100))


def as_text(renderable: RenderableType, width: int = 100) -> str:
    """What rich prints as plain text, without spaces at the ends of lines."""
    console = Console(width=width, no_color=True, force_terminal=False)
    with console.capture() as capture:
        console.print(renderable, highlight=False, crop=False)
    return "\n".join(line.rstrip() for line in capture.get().split("\n"))
