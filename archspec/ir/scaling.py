"""What of a spec's scale holds where: the scale itself, with its formulas computed, and what a row says of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from archspec.ir.at import At
from archspec.ir.cells import BrokenError, Reporter, cell_value
from archspec.ir.rows import Row
from archspec.ir.scope import RowNames
from archspec.ir.types import Types
from archspec.language.diagnostics import did_you_mean
from archspec.language.factors import read_divisor, read_factor
from archspec.language.formula import UnknownValueError
from archspec.language.names import nearest
from archspec.language.nodes import Text, describe
from archspec.language.scaling import ROW_WORDS, UNSCALED, Scale
from archspec.language.spec import Spec

#: the key of a row; a type with a column of this name (upsample) has the column instead
SCALE = "scale"

_READ: dict[str, Callable[[Any], Any]] = {"width": read_factor, "depth": read_factor, "divisor": read_divisor}


def spec_scale(spec: Spec, names: RowNames, report: Reporter) -> Scale:
    """The scale of a spec; its formulas see the spec's vars."""
    told: dict[str, Any] = {}
    for key, node in spec.scale.items():
        try:
            value = cell_value(node, names, report)
            told[key] = _READ[key](value)
        except ValueError as error:
            report.add("bad-value", f"`{key}` must be {error}, found {describe(value)}", node.place)
        except (BrokenError, UnknownValueError):
            continue
    return Scale(**told) if told else UNSCALED


def scaled_row(row: Row, at: At, types: Types, report: Reporter) -> tuple[Row, At]:
    """A row without its key `scale`, and where it stands with what the key leaves of the scale, also inside of it."""
    if SCALE not in row.cells:
        return row, at
    told = row.get("type")
    type_ = types.find(told, at.scope.block) if isinstance(told, Text) else None
    if type_ is not None and type_.column(SCALE):
        return row, at
    _, word = row.cells[SCALE]
    rest = replace(row, cells={name: cell for name, cell in row.cells.items() if name != SCALE})
    if word not in ROW_WORDS:
        near = nearest(word, ROW_WORDS) if isinstance(word, Text) else None
        message = f"scale must be one of {', '.join(ROW_WORDS)}, found {describe(word)}"
        report.add("bad-value", message, word.place, did_you_mean(near))
        raise BrokenError
    return rest, replace(at, scope=replace(at.scope, scale=at.scope.scale.only(word)))
