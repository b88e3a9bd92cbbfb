"""The preface: ends of random documents, which a custom model reads before each segment of text.

The network knows what its training data has in common; the preface has verbatim the lines that come
again and again. zstd calls such a text a dictionary.
"""

import numpy as np
from numpy.typing import NDArray

from arzip.training.data import Corpus

__all__ = ["SIZES", "choose"]

SIZES = {"gru": 1 << 16, "lstm": 1 << 16, "transformer": 0}
"""Default bytes by architecture. A gru reads 64 KiB in a second, a transformer in twenty."""

SHARE = 1 << 11  # the least bytes of each document


def choose(corpus: Corpus, size: int) -> NDArray[np.uint8]:
    """Return a preface of at most `size` bytes: the ends of random documents.

    The documents share the bytes equally, and start at a line if possible.
    """
    ends = np.concatenate([starts[1:] for starts in corpus.starts])
    starts = np.concatenate([starts[:-1] for starts in corpus.starts])
    drawn = np.random.default_rng(0).permutation(len(ends))
    sizes = ends[drawn] - starts[drawn]
    enough = int(np.searchsorted(np.minimum(sizes, SHARE).cumsum(), size)) + 1
    drawn, shares = drawn[:enough], _shares(sizes[:enough], size)
    pieces = [
        _ending(corpus.data[starts[i] : ends[i]], share)
        for i, share in zip(drawn, shares, strict=True)
    ]
    return np.concatenate(pieces)


def _shares(sizes: NDArray[np.int64], total: int) -> NDArray[np.int64]:
    """Return shares as equal as the sizes allow, whose sum is `total`, or all if that is less."""
    shares = np.zeros_like(sizes)
    for left, i in enumerate(order := np.argsort(sizes)):
        shares[i] = min(sizes[i], (total - shares.sum()) // (len(order) - left))
    return shares


def _ending(document: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Return the last `size` bytes, or fewer, to start at a line."""
    if document.size <= size:
        return document
    ending = document[document.size - size :]
    newlines = np.flatnonzero(ending[:-1] == ord("\n"))
    return ending[newlines[0] + 1 :] if newlines.size else ending
