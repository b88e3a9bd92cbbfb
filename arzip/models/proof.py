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

__all__ = ["SAMPLES", "answers", "restored"]

SAMPLES = (
    b"the cat sat on the mat;\nthe cat sat on the hat, 1234\n" * 2,
    bytes(range(0, 96, 3)) * 3,
)
"""One for each bank of fitted weights."""


def answers(encode: Callable[[NDArray[np.uint8]], Iterator[Prediction]]) -> list[bytes]:
    """Return what the samples code to."""
    coded = []
    for sample in SAMPLES:
        encoder = coder.Encoder()
        for prediction in encode(np.frombuffer(sample, dtype=np.uint8)):
            encoder.add(prediction.left, prediction.freq)
        coded.append(encoder.finish())
    return coded


def restored(
    decode: Callable[[NDArray[np.uint32], int], Iterator[NDArray[np.uint8]]],
    known: Sequence[bytes],
) -> list[bytes] | None:
    """Return what the known answers decode to; None if they cannot be answers."""
    try:
        return [
            b"".join(piece.tobytes() for piece in decode(coder.to_words(answer), size))
            for answer, size in zip(known, map(len, SAMPLES), strict=True)
        ]
    except (FormatError, ValueError):
        return None
