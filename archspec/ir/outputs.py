"""`outputs`: the rows whose values the model returns by name, as a detector needs the features of its backbone."""

from __future__ import annotations

from collections.abc import Sequence

from archspec.ir.cells import BrokenError, Reporter, find_row
from archspec.ir.scope import Rows
from archspec.ir.tree import Inner, Output, Tree
from archspec.language.diagnostics import Problems, did_you_mean
from archspec.language.names import nearest
from archspec.language.nodes import Map, Node, Seq, Text, describe, is_null

#: names that a hint lists
_LISTED = 12


def named_outputs(node: Node | None, rows: Rows, report: Reporter) -> tuple[Output, ...]:
    """The outputs of a list of ids, or of a mapping from names to ids."""
    if node is None or is_null(node):
        return ()
    if isinstance(node, Map):
        pairs = [(node.key(name), row) for name, row in node.items()]
    else:
        pairs = [(item, item) for item in node if isinstance(item, Text)] if isinstance(node, Seq) else []
    if not pairs or len(pairs) < len(node):
        message = f"`outputs` must be a list of ids, or a mapping from names to ids, found {describe(node)}"
        report.add("bad-value", message, node.place, "for example outputs: [c3, c4, c5]")
        return ()
    found: dict[str, Output] = {}
    for name, row in pairs:
        if name in found:
            report.add("duplicate-id", f"the output `{name}` stands twice", name.place)
        elif not isinstance(row, Text):
            report.add("bad-value", f"an output is the id of a row, found {describe(row)}", row.place)
        else:
            if "." in row:
                message = f"{describe(row)} is inside of a row; an output is a row of the spec itself"
                report.add("unknown-row", message, row.place, "write the block's rows as rows of the spec")
                continue
            if rows.find(row) is None:
                hint = did_you_mean(nearest(row, rows.names())) or f"the rows are {', '.join(rows.names()[:_LISTED])}"
                report.add("unknown-row", f"no row of the spec is called {describe(row)}", row.place, hint)
                continue
            try:
                ref = find_row(row, rows, report)  # it may have been removed
            except BrokenError:
                continue
            if ref.output is not None:
                found[str(name)] = Output(str(name), ref.path, ref.output)
    return tuple(found.values())


def unused_rows(body: Inner, outputs: Sequence[Output], read: Sequence[str]) -> Sequence[Tree]:
    """Rows that stand after the last one that is returned, or read by a head: they would run for nothing."""
    wanted = {*read, *(one.path for one in outputs)}
    last = max((number for number, row in enumerate(body.children) if row.path in wanted), default=-1)
    return body.children[last + 1 :]


def report_unused(rows: Sequence[Tree], problems: Problems) -> None:
    """Reports rows that nothing reads, of which there is one."""
    names = ", ".join(f"`{row.path}`" for row in rows)
    message = f"nothing reads {names} after the last output"
    problems.add("unused-row", message, rows[0].place, hint="take them away, or name one in `outputs`")
