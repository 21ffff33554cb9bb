"""Python's operators, each handed on by the name of what it computes."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any


class Operators:
    """What takes the operators of an int; the names are those of `operator` for comparisons, and numpy's for arithmetic."""

    __hash__ = object.__hash__
    __slots__ = ()

    @abstractmethod
    def compared(self, name: str, other: Any) -> Any:
        """One answer, or NotImplemented."""

    @staticmethod
    @abstractmethod
    def computed(name: str, left: Any, right: Any) -> Any:
        """A number, or NotImplemented."""

    def __eq__(self, other: object) -> Any:
        return self.compared("eq", other)

    def __ne__(self, other: object) -> Any:
        return self.compared("ne", other)

    def __lt__(self, other: Any) -> Any:
        return self.compared("lt", other)

    def __le__(self, other: Any) -> Any:
        return self.compared("le", other)

    def __gt__(self, other: Any) -> Any:
        return self.compared("gt", other)

    def __ge__(self, other: Any) -> Any:
        return self.compared("ge", other)

    def __add__(self, other: Any) -> Any:
        return self.computed("add", self, other)

    def __radd__(self, other: Any) -> Any:
        return self.computed("add", self, other)

    def __sub__(self, other: Any) -> Any:
        return self.computed("subtract", self, other)

    def __rsub__(self, other: Any) -> Any:
        return self.computed("subtract", other, self)

    def __mul__(self, other: Any) -> Any:
        return self.computed("multiply", self, other)

    def __rmul__(self, other: Any) -> Any:
        return self.computed("multiply", self, other)

    def __floordiv__(self, other: Any) -> Any:
        return self.computed("floor_divide", self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return self.computed("floor_divide", other, self)

    def __mod__(self, other: Any) -> Any:
        return self.computed("remainder", self, other)

    def __rmod__(self, other: Any) -> Any:
        return self.computed("remainder", other, self)

    def __truediv__(self, other: Any) -> Any:
        return self.computed("true_divide", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return self.computed("true_divide", other, self)

    def __pow__(self, other: Any) -> Any:
        return self * self if isinstance(other, int) and other == 2 else NotImplemented

    def __neg__(self) -> Any:
        return self.computed("subtract", 0, self)
