"""What a test found: of each image where its class stood, and what is counted from that. Plain numbers; nothing is run here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

#: the k of top-k accuracy, as far as there are so many classes
TOPS = (1, 5)


def telling(classes: int) -> tuple[int, ...]:
    """The k for which top-k tells something: of five classes every image's is among the five likeliest."""
    return tuple(k for k in TOPS if k == 1 or k < classes)


@dataclass(frozen=True)
class Answer:
    """Of one image: its class, and the likeliest classes (at most five) with their probabilities, of all models together.

    `rank` is 1 if its class is the likeliest, 2 if it is the second; `ranks` are the same of each model by itself.
    """

    name: str
    label: int
    rank: int
    ranks: tuple[int, ...]
    best: tuple[int, ...]
    probabilities: tuple[float, ...]


@dataclass(frozen=True)
class OfClass:
    """Counts of one class: its images, those of them that were found, all that were taken for it, and what it was most often
    mistaken for, with how often (None if never).
    """

    name: str
    images: int
    right: int
    taken: int
    mistaken: tuple[str, int] | None

    @property
    def recall(self) -> float | None:
        """The share of its images that were found; None without images."""
        return self.right / self.images if self.images else None

    @property
    def precision(self) -> float | None:
        """The share of what was taken for it that was it; None if nothing was."""
        return self.right / self.taken if self.taken else None


@dataclass(frozen=True)
class Results:
    """The answers of a test, in the order of the images; `members` are the models, `skipped` the images that could not be
    read, with the reasons.
    """

    classes: Sequence[str]
    members: tuple[str, ...]
    answers: tuple[Answer, ...]
    skipped: tuple[tuple[str, str], ...] = ()

    @property
    def tops(self) -> tuple[int, ...]:
        """The k for which there is a top-k: those that leave something to choose among the classes."""
        return telling(len(self.classes))

    def right(self, k: int, member: int | None = None) -> int:
        """Images whose class is among the k likeliest: for all models together, or for one of them."""
        return sum((one.rank if member is None else one.ranks[member]) <= k for one in self.answers)

    @cached_property
    def confusion(self) -> Mapping[tuple[int, int], int]:
        """How many images of a class (first) were taken for a class (second); pairs that did not happen are left out."""
        return Counter((one.label, one.best[0]) for one in self.answers)

    @property
    def matrix(self) -> list[list[int]]:
        """The confusion as a matrix: a row for each class, of what its images were taken for."""
        every = range(len(self.classes))
        return [[self.confusion.get((label, taken), 0) for taken in every] for label in every]

    @cached_property
    def of_classes(self) -> tuple[OfClass, ...]:
        """Counts of every class, in order."""
        images, taken = Counter[int](), Counter[int]()
        mistaken: dict[int, tuple[int, int]] = {}
        for (label, other), count in sorted(self.confusion.items()):
            images[label] += count
            taken[other] += count
            if label != other and count > mistaken.get(label, (0, 0))[1]:
                mistaken[label] = other, count
        return tuple(
            OfClass(name, images[at], self.confusion.get((at, at), 0), taken[at], self._named(mistaken.get(at)))
            for at, name in enumerate(self.classes)
        )

    def _named(self, one: tuple[int, int] | None) -> tuple[str, int] | None:
        return (self.classes[one[0]], one[1]) if one else None
