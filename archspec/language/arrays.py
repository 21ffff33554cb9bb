"""The values of numbers that many variants have: a pass over what each is made of, in pieces that stay in the cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from archspec.language.intervals import fits
from archspec.language.many import Differ, Many, bounds

if TYPE_CHECKING:
    from archspec.language.many import Array

#: variants that are computed at once
PIECE = 8192
#: up to so many times as many numbers as variants, the values are found by marking them, not by sorting
_SPARSE = 4


def evaluated(wanted: Sequence[Many]) -> list[Array]:
    """The values of numbers, as int64; as Python's integers where those do not fit."""
    import numpy as np

    size = wanted[0].batch.size
    given, steps, places, count = _steps(wanted)
    kinds = [np.float64 if one.real else np.int64 if fits(bounds(one)) else object for one in wanted]
    results = [np.empty(size, kind) for kind in kinds]
    buffers = np.empty((count, min(size, PIECE)), np.int64)
    for start in range(0, size, PIECE):
        stop = min(start + PIECE, size)
        held: list[Any] = [*buffers[:, : stop - start]]
        held += [one.array[start:stop] if isinstance(one, Many) and one.array is not None else one for one in given]
        for function, left, right, place in steps:
            held[place] = function(held[left], held[right], out=held[place])
        for result, place in zip(results, places, strict=True):
            result[start:stop] = held[place]
    return results


#: a function of left, right and the buffer that may take the result (`out`), and where these are held
Step = tuple[Callable[..., Any], int, int, int]


def _steps(wanted: Sequence[Many]) -> tuple[list[Any], list[Step], list[int], int]:
    """What is held at first besides buffers (given arrays and plain numbers), the steps, where the results are then, and the
    number of buffers: one is used again as soon as nothing reads it.
    """
    import numpy as np

    order = list(_order(wanted))
    last = {id(side): node for node in order for side in (node.left, node.right) if isinstance(side, Many)}
    kept = {id(one) for one in wanted}
    given: list[Any] = []
    home: dict[Any, int] = {}  # buffers count from 0, what is given from -1 down until their number is known
    free: list[int] = []
    count = 0
    steps: list[Step] = []

    def hold(value: Any, key: Any) -> int:
        if key not in home:
            given.append(value)
            home[key] = -len(given)
        return home[key]

    for node in order:
        if node.array is not None:
            hold(node, id(node))
            continue
        sides = [home[id(side)] if isinstance(side, Many) else hold(side, (side,)) for side in (node.left, node.right)]
        for side in {id(side): side for side in (node.left, node.right)}.values():
            used = isinstance(side, Many) and home[id(side)] >= 0 and last[id(side)] is node and id(side) not in kept
            if used and not side.exact:
                free.append(home[id(side)])
        if node.exact:
            home[id(node)] = hold(None, id(node))
            steps.append((_exactly(getattr(np, node.name), fits(bounds(node))), sides[0], sides[1], home[id(node)]))
            continue
        if not free:
            free.append(count)
            count += 1
        home[id(node)] = free.pop()
        steps.append((getattr(np, node.name), sides[0], sides[1], home[id(node)]))

    def place(at: int) -> int:
        return at if at >= 0 else count - 1 - at

    placed = [(function, place(left), place(right), place(out)) for function, left, right, out in steps]
    return given, placed, [place(home[id(one)]) for one in wanted], count


def _exactly(function: Callable[..., Any], narrow: bool) -> Callable[..., Any]:
    """The function on Python's integers; its result as int64 if it fits."""
    import numpy as np

    def exact(left: Any, right: Any, out: Any) -> Any:
        result = function(*(np.asarray(side, dtype=object) for side in (left, right)))
        return result.astype(np.int64) if narrow else result

    return exact


def _order(wanted: Sequence[Many]) -> Iterator[Many]:
    """All that numbers are made of, and they, each after what it is made of."""
    seen: set[int] = set()
    todo: list[tuple[Many, bool]] = [(one, False) for one in reversed(wanted)]
    while todo:
        node, ready = todo.pop()
        if ready:
            yield node
        elif id(node) not in seen:
            seen.add(id(node))
            todo.append((node, True))
            if node.array is None:
                todo += [(side, False) for side in (node.right, node.left) if isinstance(side, Many)]


def arrays(values: Sequence[Any]) -> list[Any]:
    """Plain numbers as they are, and the values of the others."""
    held = [one for one in values if isinstance(one, Many)]
    computed = iter(evaluated(held) if held else ())
    return [next(computed) if isinstance(one, Many) else one for one in values]


def answers(question: Callable[..., bool], values: Sequence[Any]) -> Array:
    """What each variant answers."""
    import numpy as np

    distinct, which = _distinct(values)
    return np.array([question(*one) for one in distinct], dtype=bool)[which]


def applied(function: Callable[..., Any], values: Sequence[Any]) -> Any:
    """A function of plain numbers for each variant, as one number; what it raises for all of them alike is raised."""
    import numpy as np

    batch = next(one for one in values if isinstance(one, Many)).batch
    distinct, which = _distinct(values)
    results = [_outcome(function, one) for one in distinct]
    kinds = {kind: number for number, kind in enumerate(dict.fromkeys(map(type, results)))}
    if len(kinds) > 1:
        raise Differ(np.array([kinds[type(one)] for one in results])[which])
    first = results[0]
    if isinstance(first, Exception):
        raise first
    if all(one == first for one in results):
        return first
    if isinstance(first, float):
        return Many(batch, (0, 0), array=np.array(results)[which], real=True)
    within = min(results), max(results)
    array = np.array(results, dtype=np.int64 if fits(within) else object)[which]
    return Many(batch, within, array=array, tight=True)


def _outcome(function: Callable[..., Any], values: tuple[Any, ...]) -> Any:
    """The value, or the exception that the language turns into a diagnostic."""
    try:
        return function(*values)
    except (ArithmeticError, ValueError) as error:
        return error


def _distinct(values: Sequence[Any]) -> tuple[list[tuple[Any, ...]], Array]:
    """The numbers that variants have together, each combination once, as Python has them; and which one each variant has."""
    import numpy as np

    held = {id(one): one for one in values if isinstance(one, Many)}
    computed = dict(zip(held, arrays(list(held.values())), strict=True))
    which: Array = np.zeros(next(iter(held.values())).batch.size, np.int64)
    for array in computed.values():
        numbers, index = _numbered(array)
        _, which = _numbered(which * len(numbers) + index)
    first = np.zeros(int(which.max()) + 1, np.int64)
    first[which] = np.arange(len(which))
    lists = {key: array[first].tolist() for key, array in computed.items()}
    columns = [lists[id(one)] if isinstance(one, Many) else [one] * len(first) for one in values]
    return list(zip(*columns, strict=True)), which


def _numbered(array: Array) -> tuple[Array, Array]:
    """The values of an array, each once, and which of them stands where."""
    import numpy as np

    least, most = array.min(), array.max()
    if array.dtype != np.int64 or int(most) - int(least) > _SPARSE * len(array):
        values, index = np.unique(array, return_inverse=True)
        return values, index
    there = np.zeros(int(most) - int(least) + 1, dtype=bool)
    there[array - least] = True
    return np.flatnonzero(there) + least, (np.cumsum(there) - 1)[array - least]
