"""Random valid specs over all ops, library blocks and combinators.

A spec grows row by row. The cells of a row are drawn from the columns of its type (their types, bounds and choices), so
that a new op is generated as soon as it is there; a row that does not fit what flows in is drawn anew, and at last left
out. Whatever comes out is therefore valid, and `tags` say what is in it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drafts import STEPS, TYPE_NAMES, Draft, columns, columns_by_header
from drawn import MOST, MOST_MACS, UNFIT, Drawn, Unexpected, document, flow, network_of
from hypothesis import strategies as st

import archspec
from archspec.analysis.costs import network_cost
from archspec.language.blocks import library_names
from archspec.ops import op_names
from archspec.ops.base import Shape

_INNER = {
    "id": "inner",
    "type": "convolution",
    "patch": "=patch",
    "stride": "=stride",
    "filters": "=filters",
    "padding": "=padding",
}
#: library blocks and ops that a spec redefines
_REDEFINED: list[dict[str, Any]] = [
    {"convolution": {"body": ["batch norm", "relu", {**_INNER, "activation": "none"}]}},
    {"convolution": {"about": "the library's, so called"}},
    {
        "convolution": {
            "body": [{**_INNER, "groups": "=groups", "dilation": "=dilation", "norm": "=norm", "bias": "=bias"}, "silu"]
        }
    },
    {"relu": {"columns": {}, "body": ["relu", {"type": "dropout", "rate": "20%"}]}},
    {"global avg pool": {"body": [{"id": "mean", "type": "adaptive avg pool (1)"}, {"id": "again", "type": "global avg pool"}]}},
]
_USED = {"convolution": {"patch": "3x3", "filters": 4}, "relu": {}, "global avg pool": {}}
_SOURCES: list[dict[str, Any]] = [
    {"title": "A paper: the first, of two", "authors": "A & B", "year": 2015, "arxiv": "1409.1556", "table": "Table 1"},
    {"title": "x", "counts": {"params": {"K": 1024, "bias": False}, "ops": {"unit": "flops"}, "tolerance": "5%"}},
]
_INITS: list[Any] = [
    "he fan out",
    "torch",
    {"conv": {"weight": {"he normal": "fan in"}, "bias": 0}, "linear": {"weight": {"normal": "0.01"}}},
]

#: what a spec can be told to hold besides its rows
TOPS = ("redefined block", "defaults", "spread", "heads", "outputs", "claims", "init", "extends", "uses", "options")
#: kinds of things that specs are made of, each with at least one test of its own
GOALS = (
    *(f"op {name}" for name in op_names()),
    *(f"block {name}" for name in library_names()),
    *STEPS,
    *("layer column", "row column", "nested block", "vars"),
    *TOPS,
)


def _goal(draft: Draft, goal: str) -> None:
    """Lets the draft reach what it should hold; most often it does."""
    kind, _, name = goal.partition(" ")
    for _ in range(4):
        if goal in draft.tags:
            return
        if kind in ("op", "block"):
            draft.typed(name)
        elif goal in STEPS:
            STEPS[goal](draft)
        elif goal == "layer column":
            draft.layered()
        elif goal in ("row column", "nested block", "vars"):
            draft.block(nested=goal == "nested block")


@st.composite
def specs(draw: st.DrawFn, goal: str = "") -> Drawn:
    """A valid spec, which holds what `goal` says wherever that fits."""

    def wants(part: str, percent: int) -> bool:
        return part == goal or draw(st.integers(0, 99)) >= 100 - percent

    top: dict[str, Any] = {
        "vars": {
            "wide": draw(st.sampled_from([4, 2, 3])),
            "twice": "=2 * wide",
            "deep": draw(st.booleans()),
            "norm": draw(st.sampled_from(["none", "batch norm", {"type": "group norm", "groups": 1, "eps": "1e-3"}])),
        },
        "defaults": {},
        "blocks": {},
    }
    tags: set[str] = {"vars"}
    channels = draw(st.sampled_from([4, 3, 8, 6, 1, 12]))
    size = draw(st.sampled_from(["8x8", "9x12", "7x7", "16x10", "1x1"] if not goal else ["8x8", "9x12", "7x7", "16x10"]))
    height, width = map(int, size.split("x"))
    draft = Draft(draw, top, Shape(channels, height, width))
    redefined: dict[str, Any] = draw(st.sampled_from(_REDEFINED)) if wants("redefined block", 15) else {}
    top["blocks"].update(redefined)
    if wants("defaults", 25):
        for _ in range(draw(st.integers(1, 3))):
            _default(draft, tags)
    if wants("spread", 10):
        top["defaults"]["drop path"] = {"rate": "20%", "spread": True}
        for _ in range(draw(st.integers(1, 3))):
            draft.add(
                {"sum": {"body": [{"type": "conv", "patch": "1x1", "filters": "=in_channels"}, "drop path"], "rest": []}},
                {"spread"},
            )
    draft.fill(3)
    for name in redefined:
        draft.add({"type": name, **_USED[name]}, {"redefined block"})
    if not draft.rows or goal in TOPS or draft.chance(20):
        draft.add({"type": draft.pick(["relu", "batch norm"])}, named=True)
    _goal(draft, goal)
    draft.fill(2)
    if goal == "outputs":
        draft.add({"type": "sigmoid"}, named=True)
    return _finished(draft, wants, tags)


def _default(draft: Draft, tags: set[str]) -> None:
    """A default that leaves shapes alone, or a norm for all convolutions."""
    defaults = draft.top["defaults"]
    if draft.chance(40):
        defaults["convolution"] = {"norm": draft.pick(["batch norm", {"type": "batch norm", "eps": "1e-3"}])}
    else:
        type_ = draft.pick([*op_names(), *library_names()])
        some = [one for one in columns(type_).values() if TYPE_NAMES[one.annotation] in ("number", "fraction", "bool")]
        column = draft.pick(some or [None])
        value = draft.value(type_, column) if column is not None else None
        if value is None or str(value).startswith("=in_"):
            return
        defaults[type_] = {column.header: value}
    tags.add("defaults")


def _finished(draft: Draft, wants: Callable[[str, int], bool], tags: set[str]) -> Drawn:
    """The spec of the rows: with claims, heads, outputs and the rest, each if it fits."""
    parts: dict[str, Any] = {key: value for key, value in draft.spec([]).items() if value != {}}
    parts["name"] = "generated"
    tags |= draft.tags

    def accept(more: dict[str, Any], *names: str) -> None:
        if network_of(document({**parts, **more})) is not None:
            parts.update(more)
            tags.update(names)

    if draft.chance(30):
        accept({"about": draft.pick(["plain", "with: a colon, and {braces}", "é × 3"])})
    if wants("claims", 30):
        rows = [dict(row) if isinstance(row, dict) else row for row in parts["rows"]]
        for row in rows:
            shape = draft.shapes.get(row.get("id", "")) if isinstance(row, dict) else None
            if shape is not None:
                row |= {"output size": draft.pick([str(shape), str(shape).rpartition("x")[0]]), "params": "1.2K", "depth": 1}
        accept({"rows": rows, "source": draft.pick(_SOURCES), "claims": {"params": "6,998,552", "ops": "1.5 billion"}}, "claims")
    if wants("init", 20):
        accept({"init": draft.pick(_INITS)}, "init")
    if wants("heads", 25):
        names = [name for name in draft.shapes if name != "input"]
        for number in range(draft.pick([1, 2]) if names else 0):
            name = draft.pick(names)
            inner = draft.below(draft.shapes[name])
            inner.typed(draft.pick(["auxiliary classifier", "linear", "convolution"]))
            if inner.rows:
                row = {key: value for key, value in inner.rows[-1].items() if key != "id"}
                weight = {"loss weight": draft.pick(["0.3", "=wide / 10"])} if draft.chance(60) else {}
                accept({"heads": {**parts.get("heads", {}), f"aux{number}": {"from": name, **row, **weight}}}, "heads")
    last = draft.rows[-1]
    if wants("outputs", 15) and isinstance(last, dict) and last.get("id") in draft.shapes:
        names = [name for name in draft.shapes if name != "input"]
        outputs = {"one": draft.pick(names), "two": last["id"]}
        accept(
            {"outputs": outputs if draft.chance(70) or outputs["one"] == outputs["two"] else list(outputs.values())}, "outputs"
        )
    if parts.get("blocks") and draft.chance(20):
        parts = {key: value for key, value in parts.items() if key != "blocks"} | {"blocks": parts["blocks"]}
    drawn = Drawn({"net.yaml": document(parts)}, tags=tags)
    if wants("uses", 15):
        _used(draft, parts, drawn)
    if wants("extends", 30):
        _extended(draft, parts, drawn)
    if wants("options", 25):
        _optioned(draft, drawn)
    return drawn


def _fits(drawn: Drawn) -> bool:
    """Whether a spec with its files and options is valid, and small."""
    try:
        network = drawn.load()
    except archspec.SpecError as error:
        if not {one.code for one in error.diagnostics} <= UNFIT:
            raise Unexpected(f"{error}\n\n{drawn!r}") from None
        return False
    nodes = _all(network)
    largest = max(max(node.output.elements, node.input.elements) for node in nodes)
    return largest <= MOST and network_cost(network).total.macs < MOST_MACS


def _all(network: Any) -> list[Any]:
    found, pending = [], [*network.rows, *(head.node for head in network.heads)]
    while pending:
        found.append(pending.pop())
        pending += getattr(found[-1], "children", ())
    return found


def _used(draft: Draft, parts: dict[str, Any], drawn: Drawn) -> None:
    """Its blocks, but for those that redefine one, in a file of their own."""
    own = {name: block for name, block in draft.top["blocks"].items() if name.startswith("unit")}
    own = own or {"unit of the file": {"body": ["relu"]}}
    rest = {name: block for name, block in draft.top["blocks"].items() if name not in own}
    parts.pop("blocks", None)
    parts.update({"uses": draft.pick(["./blocks.yaml", ["./blocks.yaml"]])}, **({"blocks": rest} if rest else {}))
    drawn.files |= {"net.yaml": document(parts), "blocks.yaml": f"about: blocks\nblocks: {flow(own)}\n"}
    drawn.tags.add("uses")


def _changes(draft: Draft) -> tuple[str, Any] | None:
    """A path to a cell of a row, and a new value for it."""
    rows = [row for row in draft.rows if isinstance(row, dict) and "id" in row and "type" in row]
    if not rows:
        return None
    row = draft.pick(rows)
    type_ = str(row["type"]).partition(" (")[0].replace("_", " ")
    known = columns_by_header(type_)
    if not known:
        return None
    name = draft.pick(known)
    # beside a mapping for a default, a change is a TypeError: see test_generated.py
    if known[name].holds_row:
        return None
    value = draft.value(type_, known[name])
    return (f"{row['id']}.{name}", value) if value is not None and not str(value).startswith("=index") else None


def _extended(draft: Draft, parts: dict[str, Any], drawn: Drawn) -> None:
    """The same spec with changes: as a document behind it, or in another file."""
    changed: dict[str, Any] = {}
    more: dict[str, Any] = draft.pick(
        [{}, {"vars": {"deep": True}}, {"about": "a variant"}, {"defaults": {"dropout": {"rate": "30%"}}}]
    )
    stream = draft.chance(50)
    for _ in range(draft.pick([1, 2, 3])):
        change = _changes(draft) if draft.chance(60) else None
        anchor = draft.pick([name for name in draft.shapes if name != "input"] or [""])
        if change is None and anchor:
            kind = draft.pick(["after", "before"])
            change = (f"new{len(changed)}", {"type": draft.pick(["relu", "batch norm", "identity"]), kind: anchor})
        if change is None:
            continue
        variant = {
            "extends": "generated" if stream else "./base.yaml",
            "name": "variant",
            **more,
            "rows": {**changed, change[0]: change[1]},
        }
        files = {**drawn.files, "net.yaml": document(parts) + "---\n" + document(variant)}
        if not stream:
            files |= {"base.yaml": document(parts), "net.yaml": document(variant)}
        if _fits(Drawn(files)):
            changed[change[0]] = change[1]
            drawn.files = files
            drawn.tags.add("extends")


def _optioned(draft: Draft, drawn: Drawn) -> None:
    """The same spec with changes of the command line."""
    change = _changes(draft)
    told = [
        f"vars.wide={draft.pick([2, 3, 5])}",
        "defaults.dropout.rate=10%",
        "init=torch",
        "vars.norm={type: batch norm, eps: 1e-3}",
    ]
    if change is not None and isinstance(change[1], str | int | bool):
        told.append(f"{change[0]}={flow(change[1])}")
    chosen = [draft.pick(told) for _ in range(draft.pick([1, 2]))]
    size = draft.start
    options: dict[str, Any] = {"set": list(dict.fromkeys(chosen))}
    if draft.chance(40):
        options["input"] = f"{size.height + 1}x{size.width + 2}x{size.channels}"
    if _fits(Drawn(drawn.files, options)):
        drawn.options = options
        drawn.tags.add("options")
