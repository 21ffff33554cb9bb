"""What is written differently in two nodes of the same path, or in two networks: cells as text, before and after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from archspec.ir.scope import Layer
from archspec.ir.tree import Head, Inner, Network, Tree, cell_texts
from archspec.language.nodes import shown


class Edit(NamedTuple):
    """A cell that differs: its header, and its text before and after; None where there is no such cell."""

    header: str
    before: str | None
    after: str | None


def edits(old: Tree, new: Tree, behind: tuple[str | None, str | None] = (None, None)) -> tuple[Edit, ...]:
    """The cells of two nodes that differ, defaults included: what they are and read, then their columns.

    `behind` is what each of them stands behind, if it stands elsewhere.
    """
    headers = {**dict(old.written), **dict(new.written)}
    sides = ((old, behind[0]), (new, behind[1]))
    return differing(*({**_place(node, after), **_cells(node, headers)} for node, after in sides))


def edits_of_head(old: Head | None, new: Head | None) -> tuple[Edit, ...]:
    """What else differs in a head that both networks have."""
    if old is None or new is None:
        return ()
    return differing(*({"loss weight": shown(head.weight)} for head in (old, new)))


def edits_of_network(old: Network, new: Network) -> tuple[Edit, ...]:
    """What differs in two whole networks beside their rows and heads."""
    return differing(_whole(old), _whole(new))


def differing(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[Edit, ...]:
    """Texts by header that are not the same in both, or that only one of them has."""
    return tuple(
        Edit(header, old.get(header), new.get(header)) for header in {**old, **new} if old.get(header) != new.get(header)
    )


def written_cells(node: Tree) -> dict[str, str]:
    """What a row is, for one that only one network has: the columns that were not left to a default."""
    return cell_texts({name: _told(value) for name, value in node.columns.items()}, node.written)


def _place(node: Tree, after: str | None) -> dict[str, str]:
    """What a node is, what it reads if that is not what flows in, and what it stands behind."""
    told = {"type": node.type, "combinator": node.kind if isinstance(node, Inner) else "", "from": ", ".join(node.sources)}
    return {header: text for header, text in {**told, "after": after or ""}.items() if text}


def _cells(node: Tree, headers: Mapping[str, str]) -> dict[str, str]:
    """All columns of a node as text, under the headers that either node wrote them with."""
    columns = {name: _told(value) for name, value in node.columns.items()}
    return cell_texts(columns, [(name, headers.get(name, name.replace("_", " "))) for name in columns])


def _told(value: object) -> object:
    """A value of which `shown` tells everything: a layer with its cells."""
    if isinstance(value, Layer) and value.cells:
        return f"{value.type} ({', '.join(f'{name} {cell.value}' for name, cell in value.cells.items())})"
    return value


def _whole(network: Network) -> dict[str, str]:
    return {
        "input": str(network.input),
        **({"outputs": ", ".join(f"{one.name}: {one.path}" for one in network.outputs)} if network.outputs else {}),
        **{f"init.{op}.{name}": str(start) for op, starts in network.init.items() for name, start in starts.items()},
    }
