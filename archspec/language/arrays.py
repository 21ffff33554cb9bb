"""The values of numbers that many variants have: a pass over what each is made of, in pieces that stay in the cache."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from archspec.language.intervals import fits
from archspec.language.many import Many

if TYPE_CHECKING:
    from archspec.language.many import Array

#: variants that are computed at once
PIECE = 8192
#: combinations of values that are tried to tell what a number may be
_TRIED = 4096

#: a function of its sides and of the buffer that may take the result (`out`), where the sides are held, and the result
Step = tuple[Callable[..., Any], tuple[int, ...], int]


class Program:
    """The steps that compute some numbers: made once, run for as many variants as are given, as often as wanted."""

    def __init__(self, wanted: Sequence[Any]) -> None:
        self._wanted = wanted
        order = list(_order([one for one in wanted if isinstance(one, Many)]))
        self._tables = {node: _Table(node, leaf) for node in order if (leaf := _tabled(node)) is not None}
        apart = [node for node in order if node.name == "given" or node in self._tables or node.exact]
        plain = {_key(side): side for node in order for side in node.sides if not isinstance(side, Many)}
        #: what is held beside the buffers: numbers that come from outside of the steps or fit into no buffer, and plain ones
        self._held = [*apart, *plain.values()]
        #: where each is held; a buffer has two places, one for whole numbers and one for floats in the same memory
        self._home = {key: at for at, key in enumerate([*map(_key, apart), *plain])}
        self._count = 0
        self._steps = list(self._in_steps(order))
        self._places = [self._home.get(_key(one)) if isinstance(one, Many) else None for one in wanted]

    def __call__(self, given: Given) -> list[Any]:
        """The numbers, as int64, float64 or bool arrays; as Python's integers where an int64 may not hold them; plain numbers
        as they are. `given` are the values of each given number.
        """
        import numpy as np

        with np.errstate(all="ignore"):  # what is wrong with a variant is known by its truths; its other numbers mean nothing
            return self._run(given)

    def _run(self, given: Given) -> list[Any]:
        import numpy as np

        size = len(next(iter(given.values()))) if given else 0
        whole = {**given, **{node: table(given) for node, table in self._tables.items()}}
        held = [whole.get(one) if isinstance(one, Many) else one for one in self._held]
        results = [np.empty(size, _kind(one)) if isinstance(one, Many) else one for one in self._wanted]
        buffers = np.empty((self._count, min(size, PIECE)), np.int64)
        for start in range(0, size, PIECE):
            stop = min(start + PIECE, size)
            now = [one[start:stop] if isinstance(one, np.ndarray | Listed) else one for one in held]
            now += [view for row in buffers[:, : stop - start] for view in (row, row.view(np.float64))]
            for function, sides, out in self._steps:
                now[out] = function(*[now[side] for side in sides], out=now[out])
            for result, place in zip(results, self._places, strict=True):
                if place is not None:
                    result[start:stop] = now[place]
        return results

    def _in_steps(self, order: Sequence[Many]) -> Iterator[Step]:
        """The steps in order: a buffer is used again as soon as nothing reads it."""
        last = {id(side): node for node in order for side in node.sides if isinstance(side, Many)}
        kept = {id(one) for one in self._wanted}
        first, free = len(self._held), list[int]()
        for node in order:
            if node.name == "given" or node in self._tables:
                continue
            sides = tuple(self._home[_key(side)] for side in node.sides)
            for side in {id(side): side for side in node.sides if isinstance(side, Many)}.values():
                if self._home[id(side)] >= first and last[id(side)] is node and id(side) not in kept:
                    free.append((self._home[id(side)] - first) // 2)
            if not node.exact:
                if not free:
                    free.append(self._count)
                    self._count += 1
                self._home[id(node)] = first + 2 * free.pop() + node.real
            yield _function(node), sides, self._home[id(node)]


def _key(value: Any) -> Any:
    return id(value) if isinstance(value, Many) else (type(value), value)


@dataclass(frozen=True)
class Listed:
    """Values of a given number, or of what hangs on one, by their places in a list: taken as they are computed with."""

    values: Array
    places: Array

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, piece: slice) -> Array:
        return self.values.take(self.places[piece])


#: what a given number is of each variant
Given: TypeAlias = "Mapping[Many, Array | Listed]"


class _Table:
    """A function of Python's that depends on one given number: computed once for each of its values."""

    def __init__(self, node: Many, leaf: Many) -> None:
        self._node, self._leaf, self._sides = node, leaf, Program(node.sides)

    def __call__(self, given: Given) -> Listed:
        import numpy as np

        found = given[self._leaf]
        values, places = (found.values, found.places) if isinstance(found, Listed) else np.unique(found, return_inverse=True)
        sides = self._sides({self._leaf: values})
        function = _guarded(self._node.function)
        columns = [side.tolist() if isinstance(side, np.ndarray) else [side] * len(values) for side in sides]
        results = [function(*row) for row in zip(*columns, strict=True)]
        return Listed(np.array(results, _kind(self._node) if not self._node.truth else np.int64), places)


