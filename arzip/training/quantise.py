"""Weights rounded as model files hold them, and training with them (quantisation-aware).

    w -> q = s rint(w / s)    with s = max (|w_2k| + |w_2k+1|) / 127 of w's row, in whole 2**-16
    b -> b + sum (w - q) m    with m the mean of the states that the row multiplies

So two neighbouring weights are at most 128 together: see models/numbers/intrinsics.py.

If the states are seldom 0, the errors of a row's weights do not cancel. Their mean goes to the
bias, so that q h + b keeps its average. That mean is most of the cost of rounding.

The gradient passes as if nothing were rounded: the weights drift until they round to other values.
`export` then writes exactly the values that training used.

Sources: Bengio et al. 2013, "Estimating or Propagating Gradients Through Stochastic Neurons"; Nagel
et al. 2019, "Data-Free Quantization Through Weight Equalization and Bias Correction".
"""

from typing import Any

import torch
from torch import Tensor, nn

from arzip.training.networks import Network

__all__ = [
    "SCALE_BITS",
    "matrices",
    "rounded",
    "rounded_forward",
    "rounded_parameters",
    "rows",
]

SCALE_BITS = 16
LARGEST_WEIGHT = 127


def rows(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Return the matrix as int8 (R, C) and scales (R,), int32 in Q16: it is nearly their product.

    Computed in float64, which rounds each result alike on every machine.
    """
    exact = matrix.detach().double()
    sizes = torch.nn.functional.pad(exact.abs(), (0, exact.shape[1] % 2))
    largest = (sizes[:, ::2] + sizes[:, 1::2]).amax(dim=1)
    scales = (largest / LARGEST_WEIGHT * (1 << SCALE_BITS)).ceil().clamp(min=1)
    whole = (exact * (1 << SCALE_BITS) / scales[:, None]).round()
    return whole.clamp(-LARGEST_WEIGHT, LARGEST_WEIGHT).to(torch.int8), scales.to(torch.int32)


def rounded(matrix: Tensor) -> Tensor:
    """Return the values of `rows` in the matrix's type. Gradients pass as for the matrix."""
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


def matrices(network: Network) -> dict[str, Tensor]:
    """Return the parameters that model files hold as int8: all of two axes but the embedding."""
    return {
        name: parameter
        for name, parameter in network.named_parameters()
        if parameter.ndim == 2 and not name.endswith("embedding")
    }


def rounded_parameters(network: Network) -> dict[str, Tensor]:
    """Return the matrices as model files hold them, and the biases that correct them, by name."""
    parameters, products = dict(network.named_parameters()), network.products()
    result = {}
    for name, matrix in matrices(network).items():
        result[name] = rounded(matrix)
        if name in products:
            bias, mean = products[name]
            lost = (matrix.detach().double() - result[name].detach()) @ mean.double()
            result[bias] = parameters[bias] + lost.to(matrix.dtype)
    return result


def rounded_forward(model: nn.Module, *arguments: Any) -> Any:
    """Return model(*arguments) with rounded parameters, for a network, distributed or not."""
    if isinstance(model, nn.parallel.DistributedDataParallel):
        inner = rounded_parameters(model.module)
        replaced = {f"module.{name}": parameter for name, parameter in inner.items()}
    else:
        assert isinstance(model, Network)
        replaced = rounded_parameters(model)
    return torch.func.functional_call(model, replaced, arguments)
