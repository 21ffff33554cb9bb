"""Rows of a generated spec, drawn one after the other from the columns of their types; a row that does not fit is drawn anew."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from drawn import document, network_of
from hypothesis import strategies as st

from archspec.language.blocks import library_block, library_names
from archspec.language.columns import REQUIRED, Column
from archspec.language.values import TYPES
from archspec.ops import op, op_names
from archspec.ops.base import Shape


@cache
def columns(type_: str) -> dict[str, Column]:
    """The columns of an op or of a library block."""
    found = op(type_)
    if found is not None:
        return found.columns()
    block = library_block(type_)
    assert block is not None
    return block.columns or {}


#: annotations of columns, as `values.TYPES` names them
TYPE_NAMES = {annotation: name for name, annotation in TYPES.items()}
_VALUES: dict[str, list[Any]] = {
    "int": [0, 1, 2, 5],
    "count": [1, 2, 3, 4, "=in_channels"],
    "channels": [1, 2, 3, 4, 6, 8, 12, "=in_channels", "=2 * in_channels", "=wide", "=twice", "=max(1, in_channels // 2)"],
    "number": ["1", "0.5", "2", "25%", "1e-3", "=wide / 4", "-0.5"],
    "fraction": ["0", "0.25", "40%", "=1 / twice"],
    "size": ["1x1", "2x2", "3x3", "1", "2", "1x3", "3x1", "5x2", "=wide"],
    "margin": ["0", "1", "0x1"],
    "padding": ["same", "valid", "tf same", "1", "1x0", "0:1", "0:1x2:1", "0"],
    "bool": [True, False, "=deep", "=in_channels > 4", "yes"],
    "text": ["word"],
}
_SIMPLEST = {"size": "1x1", "padding": "0", "int": 1, "count": 1, "channels": 4, "number": "1", "fraction": "0.25", "bool": True}
#: a table that says one thing in two cells: what the pool leaves must be stated as well
_SPECIAL: dict[str, Callable[[Draft], dict[str, Any]]] = {
    "auxiliary classifier": lambda draft: {"patch": "1x1", "stride": 1, "pooled": f"{draft.flow.height}x{draft.flow.width}"},
}
#: rows without which a type hardly ever fits
_BEFORE: dict[str, list[dict[str, Any]]] = {
    "top down": [{"type": "max pool", "patch": "2x2"}],
}


class Draft:
    """A list of rows that grows: in the spec, a branch, or the body of a block. `top` is what stands above all rows."""

    def __init__(self, draw: st.DrawFn, top: dict[str, Any], start: Shape, level: int = 0) -> None:
        self.draw, self.top, self.start, self.level = draw, top, start, level
        self.rows: list[Any] = []
        self.flow = start
        #: rows that later ones may read
        self.shapes: dict[str, Shape] = {} if level else {"input": start}
        self.tags: set[str] = set()

    def pick(self, values: Iterable[Any]) -> Any:
        return self.draw(st.sampled_from(list(values)))

    def chance(self, percent: int) -> bool:
        return self.draw(st.integers(0, 99)) >= 100 - percent

    def below(self, start: Shape) -> Draft:
        """A list inside this one."""
        return Draft(self.draw, self.top, start, self.level + 1)

    def spec(self, rows: list[Any]) -> dict[str, Any]:
        """The rows so far and these, on what flows into the list."""
        first = [{"id": "flat", "type": "flatten"}] if self.start.flat else []
        return {"name": "t", "input": str(self.start), **self.top, "rows": [*first, *self.rows, *rows]}

    def add(self, row: Any, tags: Iterable[str] = (), named: bool = False) -> bool:
        """Takes a row if it fits."""
        name = f"r{len(self.rows)}"
        if isinstance(row, dict) and (named or self.chance(70)):
            row = {"id": name, **row}
        network = network_of(document(self.spec([row])))
        if network is None:
            return False
        last = network.rows[-1]
        if self.rows or last.name != "flat":
            self.flow = network.output
        kept = len(network.rows) > len(self.rows) + self.start.flat - sum(
            "when" in one for one in self.rows if isinstance(one, dict)
        )
        self.rows.append(row)
        if isinstance(row, dict) and row.get("id") == name and last.name == name and kept:
            self.shapes[name] = last.output
        self.tags.update(tags)
        return True

    def value(self, type_: str, column: Column) -> Any:
        """A value for a column, or None."""
        if column.choices:
            return self.pick(column.choices)
        if column.holds_layer:
            return self.pick(["none", "=norm", self.layer(), self.layer()])
        if column.holds_row:
            return self.pick(self.shapes) if self.shapes else None
        kind = TYPE_NAMES[column.annotation]
        if kind == "numbers":
            return [self.pick(["0.5", "1", "2"]) for _ in range(self.flow.channels)]
        if kind not in _VALUES:  # a type that the language will have
            return None
        fitting = []
        for value in _VALUES[kind]:
            try:
                if not str(value).startswith("="):
                    column.parse(value if isinstance(value, bool) else str(value))
                fitting.append(value)
            except ValueError:
                continue
        return self.pick(fitting) if fitting else None

    def layer(self) -> Any:
        """An op as a layer, bare or with cells."""
        type_ = self.pick(op_names())
        cells = self.cells(type_, 30)
        return cells if len(cells) > 1 else self.spelled(type_)

    def spelled(self, name: str) -> str:
        return name.replace(" ", "_") if self.chance(10) else name

    def cells(self, type_: str, percent: int) -> dict[str, Any]:
        """A row of a type: the cells that it needs, and some of the others."""
        found: dict[str, Any] = {"type": self.spelled(type_)}
        fixed = _SPECIAL.get(type_, lambda _: {})(self)
        for number, column in enumerate(columns(type_).values()):
            if column.name in fixed or column.default is REQUIRED or self.chance(percent):
                value = fixed[column.name] if column.name in fixed else self.value(type_, column)
                if value is None:
                    continue
                bare = isinstance(value, str | int) and not isinstance(value, bool) and re.fullmatch(r"[\w%.]+", str(value))
                if number == 0 and bare and not column.holds_layer and not column.holds_row and self.chance(15):
                    found["type"] = f"{type_} ({value})"
                else:
                    found[column.header if self.chance(50) else column.name] = value
        return found

    def simplest(self, type_: str) -> dict[str, Any]:
        """The row of a type that fits most often."""
        cells: dict[str, Any] = {"type": type_}
        for column in columns(type_).values():
            kind = TYPE_NAMES[column.annotation]
            if (column.default is REQUIRED or kind == "count") and kind in _SIMPLEST:
                cells[column.name] = _SIMPLEST[kind]
            elif kind == "numbers":
                cells[column.name] = ["0.5"] * self.flow.channels
            elif column.default is REQUIRED and (column.holds_layer or self.shapes):
                cells[column.name] = "relu" if column.holds_layer else list(self.shapes)[-1]
        return {**cells, **_SPECIAL.get(type_, lambda _: {})(self)}

    # rows

    def typed(self, type_: str) -> bool:
        """A row of an op or a library block."""
        for row in _BEFORE.get(type_, []):
            self.add(row)
        tags = {f"op {type_}" if op(type_) else f"block {type_}"}
        for percent in (50, 30, 20, 10):
            row = self.cells(type_, percent)
            more = (
                {"layer column"}
                if any(row.keys() & {one.name, one.header} for one in columns(type_).values() if one.holds_layer)
                else set()
            )
            if self.add(row, tags | more):
                return True
        return self.add(self.simplest(type_), tags)

    def any_typed(self) -> bool:
        return self.typed(self.pick([*op_names(), *library_names()]))

    def fill(self, most: int) -> Draft:
        """Some rows of any kind."""
        for _ in range(self.draw(st.integers(0, most))):
            self.step()
        return self

    def step(self) -> None:
        if self.level < 2 and self.chance(40):
            self.pick(list(STEPS.values()))(self)
        else:
            self.any_typed()

    def listed(self, extra: Iterable[Any] = ()) -> Any:
        """The rows as a branch or a body: one by itself needs no list."""
        rows = [*self.rows, *extra]
        return rows[0] if len(rows) == 1 and self.chance(50) and "id" not in rows[0] else rows

    def reach(self, wanted: Shape) -> list[Any] | None:
        """Rows from what flows here to a shape."""
        if self.flow == wanted and self.chance(50):
            return []
        if wanted.flat:
            return [{"type": "linear", "filters": wanted.channels}]
        if self.flow.flat:
            return None
        size = {"height": wanted.height, "width": wanted.width}
        pool = {"type": self.pick(["adaptive avg pool", "adaptive max pool"]), "size": f"{wanted.height}x{wanted.width}"}
        resize = self.pick([pool, {"type": "upsample", **size, "mode": self.pick(["nearest", "bilinear", "bicubic"])}])
        conv = {"type": "conv", "patch": "1x1", "filters": wanted.channels}
        return [resize, conv] if self.chance(50) else [conv, resize]

    def branches(self, kind: str) -> bool:
        """A combinator whose branches agree."""
        count = self.draw(st.integers(2, 3))
        if kind == "split":
            count = self.pick([one for one in (1, 2, 3, 4) if self.flow.channels % one == 0])
        start = self.flow._replace(channels=self.flow.channels // count) if kind == "split" else self.flow
        tags = {kind}
        drafts = [self.below(start).fill(2) for _ in range(count)]
        wanted = drafts[0].flow
        found = {"b0": drafts[0].listed()}
        for number, draft in enumerate(drafts[1:], 1):
            free = wanted if kind in ("sum", "product") else wanted._replace(channels=self.pick([1, 2, 4]))
            rows = draft.reach(free)
            if kind == "product" and not wanted.flat and self.chance(50):
                draft, rows = self.below(start), None
            if rows is None:  # from what comes in
                draft = self.below(start)
                rows = draft.reach(free._replace(height=1, width=1) if kind == "product" else free) or []
            tags |= draft.tags if draft.rows else set()
            found[f"b{number}"] = draft.listed(rows)
        return self.add({kind: found}, tags | drafts[0].tags)

    def repeated(self) -> bool:
        """A row, several times."""
        inner = self.below(self.flow)
        inner.step()
        rows = [
            row for row in inner.rows if isinstance(row, dict) and "when" not in row and "from" not in row and "repeat" not in row
        ]
        if not rows:
            return False
        row = {key: value for key, value in rows[0].items() if key != "id"}
        growing = {"filters": self.pick(["=in_channels + index", "=index + 1"])} if "filters" in row and self.chance(40) else {}
        return self.add({"repeat": self.pick([2, 1, 3]), **row, **growing}, {"repeat"} | inner.tags)

    def conditional(self) -> bool:
        """A row that is there, or not."""
        inner = self.below(self.flow)
        inner.any_typed()
        condition = self.pick(["=deep", "=in_channels > 4", "=in_height == 1 or deep", "=not norm", True, False])
        return bool(inner.rows) and self.add({"when": condition, **inner.rows[0]} | {"id": f"r{len(self.rows)}"}, {"when"})

    def join(self) -> bool:
        """Earlier rows, joined: of the last one a row is made that agrees with another."""
        if not self.shapes:
            self.add({"type": "relu"}, named=True)
        other = self.pick(self.shapes)
        rows = self.reach(self.shapes[other])
        for row in rows or ():
            self.add(row)
        agreeing = [name for name, shape in self.shapes.items() if shape == self.shapes[other]]
        kind = self.pick(["sum", "concat", "product"])
        joined = [other, *(self.pick(agreeing) for _ in range(self.pick([1, 2])))]
        return self.add({"type": kind, "from": joined}, {"from", kind})

    def read(self) -> bool:
        """A row that reads an earlier one in place of the last."""
        if not self.shapes:
            self.add({"type": "relu"}, named=True)
        name = self.pick(self.shapes)
        inner = self.below(self.shapes.get(name, self.flow))
        inner.any_typed()
        row = inner.rows[0] if inner.rows else None
        return isinstance(row, dict) and self.add({**row, "id": f"r{len(self.rows)}", "from": name}, {"from one"})

    def optional(self, other: str) -> bool:
        """A branch that is there, or else is not, or passes through what comes in."""
        kind, condition = (
            self.pick(["sum", "product", "concat"]),
            self.pick(["=deep", "=not deep", "=in_channels > 4", True, False]),
        )
        layer = self.pick([{"type": "batch norm"}, {"type": "conv", "patch": "1x1", "filters": "=in_channels"}, {"type": "tanh"}])
        branches = {
            "kept": self.pick([[], "sigmoid", ["relu", "layer scale"]]),
            "maybe": {"when": condition, "else": other, **layer},
        }
        return self.add({kind: branches}, {kind, f"else {other}"})

    def layered(self) -> bool:
        """A row with a column of type layer."""
        types = [name for name in library_names() if any(column.holds_layer for column in columns(name).values())]
        return self.typed(self.pick(types))

    def block(self, nested: bool = False) -> bool:
        """A block of the spec around some rows: cells become columns, vars, or a layer."""
        inner = self.below(self.flow)
        if nested:
            inner.block()
        inner.fill(3)
        if not inner.rows:
            inner.any_typed()
        told: dict[str, Any] = {}
        passed: dict[str, Any] = {}
        variables: dict[str, Any] = {}
        tags = {"own block"} | inner.tags
        body: list[Any] = []
        for row in inner.rows:
            body.append(self.lifted(row, told, passed, variables, tags) if isinstance(row, dict) and "type" in row else row)
        skips = [name for name in self.shapes if name != "input" and self.level == 0]
        if skips and self.chance(40):
            skip = self.pick(skips)
            rows = inner.reach(self.shapes[skip])
            if rows is not None:
                told["skip"], passed["skip"] = {"type": "row"}, skip
                body += [*rows, {"id": "last", "type": "identity"}, {"type": "sum", "from": ["=skip", "last"]}]
                tags.add("row column")
        name = f"unit {len(self.top['blocks'])}"
        if any("unit " in str(row) for row in inner.rows):
            tags.add("nested block")
        self.top["blocks"][name] = {
            **({"about": "of this spec: its own"} if self.chance(30) else {}),
            **({"columns": told} if told else {}),
            **({"vars": variables} if variables else {}),
            "body": body,
        }
        if self.add({"type": self.spelled(name), **passed}, tags):
            return True
        del self.top["blocks"][name]
        return False

    def lifted(
        self, row: dict[str, Any], told: dict[str, Any], passed: dict[str, Any], variables: dict[str, Any], tags: set[str]
    ) -> Any:
        """A row of a block's body, some of whose cells are columns of the block."""
        type_ = str(row["type"]).partition(" (")[0].replace("_", " ")
        if set(row) <= {"id", "type", *columns_by_header(type_)} and "(" not in row["type"] and self.chance(25):
            cells = {key: value for key, value in row.items() if key != "id"}
            if not any(isinstance(value, str) and value.startswith("=") for value in cells.values()):
                name = f"c{len(told)}"
                told[name], passed[name] = {"type": "layer"}, cells if len(cells) > 1 else row["type"]
                tags.add("layer column")
                return {**({"id": row["id"]} if "id" in row else {}), "layer": f"={name}"}
        found = dict(row)
        for key, value in row.items():
            column = columns_by_header(type_).get(key)
            kind = TYPE_NAMES.get(column.annotation) if column is not None else None
            if kind is None or kind == "row" or column is None or "=" in str(value) or "/" in str(value) or not self.chance(40):
                continue
            name = f"c{len(told)}"
            told[name] = {"type": kind, **({"header": f"#{name} of it"} if self.chance(30) else {})}
            if self.chance(40):
                told[name]["default"] = value
            else:
                passed[name] = value
            found[key] = f"={name}"
            if kind in ("count", "channels", "number") and self.chance(40):
                variables[f"v{name}"], found[key] = f"={name}", f"=v{name}"
                tags.add("vars")
        return found


@cache
def columns_by_header(type_: str) -> dict[str, Column]:
    if op(type_) is None and type_ not in library_names():
        return {}
    return {name: column for column in columns(type_).values() for name in (column.name, column.header)}


#: what a list can be made of besides a row of one type
STEPS: dict[str, Callable[[Draft], bool]] = {
    **{kind: (lambda draft, kind=kind: draft.branches(kind)) for kind in ("concat", "sum", "product", "split")},
    "repeat": Draft.repeated,
    "when": Draft.conditional,
    "from": Draft.join,
    "from one": Draft.read,
    "own block": Draft.block,
    "else identity": lambda draft: draft.optional("identity"),
    "else none": lambda draft: draft.optional("none"),
}
