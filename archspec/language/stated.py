"""What one source states of a row or of the whole network, each text's figures laid over those of the texts before it."""

from __future__ import annotations

from dataclasses import dataclass, field

from archspec.language.diagnostics import Problems
from archspec.language.figures import Figure
from archspec.language.names import REASONS
from archspec.language.nodes import Map, Node, Text, is_null
from archspec.language.places import Place
from archspec.language.reasons import told, unstated
from archspec.language.schema import Elsewhere, RowClaims, SourceInfo


@dataclass
class Stated:
    """The figures by their key, each with its place; by `erratum` and `why`, the reasons for some of them."""

    figures: dict[str, tuple[Figure | tuple[int, int], Place]] = field(default_factory=dict)
    reasons: dict[str, dict[str, Text]] = field(default_factory=dict)

    def lay(self, claims: RowClaims, section: Node | None, problems: Problems) -> None:
        """Lays the figures of a text over these; null takes one away."""
        if not isinstance(section, Map):
            return
        for key, figure in claims.figures():
            if figure is not None:
                self.figures[key] = (figure, section[key].place)
            else:
                self.figures.pop(key, None)
        for name in claims.model_fields_set & {*REASONS}:
            for message, place, hint in unstated(name, section[name], self.figures):
                problems.add("unknown-key", message, place, hint=hint)
            older = {} if is_null(section[name]) else self.reasons.get(name, {})
            self.reasons[name] = {**older, **dict(told(section[name], self.figures))}


@dataclass
class Other:
    """What a further source states: `rows` by the id of the row, each with the place of the id."""

    source: SourceInfo = field(default_factory=SourceInfo)
    claims: Stated = field(default_factory=Stated)
    rows: dict[str, tuple[Text, Stated]] = field(default_factory=dict)

    def lay(self, model: Elsewhere, section: Map, problems: Problems) -> None:
        """Lays what a text says over this."""
        fields = SourceInfo.model_fields.keys() & model.model_fields_set
        self.source = self.source.model_copy(update={key: getattr(model, key) for key in fields})
        self.claims.lay(model.claims, section.get("claims"), problems)
        rows = section.get("rows")
        for name, claims in model.rows.items():
            assert isinstance(rows, Map)
            _, stated = self.rows.get(name, (None, Stated()))
            stated.lay(claims, rows[name], problems)
            self.rows[name] = (rows.key(name), stated)
