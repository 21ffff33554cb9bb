"""Spec to Network: vars, defaults, rows, heads and claims, with every error of the run collected."""

from __future__ import annotations

from archspec.ir.at import At, StopError
from archspec.ir.cells import Reporter, variables
from archspec.ir.claims import total_claims
from archspec.ir.columns import with_headers
from archspec.ir.edits import Edits
from archspec.ir.keys import loss_weight
from archspec.ir.rows import named_rows, row_from
from archspec.ir.scope import Cell, Ref, RowNames, Rows, Scope
from archspec.ir.tree import INPUT, Head, Inner, Network
from archspec.ir.types import Types
from archspec.ir.walk import Walk
from archspec.language.diagnostics import Problems, SpecError, did_you_mean, moved
from archspec.language.names import nearest
from archspec.language.nodes import Map, describe, is_null
from archspec.language.spec import Spec
from archspec.ops.base import Shape


def expand(spec: Spec) -> Network:
    """The network of a spec. Raises SpecError with everything that is wrong."""
    problems = Problems(list(spec.problems.found))
    types = Types(spec.blocks)
    edits = Edits(spec.changes, types, problems)
    shape = Shape(spec.input[2], *spec.input[:2]) if spec.input else None
    report = Reporter(problems, None)
    values = variables(spec.vars, RowNames({}, shape), Rows(), report)
    names = RowNames(values, shape)
    walk = Walk(problems, types, edits, _defaults(spec, types, names, report), spec.inherited)
    outer = Rows()
    outer.refs[INPUT] = Ref(INPUT, shape)
    rows = Rows(outer)
    scope = Scope(values, rows, entry=shape)
    _check_init(spec, types, problems)
    body, heads = None, []
    try:
        body = walk.sequence(edits.rows(named_rows(spec.rows), ()), At((), scope, shape), spec.place)
        heads = _heads(spec, walk, scope, names)
    except StopError:
        pass
    else:
        edits.finish()
    problems.check()
    assert shape is not None
    assert body is not None
    assert isinstance(body.node, Inner)
    return Network(
        name=spec.name,
        about=spec.about,
        input=shape,
        body=body.node,
        heads=tuple(heads),
        counts=spec.counts,
        claims=total_claims(spec),
        init=spec.init,
        text=spec.text,
        digest=spec.digest,
    )


def blamed_on_input(spec: Spec, plain: Spec) -> Network:
    """Expands a spec whose `--input` was changed: what is wrong only because of that is reported at `--input`."""
    try:
        return expand(spec)
    except SpecError as error:
        expand(plain)  # what is wrong anyway is raised from here
        raise SpecError(moved(d, spec.input_place) for d in error.diagnostics) from None


def _heads(spec: Spec, walk: Walk, scope: Scope, names: RowNames) -> list[Head]:
    heads: list[Head] = []
    for name, node in walk.edits.rows(list(spec.heads.items()), (), head=True):
        place = spec.heads.key(name).place if name in spec.heads else node.place
        report = Reporter(walk.problems, name)
        if scope.rows.find(name) is not None:
            report.add("duplicate-id", f"`{name}` is the id of a row and of a head", place)
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
        found = walk.row(row.without("loss weight"), At((name,), scope, None), edited=True)
        if found is not None and found.node is not None:
            heads.append(Head(found.node, weight))
    return heads


def _defaults(spec: Spec, types: Types, names: RowNames, report: Reporter) -> dict[str, dict[str, Cell]]:
    """The cells of `defaults` by type, checked once; their formulas see the spec's vars."""
    found: dict[str, dict[str, Cell]] = {}
    for name, cells in spec.defaults.items():
        type_ = types.find(name)
        if type_ is None:
            place = next((default.key.place for default in cells.values()), spec.place)
            hint = did_you_mean(nearest(name, types.names()))
            report.add("unknown-type", f"`defaults` names `{name}`, which is neither an op nor a block", place, hint)
            continue
        written = {key: Cell(d.key, d.value, names, Rows()) for key, d in cells.items() if not is_null(d.value)}
        found[type_.name] = with_headers(type_, written, report)
    return found


def _check_init(spec: Spec, types: Types, problems: Problems) -> None:
    """An initialisation names ops that exist."""
    for name in spec.init:
        type_ = types.find(name)
        if type_ is None or type_.op is None:
            hint = did_you_mean(nearest(name, types.names()))
            problems.add("unknown-type", f"`init` names `{name}`, which is not an op", spec.init_place, hint=hint)
