"""Recursive least squares in whole numbers: a number is predicted from others near it.

The weights w are those that would have done best so far, what is long ago counting less:

    w = argmin sum_t g^(T - t) (y_t - w . x_t)^2,  g = 1 - 2**-forget
    R w = b,  R = sum_t g^(T - t) x_t x_t',  b = sum_t g^(T - t) y_t x_t

Each step adds one x and y, and solves for some of the weights, one after the other, while the
others are held: w_i += (b - R w)_i / R_ii. That is coordinate descent; every step moves towards w.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i32, i64

__all__ = ["learn", "learn_short", "predict"]

_FRACTION = 16  # binary digits of a weight's
_LARGEST = 8 << _FRACTION
_RIDGE = 64  # keeps weights small of what has said nothing yet


@compiled
def predict(weights: NDArray[np.integer], inputs: NDArray[np.integer]) -> int:
    """Return w . x in 1/16."""
    total = 0
    for i in range(inputs.size):
        total += i64(weights[i]) * i64(inputs[i])
    value: int = total >> (_FRACTION - 4)
    return value


def _learning(number: Callable[[int], int]) -> Callable[..., None]:
    @compiled
    def learn(
        products: NDArray[np.integer],
        weights: NDArray[np.integer],
        inputs: NDArray[np.integer],
        target: int,
        forget: int,
        scale: int,
        first: int,
        solved: int,
    ) -> None:
        """Take in one x and y, and solve for `solved` weights, from number `first` on.

        `products` (n + 1, n) are the rows of R and then b, times 2**scale, which keeps what is
        small. They may be up to 2**(scale + forget) times the largest product of an x and a y.
        """
        size = inputs.size
        for i in range(size + 1):
            x = number(number(inputs[i] if i < size else target) << number(scale))
            for j in range(size):
                before = products[i, j]
                added = number(number(x * inputs[j]) - number(before >> number(forget)))
                products[i, j] = number(before + added)
        for k in range(solved):
            i = (first + k) % size
            rest = i64(products[size, i]) << _FRACTION
            for j in range(size):
                rest -= i64(products[i, j]) * i64(weights[j])
            weight = i64(weights[i]) + rest // (i64(products[i, i]) + _RIDGE)
            weights[i] = min(max(weight, -_LARGEST), _LARGEST)

    return learn


learn, learn_short = _learning(i64), _learning(i32)
"""Of numbers of 64 bits, or all of 32, which is twice as fast."""
