"""Spec to Network: vars, defaults, rows, heads and claims, with every error of the run collected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial, reduce

from archspec.ir.at import At, Outcome, StopError
from archspec.ir.cases import Cases
from archspec.ir.cells import Reporter, variables
from archspec.ir.claims import claims_elsewhere, total_claims
from archspec.ir.columns import fits, with_headers
from archspec.ir.edits import Edits
from archspec.ir.keys import loss_weight, sources
from archspec.ir.outputs import named_outputs, report_unused, unused_rows
from archspec.ir.rows import named_rows, row_from
from archspec.ir.scaling import spec_scale
from archspec.ir.scope import Cell, Ref, RowNames, Rows, Scope
from archspec.ir.spread import spread
from archspec.ir.tree import INPUT, Elsewhere, Head, Inner, Network, Output, Tree
from archspec.ir.types import Types
from archspec.ir.unused import check_unused
from archspec.ir.walk import Walk
from archspec.language.diagnostics import Problems, did_you_mean
from archspec.language.many import deny
from archspec.language.names import nearest
from archspec.language.nodes import Map, Seq, describe, is_null
from archspec.language.scaling import SCALE_KEYS
from archspec.language.spec import Spec
from archspec.language.truths import both
from archspec.ops import op_names
from archspec.ops.base import Shape


def expand(spec: Spec) -> Network:
    """The network of a spec. Raises SpecError with everything that is wrong."""
    return expanded(spec, Problems(spec.problems.found))


def expanded(spec: Spec, problems: Problems, outer: Cases | None = None) -> Network:
    """The same, beside problems that are known; of some variants, if there are cases around it. Raises Differ too."""
    types = Types(spec.blocks, spec.broken)
    edits = Edits(spec.changes, types, Cases(problems))
    shape = Shape(spec.input[2], *spec.input[:2]) if spec.input else None
    report = Reporter(problems, ())
    values = variables(spec.vars, RowNames({}, shape, scale=None), Rows(), report)
    origins = {name: node.place for name, node in spec.vars.items()}
    names = RowNames(values, shape, shape, origins=origins)
    scale = spec_scale(spec, names, report)
    names = replace(names, scale=scale)
    walk = Walk(problems, types, edits, _defaults(spec, types, names, report), names, spec.inherited, outer)
    around = Rows()
    around.refs[INPUT] = Ref(INPUT, shape)
    rows = Rows(around)
    scope = Scope(values, rows, entry=shape, origins=origins, scale=scale)
    _check_init(spec, types, report)
    for name, place in spec.used.items():
        if types.shipped(name):
            message = f"the block `{name}` is in {place.source.name} and in archspec"
            report.add("duplicate-type", message, place, "rename it; only a spec's own `blocks` may redefine a block")
    body, heads = None, list[Head]()
    outputs: tuple[Output, ...] = ()
    elsewhere: tuple[Elsewhere, ...] = ()
    try:
        body = walk.sequence(edits.rows(named_rows(spec.rows), ()), At((), scope, shape), spec.place)
        outputs = named_outputs(spec.outputs, rows, report)
        heads = _heads(spec, walk, scope, names, outputs)
    except StopError:
        pass
    else:
        check_unused([block for name, block in spec.blocks.items() if name not in walk.used | spec.broken], types, report)
        elsewhere = claims_elsewhere(spec, rows, report)
        edits.finish([*(f"vars.{name}" for name in spec.vars), *(f"scale.{key}" for key in SCALE_KEYS)])
    if body is not None and isinstance(body.node, Inner):
        _check_rows(body.node, rows, outputs, heads, walk, spec.rows)
    problems.check()
    assert shape is not None
    assert body is not None
    assert isinstance(body.node, Inner)
    return Network(
        name=spec.name,
        about=spec.about,
        input=shape,
        body=spread(body.node),
        heads=tuple(heads),
        outputs=outputs,
        counts=spec.counts,
        claims=total_claims(spec.claims, spec.inherited),
        init=spec.init,
        text=spec.text,
        digest=spec.digest,
        elsewhere=elsewhere,
    )


def _check_rows(body: Inner, rows: Rows, outputs: Sequence[Output], heads: Sequence[Head], walk: Walk, written: Seq) -> None:
    """Reports that every row was removed, and rows that run for nothing: of the variants of which that holds."""

    def empty(problems: Problems) -> None:
        problems.add("bad-value", "every row was removed: the network is empty", written.place)

    if written:
        walk.wrong(reduce(both, (deny(row.there) for row in rows.refs.values()), True), empty)
    unused: dict[int, list[Tree]] = {}
    for row in unused_rows(body, outputs, [path for head in heads for path in head.reads]) if outputs else ():
        unused.setdefault(id(rows.refs[row.path].there), []).append(row)
    for group in unused.values():
        walk.wrong(rows.refs[group[0].path].there, partial(report_unused, group))


def _heads(spec: Spec, walk: Walk, scope: Scope, names: RowNames, outputs: Sequence[Output]) -> list[Head]:
    heads: list[Head] = []
    for name, node in walk.edits.rows(list(spec.heads.items()), (), head=True):
        place = spec.heads.key(name).place if name in spec.heads else node.place
        report = Reporter(walk.problems, (name,))
        if scope.rows.find(name) is not None:
            report.add("duplicate-id", f"`{name}` is the id of a row and of a head", place)
        elif any(name == one.name for one in outputs):
            report.add("duplicate-id", f"`{name}` is the name of an output and of a head", place)
        walk.check_id(name, place)
        if not isinstance(node, Map):
            report.add("bad-value", f"a head must be a mapping with from and type, found {describe(node)}", node.place)
            continue
        row = walk.edits.row(row_from(node), (name,), None)
        if row is None:
            continue
        if "from" not in row.keys:
            report.add("head-source", "a head says which row it reads", place, "add from: and the id of a row")
            continue
        weight = loss_weight(row, names, report)
        at = At((name,), scope, None)
        found = walk.together(partial(walk.row, row.without("loss weight"), at, edited=True), at, row.place, whole=True)
        if isinstance(found, Outcome) and found.node is not None:
            read = tuple(source.path for source in sources(row, names, scope.rows, report))
            heads.append(Head(found.node, weight, read))
    return heads


def _defaults(spec: Spec, types: Types, names: RowNames, report: Reporter) -> dict[str, dict[str, Cell]]:
    """The cells of `defaults` by type, checked once; their formulas see the spec's vars."""
    found: dict[str, dict[str, Cell]] = {}
    for name, defaults in spec.defaults.items():
        type_ = types.find(name)
        if type_ is not None:
            cells = {key: Cell(*pair, names, Rows()) for key, pair in defaults.cells.items() if not is_null(pair[1])}
            by_column = with_headers(type_, cells, report)
            found[type_.name] = {
                column: cell for column, cell in by_column.items() if fits(type_.columns[column], cell, types, report)
            }
        elif name not in types.broken:
            hint = did_you_mean(nearest(name, types.names()))
            report.add("unknown-type", f"`{defaults.type}` is neither an op nor a block", defaults.type.place, hint)
    return found


def _check_init(spec: Spec, types: Types, report: Reporter) -> None:
    """An initialisation names ops that exist, and tensors that they have."""
    for name, tensors in spec.init.items():
        type_ = types.find(name)
        section = spec.init_node
        place = section.key(name).place if isinstance(section, Map) and name in section else spec.place
        if type_ is None or type_.op is None:
            report.add("unknown-type", f"`{name}` is not an op", place, did_you_mean(nearest(name, op_names())))
            continue
        for tensor, distribution in tensors.items():
            cells = section.get(name) if isinstance(section, Map) else None
            where = cells.key(tensor).place if isinstance(cells, Map) else place
            if tensor not in type_.op.tensors:
                known = ", ".join(type_.op.tensors) or "none"
                hint = did_you_mean(nearest(tensor, type_.op.tensors)) or f"its tensors are: {known}"
                report.add("unknown-key", f"`{tensor}` is not a tensor of {type_.name}", where, hint)
            elif distribution.needs_matrix and type_.op.tensors[tensor] < 2:
                report.add(
                    "bad-value",
                    f"the {tensor} of {type_.name} is a vector and has no fan",
                    where,
                    "use constant, normal or uniform",
                )
