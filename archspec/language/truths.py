"""Truths of many variants, a yes or no of each: together, either of two, and the number that hangs on one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

from archspec.language.batch import Differ
from archspec.language.intervals import joined
from archspec.language.many import Many, deny, is_truth, is_whole, limits, made, once, paired, truth_of


def both(left: Any, right: Any) -> Any:
    """Whether two truths hold together."""
    if isinstance(left, Many) and isinstance(right, Many):
        return left if left is right else truth_of("multiply", left, right)
    plain, other = (right, left) if isinstance(left, Many) else (left, right)
    return other if plain else False


def either(left: Any, right: Any) -> Any:
    """Whether one of two truths holds."""
    if isinstance(left, Many) and isinstance(right, Many):
        return left if left is right else truth_of("maximum", left, right)
    plain, other = (right, left) if isinstance(left, Many) else (left, right)
    return True if plain else other


def select(truth: Any, yes: Any, no: Any) -> Any:
    """The one number where a truth holds, the other elsewhere."""
    if not isinstance(truth, Many):
        return yes if truth else no
    if yes is no or (type(yes) is type(no) and not isinstance(yes, Many) and yes == no):
        return yes
    if isinstance(no, int) and no == 0 and is_whole(yes):
        return made("multiply", truth, yes)
    yes, no = paired(yes, no)
    real = not is_whole(yes) and not is_truth(yes)
    bounds = joined(limits(yes), limits(no))
    sides = (truth, yes, no)
    return once("select", sides, lambda batch: Many(batch, bounds, "select", sides, real=real, truth=is_truth(yes, no)))


def by_case(run: Callable[[], Any], answers: tuple[tuple[Many, bool], ...] = ()) -> Iterator[tuple[Any, Any]]:
    """What a function gives in each case that it tells apart, and where the case holds."""
    truth: Any = True
    with ExitStack() as stack:
        for one, answer in answers:
            stack.enter_context(one.batch.assuming(one, answer))
            truth = both(truth, one if answer else deny(one))
        try:
            found = run()
        except Differ as differ:
            by = differ.by
        else:
            yield truth, found
            return
    for answer in (True, False):
        yield from by_case(run, (*answers, (by, answer)))
