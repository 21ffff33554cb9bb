from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from archspec.language.values import Numbers
from archspec.ops.base import Op, Shape, ShapeError, column, needs_map

if TYPE_CHECKING:
    from torch import nn


class Renormalize(Op):
    """Takes an input that was normalised with one mean and deviation to another: (x * std + mean - to_mean) / to_std.

    The defaults take ImageNet's mean and deviation to 0.5 and 0.5, as the published GoogLeNet weights expect.
    """

    name: ClassVar[str] = "renormalize"

    mean: Numbers = column((0.485, 0.456, 0.406), about="the mean that was subtracted, one for each channel")
    std: Numbers = column((0.229, 0.224, 0.225), about="the deviation that it was divided by")
    to_mean: Numbers = column((0.5, 0.5, 0.5), header="to mean", about="the mean that the weights expect")
    to_std: Numbers = column((0.5, 0.5, 0.5), header="to std", about="the deviation that the weights expect")

    def output(self, shape: Shape) -> Shape:
        needs_map(shape, "renormalize")
        for name in type(self).model_fields:
            values = getattr(self, name)
            if len(values) != shape.channels:
                raise ShapeError(f"{len(values)} numbers for {shape.channels} channels", name)
            if "std" in name and not all(value > 0 for value in values):
                raise ShapeError("a deviation must be positive", name)
        return shape

    def module(self, shape: Shape) -> nn.Module:
        from archspec.ops.modules import Renormalize

        scale = [std / to for std, to in zip(self.std, self.to_std, strict=True)]
        shift = [(m - to) / std for m, to, std in zip(self.mean, self.to_mean, self.to_std, strict=True)]
        return Renormalize(scale, shift)
