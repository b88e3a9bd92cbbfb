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
from arzip.readings import READINGS, TEXT, Chosen
from arzip.readings.spans import Span

__all__ = ["SAMPLES", "answers", "restored", "spans_of"]

Encode = Callable[[NDArray[np.uint8], Sequence[Span]], Iterator[Prediction]]

OTHERS = [reading for reading in READINGS if reading is not TEXT.reading]

SAMPLES = (
    b"the cat sat on the mat;\nthe cat sat on the hat, 1234\n" * 2,
    bytes(range(0, 96, 3)) * 3,
)


def spans_of(sample: bytes) -> list[Span]:
    """Return how a sample is read: one as text, the other in all of the other ways."""
    if sample == SAMPLES[0]:
        return [Span(TEXT, len(sample))]
    size = len(sample) // len(OTHERS)
    listed = [Span(Chosen(reading, reading.usual), size) for reading in OTHERS]
    return [*listed[:-1], listed[-1]._replace(size=len(sample) - size * (len(OTHERS) - 1))]


def answers(encode: Encode) -> list[bytes]:
    """Return what the samples code to."""
    coded = []
    for sample in SAMPLES:
        encoder = coder.Encoder()
        for prediction in encode(np.frombuffer(sample, dtype=np.uint8), spans_of(sample)):
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
