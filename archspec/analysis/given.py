"""Arrays as a program gives them: which values of a call are one number for each variant, and what each variant gets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from archspec.analysis.variants import FamilyCost, Variants
from archspec.ir.family import Family, expand_family
from archspec.ir.tree import Network
from archspec.language.batch import Batch
from archspec.language.diagnostics import SpecError, fail
from archspec.language.figures import output_size
from archspec.language.intervals import MAX_INT
from archspec.language.many import Many
from archspec.language.many import given as new_number
from archspec.language.nodes import Slot
from archspec.language.places import option
from archspec.language.spec import Spec

if TYPE_CHECKING:
    from archspec.language.many import Array

#: values of an array that are told apart, and as many elements are looked at before all are
_FEW, _LOOKED = 256, 2048
_SIDES = ("height", "width", "channels")


@dataclass(frozen=True)
class GivenArrays:
    """The values of the changes by path, of which those with a slot are arrays; `input` is a size, or its sides."""

    values: Mapping[str, Any]
    slots: Mapping[str, Slot]
    input: Any
    size: int

    @property
    def many(self) -> bool:
        """Whether anything differs between variants."""
        return bool(self.slots) or (isinstance(self.input, tuple) and any(map(_is_array, self.input)))

    def variants(self, spec: Spec, load: Callable[[int], Network]) -> Variants:
        """Their costs; `load` loads one of them."""
        batch = Batch()
        arrays: dict[Many, Array] = {}
        for path, slot in self.slots.items():
            slot.value = _number(self.values[path], batch, arrays)
        sides: list[Any] = []
        if isinstance(self.input, tuple) and any(map(_is_array, self.input)):
            sides = [_number(side, batch, arrays) if _is_array(side) else side for side in self.input]
        try:
            family = expand_family(lambda: replace(spec, input=_sides(sides, spec)) if sides else spec)
        except SpecError:
            family = Family((), ())
        return Variants(self.size, FamilyCost(family), arrays, load)

    def changes_of(self, index: int) -> dict[str, Any]:
        """The changes of one variant."""
        return {path: _one(value, index) if path in self.slots else value for path, value in self.values.items()}

    def input_of(self, index: int) -> Any:
        """The input of one variant."""
        return tuple(_one(side, index) for side in self.input) if isinstance(self.input, tuple) else self.input


def given_arrays(values: Mapping[str, Any], input: Any) -> GivenArrays:
    """Finds the arrays among the values of a call, and checks that they go together."""
    values = {path: _listed(value) for path, value in values.items()}
    sides = tuple(map(_listed, input)) if isinstance(input, tuple | list) else input
    told = {path: value for path, value in values.items() if _is_array(value)}
    if isinstance(sides, tuple):
        told |= {f"input.{name}": side for name, side in zip(_SIDES, sides, strict=False) if _is_array(side)}
    checked = {path: _checked(path, value) for path, value in told.items()}
    sizes = {path: len(array) for path, array in checked.items()}
    if len(set(sizes.values())) > 1:
        (path, size), *_ = sizes.items()
        other = next(one for one, length in sizes.items() if length != size)
        message = f"all arrays have one length: `{path}` has {size:,}, `{other}` has {sizes[other]:,}"
        raise fail("bad-value", message, option(other, "array"))
    if isinstance(sides, tuple):
        sides = tuple(checked.get(f"input.{name}", side) for name, side in zip(_SIDES, sides, strict=False)) + sides[3:]
    size = next(iter(sizes.values()), 1)
    slots = {path: Slot() for path in values if path in checked}
    return GivenArrays({**values, **{path: checked[path] for path in slots}}, slots, sides, size)


def _listed(value: Any) -> Any:
    """A list is an array too."""
    if not isinstance(value, list):
        return value
    import numpy as np

    return np.asarray(value)


def _is_array(value: Any) -> bool:
    """Whether a value is a numpy array, without importing numpy: a plain number, even numpy's, is none."""
    return hasattr(value, "__array__") and bool(getattr(value, "ndim", 0))


def _checked(path: str, value: Any) -> Array:
    """The array as int64, float64 or bool."""
    import numpy as np

    array, place = np.asarray(value), option(path, "array")
    if array.ndim != 1 or not len(array):
        found = f"found {array.ndim} dimensions" if array.ndim != 1 else "found none"
        raise fail("bad-value", f"`{path}` must be an array with one number for each variant, {found}", place)
    if array.dtype == bool:
        return array
    if array.dtype.kind == "f" and np.isfinite(array).all():
        return array.astype(np.float64, copy=False)
    if array.dtype.kind not in "iu":
        found = "numbers that are not finite" if array.dtype.kind == "f" else str(array.dtype)
        raise fail("bad-value", f"`{path}` must be an array of numbers or bools, found {found}", place)
    if int(array.max()) > MAX_INT or int(array.min()) < -MAX_INT:
        raise fail("overflow", f"`{path}` has numbers that do not fit in 63 bits", place)
    return array.astype(np.int64, copy=False)


def _number(array: Array, batch: Batch, given: dict[Many, Array]) -> Any:
    """An array as one number; where all are the same, that one."""
    least, most = array.min().item(), array.max().item()
    if least == most:
        return least
    number = new_number(batch, (least, most), real=array.dtype.kind == "f", truth=array.dtype == bool, values=_few(array))
    given[number] = array
    return number


def _few(array: Array) -> tuple[Any, ...]:
    """All values of an array, if they are few."""
    import numpy as np

    if len(array) > _FEW and len(np.unique(array[:_LOOKED])) > _FEW:
        return ()
    values = np.unique(array)
    return tuple(values.tolist()) if len(values) <= _FEW else ()


def _sides(sides: list[Any], spec: Spec) -> tuple[int, int, int]:
    try:
        height, width, channels = output_size(sides)
    except ValueError as error:
        raise fail("bad-value", f"input must be {error}", spec.input_place) from None
    return height, width, channels


def _one(value: Any, index: int) -> Any:
    return value[index].item() if _is_array(value) else value
