"""The most likely values of the next byte, without looking at all 256, compiled.

A node of the tree of a byte's bits is a prefix, its width the units that all bytes below it share:
no byte is wider than a node above it. So walk the tree as lookahead.py does, the wider child first,
and leave out every node that is no wider than the last of the bytes that are wanted and found
(branch and bound; Land and Doig, 1960). What is found is exactly what sorting all 256 gives.
"""

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i64
from arzip.models import coding
from arzip.models.bits import slots
from arzip.models.explore.lookahead import climb, descend
from arzip.models.predictor import Predictor
from arzip.readings.reading import State

__all__ = ["SEARCH", "explain", "leading"]

SEARCH = np.dtype(
    [
        # What is wanted: the most likely bytes, until one of these holds.
        ("count", np.int64),  # so many bytes, 1 to 256
        ("mass", np.int64),  # so many units together
        ("shift", np.int64),  # the next one has less than 2**-shift of the first one's units
        # What was found, most likely first, then by value.
        ("found", np.int64),
        ("kept", np.int64),  # the first so many are wanted, as far as is known
        ("bytes", np.int64, 256),
        ("freq", np.int64, 256),
        # Where the search is.
        ("floor", np.int64),  # what is no wider than this has nothing to add
        ("width", np.int64, 256),  # of the nodes visited, numbered as state.partial
        ("other", np.int64, 8),  # at each depth: the bit yet to be tried, or -1
    ],
    align=True,
)


@compiled
def leading(predictor: Predictor, undo: NDArray[np.void], search: State) -> None:
    """Find the bytes that `search` wants, after coding.open_byte; change nothing else."""
    state, table = predictor.state, predictor.table
    search.found = search.kept = search.floor = 0
    width, other = search.width, search.other
    width[1] = coding.WIDTH
    coding.find(state, table)
    depth = 0
    while depth >= 0:
        # A node that is new.
        node = state.partial
        ones = coding.split(width[node], coding.predict(state), depth)
        zeros = width[node] - ones
        other[depth] = -1
        if depth == 7:
            _find(search, 2 * node & 255, zeros)
            _find(search, 2 * node + 1 & 255, ones)
        else:
            width[2 * node], width[2 * node + 1] = zeros, ones
            bit = i64(ones > zeros)
            if max(zeros, ones) > search.floor:
                other[depth] = 1 - bit
                descend(state, table, undo, depth, bit)
                depth += 1
                continue
        depth = _next(state, table, undo, search, depth)
    slots.locate(state, table, 1)


@compiled
def _next(
    state: State, table: NDArray[np.uint32], undo: NDArray[np.void], search: State, depth: int
) -> int:
    """Go on to the next node worth a visit; returns its depth, or -1 if there is none."""
    for d in range(depth - 1, -1, -1):
        climb(state, table, undo, d)
        bit = search.other[d]
        if bit >= 0 and search.width[2 * state.partial + bit] > search.floor:
            search.other[d] = -1
            coding.predict(state)
            descend(state, table, undo, d, bit)
            return d + 1
    return -1


@compiled
def _find(search: State, byte: int, freq: int) -> None:
    """Put a byte in its place among those found, if it is one of those wanted so far."""
    if freq < search.floor:
        return
    at = search.found
    while at > 0 and (
        search.freq[at - 1] < freq or (search.freq[at - 1] == freq and search.bytes[at - 1] > byte)
    ):
        search.freq[at], search.bytes[at] = search.freq[at - 1], search.bytes[at - 1]
        at -= 1
    search.freq[at], search.bytes[at] = freq, byte
    search.found += 1
    mass = search.kept = 0
    while search.kept < search.found:
        mass += search.freq[search.kept]
        search.kept += 1
        if search.kept == search.count or mass >= search.mass:
            search.floor = search.freq[search.kept - 1]
            break
    search.floor = max(search.floor, (search.freq[0] >> search.shift) - 1)


@compiled
def explain(
    predictor: Predictor,
    undo: NDArray[np.void],
    search: State,
    new: NDArray[np.uint8],
    values: NDArray[np.uint8],
    freq: NDArray[np.uint32],
    likelihood: NDArray[np.float64],
) -> None:
    """Read the n bytes `new`, after coding.open_byte, and say what each was expected to be.

    Fills in p(w_t | w_<t) and, in `values` and `freq` of shape (n, count), the most likely bytes
    and their units; with a count of 0 it only reads.
    """
    for t in range(new.size):
        if values.shape[1] > 0:
            leading(predictor, undo, search)
            for k in range(values.shape[1]):
                values[t, k], freq[t, k] = search.bytes[k], search.freq[k]
        likelihood[t] = coding.learn(predictor, i64(new[t]))
