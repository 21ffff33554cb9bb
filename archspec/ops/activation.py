"""What activations share: element by element, without trained tensors, under the name that torch gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from archspec.ops.base import Cost, Op, Shape

if TYPE_CHECKING:
    from torch import nn


class Activation(Op):
    """An op that torch has as a module; its columns are the module's arguments, in order."""

    #: the class in torch.nn
    torch_name: ClassVar[str]
    #: the fact of `Cost` that counts its elements, if another tool counts them
    fact: ClassVar[str | None] = None

    def cost(self, shape: Shape, out: Shape) -> Cost:
        return Cost(**{self.fact: shape.elements}) if self.fact else Cost()

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        make: Any = getattr(nn, self.torch_name)
        return make(*(getattr(self, name) for name in type(self).model_fields))  # type: ignore[no-any-return] # a class that is found by its name
