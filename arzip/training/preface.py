"""What a user's model reads before each file: the ends of documents drawn at random.

The network remembers what its training data has in common, the preface what they say in so many
words: lines that come again and again. zstd calls such a text a dictionary.
"""

import numpy as np
from numpy.typing import NDArray

from arzip.training.data import Corpus

__all__ = ["SIZES", "choose"]

SIZES = {"gru": 1 << 16, "lstm": 1 << 16, "transformer": 0}
"""Bytes. Reading them takes a second of a gru, and twenty of a transformer."""

SHARE = 1 << 11  # bytes of a document, at least


def choose(corpus: Corpus, size: int) -> NDArray[np.uint8]:
    """A preface of up to `size` bytes: of documents drawn at random, as much of each as the others
    leave, cut at a line if they can.
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
    """As equal as the sizes allow, `total` together or all of them."""
    shares = np.zeros_like(sizes)
    for left, i in enumerate(order := np.argsort(sizes)):
        shares[i] = min(sizes[i], (total - shares.sum()) // (len(order) - left))
    return shares


def _ending(document: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Its last `size` bytes, or fewer from the start of a line on."""
    if document.size <= size:
        return document
    ending = document[document.size - size :]
    newlines = np.flatnonzero(ending[:-1] == ord("\n"))
    return ending[newlines[0] + 1 :] if newlines.size else ending
