from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from archspec.language.values import Bool, Channels, Count, Margin, Padding, Sides
from archspec.ops.base import Cost, Op, Shape, ShapeError, Size, column, divides, elements, layer_cost, needs_map
from archspec.ops.facts import Facts
from archspec.ops.reach import Reach
from archspec.ops.window import ONE, Pair, Window

if TYPE_CHECKING:
    from torch import nn


class TransposedConv(Op):
    """Transposed ("up-") convolution: the gradient of a convolution as a layer, which enlarges a map (Zeiler et al. 2010).

    The padding is cropped from the output: height is (height - 1) stride - 2 padding + dilation (patch - 1) + 1 + extra.
    """

    name: ClassVar[str] = "transposed conv"
    tensors: ClassVar[Mapping[str, int]] = {"weight": 4, "bias": 1}
    layer: ClassVar[bool] = True

    patch: Sides = column(header="patch size/stride", about="kernel height x width")
    stride: Sides = column(ONE)
    filters: Channels = column("=out_channels", about="output channels")
    padding: Padding = column("valid", about="what is cropped from both sides; `same` is (patch - 1) // 2 x dilation")
    extra: Margin = column((0, 0), header="output padding", about="rows x columns that the output has more, at its end")
    dilation: Sides = column(ONE)
    groups: Count = column(1)
    bias: Bool = column(True)

    @property
    def cropped(self) -> Pair:
        both = Window(self.patch, self.stride, self.padding, self.dilation).both
        if both is None:
            raise ShapeError("a transposed convolution crops the same on both sides", "padding")
        return both

    def output(self, shape: Shape) -> Shape:
        needs_map(shape, "a transposed convolution")
        divides(self.groups, "groups", {"channels that come in": shape.channels, "filters": self.filters})
        for more, stride, dilation in zip(self.extra, self.stride, self.dilation, strict=True):
            if more >= max(stride, dilation):
                raise ShapeError("the output padding must be smaller than the stride, or than the dilation", "extra")
        sides = zip(shape[1:3], self.patch, self.stride, self.cropped, self.extra, self.dilation, strict=True)
        height, width = ((size - 1) * s - 2 * p + d * (k - 1) + 1 + more for size, k, s, p, more, d in sides)
        if height < 1 or width < 1:
            raise ShapeError(f"nothing of the {shape.height}x{shape.width} map is left after the padding is cropped", "padding")
        return Shape(self.filters, height, width)

    def state(self, shape: Shape, out: Shape) -> Mapping[str, Size]:
        weight = (shape.channels, self.filters // self.groups, *self.patch)
        return {"weight": weight, "bias": (self.filters,)} if self.bias else {"weight": weight}

    def cost(self, shape: Shape, out: Shape) -> Cost:
        # every input place is multiplied with the whole kernel
        return layer_cost(self.state(shape, out), shape.height * shape.width, out)

    def facts(self, shape: Shape, out: Shape) -> Facts:
        weights = elements(self.state(shape, out)["weight"])
        return Facts(transposed_excess=weights * (out.height * out.width - shape.height * shape.width))

    def reach(self, shape: Shape, out: Shape) -> tuple[Reach, Reach]:
        sides = zip(self.patch, self.stride, self.cropped, self.dilation, strict=True)
        rows, columns = (Reach.transposed((k - 1) * d + 1, s, p) for k, s, p, d in sides)
        return rows, columns

    def module(self, shape: Shape) -> nn.Module:
        from torch import nn

        sizes = (self.patch, self.stride, self.cropped, self.extra)
        return nn.ConvTranspose2d(shape.channels, self.filters, *sizes, self.groups, self.bias, self.dilation)
