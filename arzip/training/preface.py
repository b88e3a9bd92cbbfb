"""The preface: pieces of the training data, which a custom model reads before each segment of text.

The network knows what its training data has in common; the preface has verbatim the lines that come
again and again. zstd calls such a text a dictionary, and chooses it in much the same way.

Source: Liao et al. 2016, "Effective Construction of Relative Lempel-Ziv Dictionaries".
"""

import heapq
from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from arzip.training.data import Corpus

__all__ = ["SIZES", "choose"]

SIZES = {"gru": 1 << 16, "lstm": 1 << 16, "transformer": 0}
"""Default bytes by architecture. A gru reads 64 KiB in a second, a transformer in twenty."""

SAMPLE = 1 << 22  # bytes of the data, of which the preface is chosen
PIECE = 1 << 9  # bytes, about
UNSHARED = 1 / 64  # the worth of a string that only one piece has
STRING = np.dtype("<u8")  # a string of 8 bytes


def choose(corpus: Corpus, size: int) -> NDArray[np.uint8]:
    """Return a preface of at most `size` bytes: pieces of random documents, in their order.

    A string is worth something the first time only: 1 if several pieces have it, else a little. The
    next piece to be taken is always the one whose strings are worth most for a byte.
    """
    pieces = [piece for document in _sample(corpus) for piece in _pieces(document)]
    strings, shared = _strings(pieces)
    worth = np.where(shared, 1.0, UNSHARED)
    taken = _cover(strings, worth, [piece.size for piece in pieces], size)
    return np.concatenate([np.zeros(0, dtype=np.uint8), *(pieces[i] for i in sorted(taken))])


def _sample(corpus: Corpus) -> list[NDArray[np.uint8]]:
    """Return random documents, of SAMPLE bytes together, in the order of the corpus."""
    ends = np.concatenate([starts[1:] for starts in corpus.starts])
    starts = np.concatenate([starts[:-1] for starts in corpus.starts])
    drawn = np.random.default_rng(0).permutation(len(ends))
    enough = int(np.searchsorted((ends - starts)[drawn].cumsum(), SAMPLE)) + 1
    return [corpus.data[starts[i] : ends[i]] for i in np.sort(drawn[:enough])]


def _pieces(document: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """Return the document in pieces of about PIECE bytes, which start at lines if possible."""
    cuts = np.arange(PIECE, document.size, PIECE)
    lines = np.append(np.flatnonzero(document[:-1] == ord("\n")) + 1, document.size)
    following = lines[np.searchsorted(lines, cuts)]
    pieces = np.split(document, np.where(following < cuts + PIECE, following, cuts))
    return [piece for piece in pieces if piece.size]


def _strings(
    pieces: Sequence[NDArray[np.uint8]],
) -> tuple[list[NDArray[np.intp]], NDArray[np.bool_]]:
    """Return each piece's strings by number, and whether each string is in several pieces."""
    own = [np.unique(_windows(piece)) for piece in pieces]
    _, numbers, counts = np.unique(np.concatenate(own), return_inverse=True, return_counts=True)
    return np.split(numbers, np.cumsum([strings.size for strings in own])[:-1]), counts > 1


def _windows(piece: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Return the string at each place, as a number."""
    if piece.size < STRING.itemsize:
        return np.zeros(0, dtype=STRING)
    windows = sliding_window_view(piece, STRING.itemsize)
    return np.ascontiguousarray(windows).view(STRING)


def _cover(
    strings: Sequence[NDArray[np.intp]],
    worth: NDArray[np.float64],
    sizes: Sequence[int],
    total: int,
) -> list[int]:
    """Return the numbers of the pieces to take, of at most `total` bytes."""
    left = worth.copy()

    def value(i: int) -> float:
        return float(left[strings[i]].sum()) / sizes[i]

    # Values only fall: the best by an earlier count is the best if it is still more than the next
    # one was.
    queue = [(-value(i), i) for i in range(len(sizes))]
    heapq.heapify(queue)
    taken = []
    while queue:
        _, i = heapq.heappop(queue)
        if sizes[i] > total:
            continue
        if queue and -value(i) > queue[0][0]:
            heapq.heappush(queue, (-value(i), i))
            continue
        taken.append(i)
        total -= sizes[i]
        left[strings[i]] = 0
    return taken
