"""A document laid over the spec as it is so far: the parts that merge the same way in a base and in a change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archspec.language.blocks import block_from, init_scheme, library_block, var_problem
from archspec.language.diagnostics import Problems
from archspec.language.factors import laid_scale
from archspec.language.names import normal
from archspec.language.nodes import Map, Node, Text, is_null
from archspec.language.places import Place
from archspec.language.schema import Document, InitScheme
from archspec.language.stated import Other
from archspec.language.uses import defined_twice
from archspec.language.validation import validated

if TYPE_CHECKING:
    from archspec.language.spec import Spec


@dataclass(frozen=True)
class Defaults:
    """The cells of `defaults` for one type, by normalised key, each with its key as written."""

    type: Text
    cells: dict[str, tuple[Text, Node]]


def merge(spec: Spec, document: Document, node: Map, problems: Problems) -> None:
    """The parts that merge the same way in a base and in a change."""
    spec.about = document.about or spec.about
    if document.source is not None:
        told = document.source.model_fields_set
        spec.source = spec.source.model_copy(update={key: getattr(document.source, key) for key in told})
    _lay_vars(spec, node.get("vars"), problems)
    _lay_defaults(spec, node.get("defaults"), problems)
    _lay_blocks(spec, node.get("blocks"), document, problems)
    spec.claims.lay(document.claims, node.get("claims"), problems)
    _lay_elsewhere(spec, node.get("elsewhere"), document, problems)
    if "outputs" in node:
        spec.outputs = node["outputs"]
    if "scale" in node:
        spec.scale = laid_scale(spec.scale, document.scale, node["scale"])
    _lay_init(spec, node.get("init"), problems)


def _lay_elsewhere(spec: Spec, section: Node | None, document: Document, problems: Problems) -> None:
    """Each source over what older texts have of it; null takes it away."""
    if not isinstance(section, Map):
        return
    for name, model in document.elsewhere.items():
        node = section[name]
        if model is None or not isinstance(node, Map):
            spec.elsewhere.pop(name, None)
        else:
            spec.elsewhere.setdefault(name, Other()).lay(model, node, problems)


def _lay_vars(spec: Spec, section: Node | None, problems: Problems) -> None:
    if isinstance(section, Map):
        for name, node in section.items():
            problem = var_problem(name)
            if problem:
                problems.add(*problem, section.key(name).place)
            spec.vars[name] = node


def _lay_defaults(spec: Spec, section: Node | None, problems: Problems) -> None:
    if not isinstance(section, Map):
        return
    _once(section, "type", problems)
    for name, cells in section.items():
        if isinstance(cells, Map):
            mine = dict(spec.defaults[normal(name)].cells) if normal(name) in spec.defaults else {}
            mine.update({normal(key): (cells.key(key), value) for key, value in cells.items()})
            spec.defaults[normal(name)] = Defaults(section.key(name), mine)


def _lay_blocks(spec: Spec, section: Node | None, document: Document, problems: Problems) -> None:
    """A spec's own block goes over the one it extends, or over the library's. Inside its body the name means the library's."""
    if not isinstance(section, Map):
        return
    _once(section, "block", problems)
    for written in section:
        name, node = normal(written), section[written]
        model = document.blocks.get(written)
        if model is None or not isinstance(node, Map):
            spec.broken.add(name)  # reported; its uses are not reported again
            continue
        before = len(problems.found)
        block = block_from(name, node, model, problems).over(spec.blocks.get(name) or library_block(name))
        if block.body is None:
            problems.add("missing-key", f"the block `{name}` has no body", block.place)
        if len(problems.found) > before:
            spec.broken.add(name)
        if node.place.source not in spec.sources:
            _lay_used(spec, name, section.key(written).place, problems)
        spec.blocks[name] = block


def _lay_used(spec: Spec, name: str, place: Place, problems: Problems) -> None:
    """A block of another file: it may stand in the spec that this one extends only if that uses the same file."""
    other = spec.used.get(name) or (spec.blocks[name].place if name in spec.blocks else place)
    if other.source.name != place.source.name:
        defined_twice(name, place, other, problems)
    spec.used[name] = place


def _lay_init(spec: Spec, node: Node | None, problems: Problems) -> None:
    if node is None or is_null(node):
        return
    if isinstance(node, Text):
        spec.init, spec.init_node = init_scheme(node, node.place).tensors, node
        return
    key = Text("tensors", node.place)
    scheme = validated(InitScheme, Map(node.place, {key: node}), problems)
    spec.init, spec.init_node = (scheme.tensors if scheme else {}), node


def _once(section: Map, what: str, problems: Problems) -> None:
    """Two spellings of one name in one mapping are a duplicate."""
    first: dict[str, Text] = {}
    for name in section:
        key = section.key(name)
        other = first.setdefault(normal(name), key)
        if other is not key:
            message = f"`{name}` and `{other}` are the same {what}"
            problems.add("duplicate-key", message, key.place, related=[("first here", other.place)])
