"""Drawing bytes from the model, compiled: decoding, with dice in the place of a file.

A coded file is a number that falls into one interval of each byte in turn; a uniform random number
does the same, and then bytes come out as often as the model says. Numbers come as the raw 64-bit
output of a generator; the highest bits of one, as many as `total` has, are taken if they are below
it, else the next one's: exactly uniform.

A `Choice` narrows down what may be drawn, from the most likely byte down: at most `count` bytes,
and no more than it takes to hold `mass` units. Those kept are drawn with the weights

    w_b = 2**24 * (f_b / f_max)**(1 / T), rounded down        for a temperature T other than 1

computed in integers: log2 by repeated squaring, 2**-x as a product of roots, none from a library.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, isqrt

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i64, u64
from arzip.models import coding
from arzip.models.explore import search
from arzip.models.numbers.intrinsics import leading_zeros
from arzip.models.predictor import Predictor
from arzip.readings.reading import State

__all__ = ["Choice", "draw", "draw_leading", "weigh"]

FRACTION_BITS = 16
"""Of logarithms and of 1 / T."""

WEIGHT_BITS = 24
"""The most likely byte's weight, in bits: about as fine as frequencies are."""

LARGEST_INVERSE = 1 << 36
"""1 / T ends here, so that products stay in 64 bits: T is at least 2**-20."""


@dataclass(frozen=True)
class Choice:
    """What may be drawn, and how likely. As it stands: all bytes, as the model says."""

    count: int = 256
    """At most so many of the most likely bytes, 1 to 256."""
    mass: int = coding.WIDTH
    """The fewest of them that have so many of the model's units together."""
    temperature: Fraction = Fraction(1)
    """T > 0: below 1 the likely become likelier."""

    @property
    def is_plain(self) -> bool:
        """Whether the model's own distribution is drawn from, whole."""
        return self.count == 256 and self.mass == coding.WIDTH and self.temperature == 1

    @property
    def inverse(self) -> int:
        """1 / T in Q16."""
        return min(round((1 << FRACTION_BITS) / self.temperature), LARGEST_INVERSE)

    @property
    def shift(self) -> int:
        """Bytes with less than 2**-shift of the largest frequency certainly have weight 0."""
        if self.temperature == 1:
            return 63
        return min(ceil(WEIGHT_BITS * self.temperature) + 1, 63)


def _roots() -> NDArray[np.uint64]:
    """Return 2**-(2**-(i + 1)) in Q30 at i: each is the square root of the one before."""
    roots, root = [], 1 << 119  # 1/2 in Q120
    for _ in range(FRACTION_BITS):
        root = isqrt(root << 120)
        roots.append(root >> 90)
    return np.array(roots, dtype=np.uint64)


ROOTS = _roots()


@compiled
def _log2(n: int) -> int:
    """Return log2(n) in Q16, rounded down, for n >= 1."""
    zeros = leading_zeros(u64(n))
    x = (u64(n) << zeros) >> u64(32)  # n / 2**floor(log2 n), in Q31
    fraction = i64(0)
    for _ in range(FRACTION_BITS):
        x = (x * x) >> u64(31)
        fraction <<= 1
        if x >> u64(32):
            x >>= u64(1)
            fraction |= 1
    logarithm: int = (i64(63) - i64(zeros)) << FRACTION_BITS | fraction
    return logarithm


@compiled
def _exp2(x: int) -> int:
    """Return 2**-x in Q24, rounded down, for x >= 0 in Q16."""
    whole = x >> FRACTION_BITS
    if whole > WEIGHT_BITS:
        return 0
    power = u64(1 << 30)
    for i in range(FRACTION_BITS):
        if (x >> (FRACTION_BITS - 1 - i)) & 1:
            power = (power * ROOTS[i]) >> u64(30)
    rounded: int = i64(power) >> (30 - WEIGHT_BITS + whole)
    return rounded


@compiled
def weigh(freq: NDArray[np.int64], size: int, inverse: int) -> int:
    """Turn the first `size` frequencies, the largest first, into weights; returns their sum."""
    total = 0
    if inverse != 1 << FRACTION_BITS:
        largest = _log2(freq[0])
        for i in range(size):
            freq[i] = _exp2(((largest - _log2(freq[i])) * inverse) >> FRACTION_BITS)
    for i in range(size):
        total += freq[i]
    return total


@compiled
def draw(predictor: Predictor, raws: NDArray[np.uint64], n: int) -> tuple[int, int]:
    """Draw up to n bytes, after coding.open_byte, into `data`, until the raw numbers run out.

    Returns how many bytes were drawn and how many numbers were used.
    """
    state = predictor.state
    drawn = used = 0
    shift = u64(leading_zeros(u64(coding.WIDTH)))
    while drawn < n and used < raws.size:
        target = i64(raws[used] >> shift)
        used += 1
        if target >= coding.WIDTH:
            continue
        coding.code_byte(state, predictor.table, coding.lies_above, coding.FIRST + target)
        coding.take_in(predictor, state.partial & 255)
        drawn += 1
    return drawn, used


@compiled
def draw_leading(
    predictor: Predictor,
    undo: NDArray[np.void],
    wanted: State,
    inverse: int,
    raws: NDArray[np.uint64],
    n: int,
) -> tuple[int, int]:
    """Draw as `draw` does, but only from the bytes that `wanted`, a search.SEARCH, asks for."""
    drawn = used = 0
    while drawn < n and used < raws.size:
        search.leading(predictor, undo, wanted)
        total = weigh(wanted.freq, wanted.kept, inverse)
        shift = u64(leading_zeros(u64(total)))
        target = total
        while target >= total and used < raws.size:
            target = i64(raws[used] >> shift)
            used += 1
        if target >= total:
            break
        i = 0
        while target >= wanted.freq[i]:
            target -= wanted.freq[i]
            i += 1
        coding.learn(predictor, wanted.bytes[i])
        drawn += 1
    return drawn, used