def _kind(node: Many) -> Any:
    import numpy as np

    if node.truth:
        return np.bool_
    return np.float64 if node.real else np.int64 if fits((node.least, node.most)) else object


def _tabled(node: Many) -> Many | None:
    """The one given number that a function of Python's depends on, if it is one."""
    if node.name != "apply":
        return None
    leaves = {id(one): one for one in _order([node], through=True) if one.name == "given"}
    return next(iter(leaves.values())) if len(leaves) == 1 else None


def possible(number: Many) -> list[int]:
    """All that a whole number may be, smallest first, if it hangs on few values of given numbers; else nothing."""
    import numpy as np

    leaves = [one for one in _order([number], through=True) if one.name == "given"]
    if not all(one.values for one in leaves) or math.prod(len(one.values) for one in leaves) > _TRIED:
        return []
    grid = np.meshgrid(*(np.asarray(one.values) for one in leaves))
    (found,) = Program([number])({one: array.reshape(-1) for one, array in zip(leaves, grid, strict=True)})
    return sorted(set(found.tolist()))


def _guarded(function: Callable[..., Any] | None) -> Callable[..., Any]:
    assert function is not None

    def guarded(*values: Any) -> Any:
        try:
            return function(*values)
        except (ArithmeticError, ValueError):  # of a variant that is known to be wrong
            return 0

    return guarded


def _function(node: Many) -> Callable[..., Any]:
    """What computes a number from its sides."""
    import numpy as np

    special: dict[str, Callable[..., Any]] = {
        "lt": np.less,
        "eq": np.equal,
        "deny": lambda truth: 1 - truth,
        "select": lambda truth, yes, no: np.where(np.asarray(truth, dtype=bool), yes, no),
        "float": lambda value: value,
        "number": lambda truth: truth,
        "floor": np.floor,
        "ceil": np.ceil,
    }
    if node.name == "apply":
        function: Callable[..., Any] = np.frompyfunc(_guarded(node.function), len(node.sides), 1)
    else:
        function = special.get(node.name) or getattr(np, node.name)
    if node.exact:
        return _exactly(function, fits((node.least, node.most)))
    if isinstance(function, np.ufunc) and node.name not in ("floor", "ceil", "apply"):
        return function

    def computed(*sides: Any, out: Any) -> Any:
        out[...] = function(*sides)
        return out

    return computed


def _exactly(function: Callable[..., Any], narrow: bool) -> Callable[..., Any]:
    """The function on Python's integers; its result as int64 if it fits."""
    import numpy as np

    def exact(*sides: Any, out: Any) -> Any:
        result = function(*(np.asarray(side, dtype=object) for side in sides))
        return np.asarray(result).astype(np.int64) if narrow else result

    return exact


def _order(wanted: Sequence[Many], *, through: bool = False) -> Iterator[Many]:
    """All that numbers are made of, and they, each after what it is made of; what a table gives is not taken apart, unless
    `through`.
    """
    seen: set[int] = set()
    todo: list[tuple[Many, bool]] = [(one, False) for one in reversed(wanted)]
    while todo:
        node, ready = todo.pop()
        if ready:
            yield node
        elif id(node) not in seen:
            seen.add(id(node))
            todo.append((node, True))
            leaf = None if through else _tabled(node)
            sides = node.sides if leaf is None else (leaf,)
            todo += [(side, False) for side in reversed(sides) if isinstance(side, Many)]
