"""Recursive least squares in whole numbers: a number is predicted from others near it.

The weights w are those that would have done best so far, what is long ago counting less:

    w = argmin sum_t g^(T - t) (y_t - w . x_t)^2,  g = 1 - 2**-forget
    R w = b,  R = sum_t g^(T - t) x_t x_t',  b = sum_t g^(T - t) y_t x_t

Each step adds one x and y, and solves for some of the weights, one after the other, while the
others are held: w_i += (b - R w)_i / R_ii. That is coordinate descent; every step moves towards w.
"""

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled

__all__ = ["learn", "predict"]

_FRACTION = 16  # binary digits of a weight's
_LARGEST = 8 << _FRACTION
_RIDGE = 64  # keeps weights small of what has said nothing yet


@compiled
def predict(weights: NDArray[np.int64], inputs: NDArray[np.int64]) -> int:
    """Return w . x in 1/16."""
    total = 0
    for i in range(inputs.size):
        total += weights[i] * inputs[i]
    value: int = total >> (_FRACTION - 4)
    return value


@compiled
def learn(
    products: NDArray[np.int64],
    weights: NDArray[np.int64],
    inputs: NDArray[np.int64],
    target: int,
    forget: int,
    scale: int,
    first: int,
    solved: int,
) -> None:
    """Take in one x and y, and solve for `solved` weights, from number `first` on.

    `products` (n + 1, n) are the rows of R and then b, times 2**scale, which keeps what is small.
    """
    size = inputs.size
    for i in range(size + 1):
        x = (inputs[i] if i < size else target) << scale
        for j in range(size):
            products[i, j] += x * inputs[j] - (products[i, j] >> forget)
    for k in range(solved):
        i = (first + k) % size
        rest = products[size, i] << _FRACTION
        for j in range(size):
            rest -= products[i, j] * weights[j]
        weight = weights[i] + rest // (products[i, i] + _RIDGE)
        weights[i] = min(max(weight, -_LARGEST), _LARGEST)
