"""What activations share: element by element, without trained tensors, under the name that torch gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from archspec.ops.base import Op, Shape

if TYPE_CHECKING:
    from torch import nn


class Activation(Op):
    """An op that torch has as a module; its columns are the module's arguments, in order."""

    #: the class in torch.nn
    torch_name: ClassVar[str]

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        make: Any = getattr(nn, self.torch_name)
        return make(*(getattr(self, name) for name in type(self).model_fields))  # type: ignore[no-any-return] # a class that is found by its name
