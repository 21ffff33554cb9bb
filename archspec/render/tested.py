"""The result of a test as a page, as plain data, and as comma-separated values."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from archspec.ir.tree import Network
from archspec.recipe.load import Recipe
from archspec.render.data import SCHEMA
from archspec.render.notebook import Printed
from archspec.render.page import Grid, Header, Page, Title, plain
from archspec.training.crops import View
from archspec.training.results import TOPS, Answer, Results

#: classes that a page lists, those that were found least often first; classes up to which it shows the confusion unasked
_CLASSES, _CONFUSION = 20, 20


@dataclass(frozen=True, repr=False)
class Tested(Printed):
    """The result of a test; prints as the table, also in a notebook; `data()` is plain data. `digests` are the specs that the
    weights were saved from, where they say so. `confusion` asks for the matrix on the page, or not (None: if it is small).
    """

    __test__ = False  # no test of pytest's

    network: Network
    recipe: Recipe
    view: View
    data_set: str
    split: str
    results: Results
    digests: tuple[str | None, ...]
    confusion: bool | None = None

    def page(self) -> Page:
        """As what the verb prints."""
        results = self.results
        shown = len(results.classes) <= _CONFUSION if self.confusion is None else self.confusion
        matrix = ("", _matrix(results)) if shown else ()
        title = Title(
            self.network.name,
            f"   test of {self.data_set} ({self.split})   {self.view.protocol}   recipe {self.recipe.settings.name}",
        )
        more = len(results.classes) - _CLASSES
        rest = (f"and {more:,} classes that were found more often: -o FILE has them",) if more > 0 else ()
        return title, "", _accuracies(results), "", _classes(results), *rest, *matrix, "", *self.notes()

    def notes(self) -> Iterator[str]:
        """What was counted, and how the images were looked at."""
        view, results = self.view, self.results
        crops = f"{len(view)} crop{'s' if len(view) > 1 else ''} of {view.width}x{view.height} from each"
        sides = ", ".join(map(str, view.sides))
        yield f"{_images(len(results.answers))}, {crops}, resized to a shorter side of {sides}"
        if len(results.members) > 1:
            yield "ensemble: the mean of the models' probabilities"
        if results.skipped:
            yield f"not counted: {_images(len(results.skipped))} that could not be read"
        for member, digest in zip(results.members, self.digests, strict=True):
            if digest not in (None, self.network.digest):
                yield f"{member} was saved from another text of the spec"

    def data(self) -> dict[str, Any]:
        """All of it: accuracies, classes, the confusion (a row for each class, of what it was taken for), every image."""
        results, view = self.results, self.view
        models = [{"weights": name, **_tops(results, at)} for at, name in enumerate(results.members)]
        return {
            "schema": SCHEMA,
            "name": self.network.name,
            "digest": self.network.digest,
            "recipe": {"name": self.recipe.settings.name, "digest": self.recipe.digest},
            "data": self.data_set,
            "split": self.split,
            "protocol": view.protocol,
            "crops": len(view),
            "crop": [view.height, view.width],
            "sides": list(view.sides),
            "images": len(results.answers),
            "skipped": [{"image": name, "reason": reason} for name, reason in results.skipped],
            "models": models,
            "ensemble": _tops(results) if len(models) > 1 else None,
            "classes": [
                {
                    "name": one.name,
                    "images": one.images,
                    "right": one.right,
                    "taken": one.taken,
                    "recall": one.recall,
                    "precision": one.precision,
                    "mistaken_for": one.mistaken and {"name": one.mistaken[0], "images": one.mistaken[1]},
                }
                for one in results.of_classes
            ],
            "confusion": results.matrix,
            "answers": [_answer(results, one) for one in results.answers],
        }

    def csv(self) -> str:
        """A line for each image: its class, where that stood, and the likeliest classes with their probabilities (RFC 4180)."""
        results, text = self.results, io.StringIO()
        likely = range(1, min(max(TOPS), len(results.classes)) + 1)
        writer = csv.writer(text, lineterminator="\r\n")
        heads = (head for at in likely for head in (f"likeliest {at}", f"probability {at}"))
        writer.writerow(("image", "class", "rank", *heads))
        for one in results.answers:
            pairs = zip(one.best, one.probabilities, strict=True)
            cells = (cell for at, probability in pairs for cell in (results.classes[at], f"{probability:.6g}"))
            writer.writerow((one.name, results.classes[one.label], one.rank, *cells))
        return text.getvalue()

    def __rich__(self) -> Any:
        from archspec.render.terminal import RichPage

        return RichPage(self.page())

    def __str__(self) -> str:
        return plain(self.page())

    def __repr__(self) -> str:
        right, count = self.results.right(1), len(self.results.answers)
        return f"<Test of {self.network.name}: {right:,} of {_images(count)} right>"


def _images(count: int) -> str:
    return f"{count:,} image{'' if count == 1 else 's'}"


def _percent(part: float | None) -> str:
    return "" if part is None else f"{100 * part:.2f}"


def _tops(results: Results, member: int | None = None) -> dict[str, Any]:
    """`top_1` and `top_5`: images that are right, and the share of all."""
    counts = {k: results.right(k, member) for k in results.tops}
    return {f"top_{k}": {"right": right, "accuracy": right / len(results.answers)} for k, right in counts.items()}


def _accuracies(results: Results) -> Grid:
    """A line for each model, and one for all together."""
    headers = [Header("weights", left=True)]
    for k in results.tops:
        headers += [Header(f"top-{k} %"), Header("right")]
    lines: list[tuple[tuple[str, ...], str]] = []
    for name, member in [*((name, at) for at, name in enumerate(results.members)), (f"ensemble of {len(results.members)}", None)]:
        if member is None and len(results.members) == 1:
            continue
        cells = [name]
        for k in results.tops:
            right = results.right(k, member)
            cells += [_percent(right / len(results.answers)), f"{right:,}"]
        lines.append((tuple(cells), "bold" if member is None else ""))
    return Grid(tuple(headers), tuple(lines))


def _classes(results: Results) -> Grid:
    """Every class in order, or those that were found least often."""
    every = results.of_classes
    if len(every) > _CLASSES:
        every = tuple(sorted(every, key=lambda one: 2.0 if one.recall is None else one.recall)[:_CLASSES])
    headers = (
        Header("class", left=True),
        *map(Header, ("images", "recall %", "precision %")),
        Header("most often taken for", left=True),
    )
    return Grid(
        headers,
        tuple(
            (
                (
                    one.name,
                    f"{one.images:,}",
                    _percent(one.recall),
                    _percent(one.precision),
                    f"{one.mistaken[0]} ({one.mistaken[1]:,})" if one.mistaken else "",
                ),
                "",
            )
            for one in every
        ),
    )


def _matrix(results: Results) -> Grid:
    """A row for each class, of what its images were taken for; columns have the numbers of the classes, from 0."""
    names = [name if name == str(at) else f"{at} {name}" for at, name in enumerate(results.classes)]
    headers = (Header("class \\ taken for", left=True), *(Header(str(at)) for at in range(len(names))))
    rows = zip(names, results.matrix, strict=True)
    return Grid(headers, tuple(((name, *(f"{count:,}" if count else "–" for count in row)), "") for name, row in rows))


def _answer(results: Results, one: Answer) -> dict[str, Any]:
    pairs = zip(one.best, one.probabilities, strict=True)
    best = [{"class": results.classes[at], "probability": probability} for at, probability in pairs]
    return {"image": one.name, "class": results.classes[one.label], "rank": one.rank, "ranks": list(one.ranks), "best": best}
