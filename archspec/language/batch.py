"""The variants that are computed together, and what is assumed of them while one case of theirs is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

from archspec.language.intervals import NARROWED, Bounds

if TYPE_CHECKING:
    from archspec.language.many import Many


class Differ(Exception):  # noqa: N818 - no error: the variants are taken apart
    """The variants need different answers; `by` is the truth that they hang on."""

    def __init__(self, by: Many) -> None:
        super().__init__("the variants differ")
        self.by = by


#: truths by identity with their answers, and the bounds that follow
Assumptions: TypeAlias = tuple[dict[int, bool], dict[int, Bounds]]


class Batch:
    """The variants that are computed together: every number that was made of theirs, each once, and what is assumed of them."""

    def __init__(self) -> None:
        self.made: dict[Any, Any] = {}
        #: truths that are taken for granted, and what they say of the bounds of numbers, by identity
        self.assumed: dict[int, bool] = {}
        self._narrowed: dict[int, Bounds] = {}

    @contextmanager
    def assuming(self, truth: Many, answer: bool) -> Iterator[None]:
        """Takes a truth for granted, and what is learned meanwhile."""
        before = self.learn(truth, answer)
        try:
            yield
        finally:
            self.forget(before)

    def learn(self, truth: Many, answer: bool) -> Assumptions:
        """Takes a truth for granted from now on; gives what was taken before."""
        before = self.assumed, self._narrowed
        self.assumed = {**self.assumed, id(truth): answer}
        if truth.name in NARROWED:
            self._narrowed = {**self._narrowed, **self._told(truth, answer)}
        return before

    def forget(self, before: Assumptions) -> None:
        """Takes for granted what was taken before."""
        self.assumed, self._narrowed = before

    def _told(self, truth: Many, answer: bool) -> dict[int, Bounds]:
        """What an answer says of the bounds of the numbers that are compared."""
        left, right = (self.bounds(one) if hasattr(one, "least") else (one, one) for one in truth.sides)
        whole = not any(one.real for one in truth.sides if hasattr(one, "least"))
        after = NARROWED[truth.name](left, right, answer, whole)
        return {id(one): found for one, found in zip(truth.sides, after, strict=True) if hasattr(one, "least")}

    def bounds(self, number: Many) -> Bounds:
        """Between which bounds a number lies, under what is assumed."""
        return self._narrowed.get(id(number), (number.least, number.most))
