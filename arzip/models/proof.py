"""Known answers: before anything else is coded, samples must code to the bytes that they should.

Exact arithmetic gives the same on every machine. That it does so here, compiled as it is, is worth
a look: a file that decodes nowhere else would be found out too late.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from arzip import coder
from arzip.codec import Prediction
from arzip.errors import FormatError
from arzip.readings import PREAMBLE_SIZE

__all__ = ["SAMPLES", "answers", "restored"]

SAMPLES = (
    b"the cat sat on the mat;\nthe cat sat on the hat, 1234\n" * 2,
    bytes(range(0, 96, 3)) * 3,
)
"""One for each reading."""


def answers(encode: Callable[[NDArray[np.uint8]], Iterator[Prediction]]) -> list[bytes]:
    """Return what the samples code to."""
    coded = []
    for sample in SAMPLES:
        (prediction,) = encode(np.frombuffer(sample, dtype=np.uint8))
        coded.append(prediction.preamble + coder.encode(prediction.left, prediction.freq))
    return coded


def restored(
    decode: Callable[[bytes, NDArray[np.uint32], int], Iterator[NDArray[np.uint8]]],
    known: Sequence[bytes],
) -> list[bytes] | None:
    """Return what the known answers decode to; None if they cannot be answers."""
    try:
        return [
            b"".join(
                piece.tobytes()
                for piece in decode(
                    answer[:PREAMBLE_SIZE], coder.to_words(answer[PREAMBLE_SIZE:]), size
                )
            )
            for answer, size in zip(known, map(len, SAMPLES), strict=True)
        ]
    except (FormatError, ValueError):
        return None
