"""What activations share: element by element, without trained tensors, under the name that torch gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from archspec.ops.base import Op, Shape
from archspec.ops.facts import Facts

if TYPE_CHECKING:
    from torch import nn


class Activation(Op):
    """An op that torch has as a module; its columns are the module's arguments, in order."""

    #: the class in torch.nn
    torch_name: ClassVar[str]
    #: the fact that counts its elements, if another tool counts them
    fact: ClassVar[str | None] = None

    def facts(self, shape: Shape, out: Shape) -> Facts:
        return Facts(**{self.fact: shape.elements}) if self.fact else Facts()

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        make: Any = getattr(nn, self.torch_name)
        return make(*(getattr(self, name) for name in type(self).model_fields))  # type: ignore[no-any-return] # a class that is found by its name
