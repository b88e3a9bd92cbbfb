"""Weights rounded as files hold them, and training with such weights (quantisation-aware).

    w -> s rint(w / s)    for s = max |w| / 127 of w's row, in whole 2**-16

The gradient goes straight through, as if nothing were rounded: the weights beneath drift until they
round otherwise. What `export` writes afterwards is exactly what was trained with.

Source: Bengio et al. 2013, "Estimating or Propagating Gradients Through Stochastic Neurons".
"""

from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["SCALE_BITS", "matrices", "rounded", "rounded_forward", "rows"]

SCALE_BITS = 16
LARGEST_WEIGHT = 127


def rows(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """(R, C) as int8, and the rows' scales (R,), int32 in Q16: the matrix is nearly their product.

    In float64, which has each of its results rounded alike on every machine.
    """
    exact = matrix.detach().double()
    largest = exact.abs().amax(dim=1)
    scales = (largest / LARGEST_WEIGHT * (1 << SCALE_BITS)).round().clamp(min=1)
    whole = (exact * (1 << SCALE_BITS) / scales[:, None]).round()
    return whole.clamp(-LARGEST_WEIGHT, LARGEST_WEIGHT).to(torch.int8), scales.to(torch.int32)


def rounded(matrix: Tensor) -> Tensor:
    """What `rows` stands for, in the matrix's own type; to the gradient it is the matrix."""
    whole, scales = rows(matrix)
    values = whole.double() * scales[:, None] / (1 << SCALE_BITS)
    return _StraightThrough.apply(matrix, values.to(matrix.dtype))  # type: ignore[no-untyped-call, no-any-return]


class _StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, matrix: Tensor, values: Tensor) -> Tensor:
        return values

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return gradients[0], None


def matrices(network: nn.Module) -> dict[str, Tensor]:
    """The parameters that files hold as int8: all of two axes, but for the embedding."""
    return {
        name: parameter
        for name, parameter in network.named_parameters()
        if parameter.ndim == 2 and not name.endswith("embedding")
    }


def rounded_forward(network: nn.Module, *arguments: Any) -> Any:
    """network(*arguments), computed with rounded matrices."""
    replaced = {name: rounded(matrix) for name, matrix in matrices(network).items()}
    return torch.func.functional_call(network, replaced, arguments)
