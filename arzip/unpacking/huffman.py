"""Huffman codes as deflate has them, and as zlib makes them.

A code is told by its lengths: among equal lengths the codes count upwards, and shorter ones come
first (RFC 1951, 3.2.2). Which lengths suit given counts is the encoder's choice: where sums are
equal, zlib's depends on the order in which its heap gives them out. So that heap is here as it is
there, in order to predict the choice.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i64

__all__ = ["Forest", "canonical", "forest", "lengths_for"]

MOST = 288  # symbols
MOST_BITS = 15


class Forest(NamedTuple):
    """What building a tree needs."""

    weight: NDArray[np.int64]  # of leaves and inner nodes
    depth: NDArray[np.int64]
    parent: NDArray[np.int64]
    bits: NDArray[np.int64]
    heap: NDArray[np.int64]
    by_bits: NDArray[np.int64]  # leaves of each length


def forest() -> Forest:
    """Return room for trees."""
    weight, depth, parent, bits, heap = (np.zeros(2 * MOST + 1, dtype=np.int64) for _ in range(5))
    return Forest(weight, depth, parent, bits, heap, np.zeros(16, dtype=np.int64))


@compiled
def canonical(lengths: NDArray[np.uint8], first: int, n: int, codes: NDArray[np.uint16]) -> int:
    """Set the codes, first bit lowest, of n symbols from `first` on.

    Returns how much room is left, in 2**-15: it is negative if there are too many codes.
    """
    room, code = 1 << MOST_BITS, 0
    for bits in range(1, MOST_BITS + 1):
        code <<= 1
        for symbol in range(first, first + n):
            if lengths[symbol] == bits:
                turned = 0
                for k in range(bits):
                    turned |= (code >> k & 1) << (bits - 1 - k)
                codes[symbol] = turned & 0xFFFF
                code += 1
                room -= 1 << (MOST_BITS - bits)
    return room


@compiled
def _is_before(trees: Forest, one: int, other: int) -> bool:
    if trees.weight[one] != trees.weight[other]:
        before: bool = trees.weight[one] < trees.weight[other]
        return before
    shallower: bool = trees.depth[one] <= trees.depth[other]
    return shallower


@compiled
def _sink(trees: Forest, size: int, at: int) -> None:
    """Restore the heap's order below `at`; its places count from 1."""
    heap = trees.heap
    node = heap[at]
    below = 2 * at
    while below <= size:
        if below < size and _is_before(trees, heap[below + 1], heap[below]):
            below += 1
        if _is_before(trees, node, heap[below]):
            break
        heap[at] = heap[below]
        at, below = below, 2 * below
    heap[at] = node


@compiled
def lengths_for(
    trees: Forest,
    counts: NDArray[np.int64],
    first: int,
    n: int,
    most: int,
    lengths: NDArray[np.uint8],
) -> int:
    """Set the lengths, `most` bits or fewer, that zlib gives to n symbols that occur so often.

    Counts and lengths begin at `first`. Returns how many symbols there are up to the last that has
    a code.
    """
    heap, weight, depth = trees.heap, trees.weight, trees.depth
    size, last = 0, -1
    for symbol in range(n):
        lengths[first + symbol] = 0
        if counts[first + symbol]:
            size += 1
            last = symbol
            heap[size] = symbol
            weight[symbol] = counts[first + symbol]
            depth[symbol] = 0
    while size < 2:  # there are always two codes
        symbol = 0
        if last < 2:
            last += 1
            symbol = last
        size += 1
        heap[size] = symbol
        weight[symbol] = 1
        depth[symbol] = 0
    for at in range(size // 2, 0, -1):
        _sink(trees, size, at)
    node, end = n, heap.size  # from `end` on, nodes in falling order
    while True:
        least = heap[1]
        heap[1] = heap[size]
        size -= 1
        _sink(trees, size, 1)
        second = heap[1]
        heap[end - 1] = least
        heap[end - 2] = second
        end -= 2
        weight[node] = weight[least] + weight[second]
        depth[node] = max(depth[least], depth[second]) + 1
        trees.parent[least] = trees.parent[second] = node
        heap[1] = node
        node += 1
        _sink(trees, size, 1)
        if size < 2:
            break
    end -= 1
    heap[end] = heap[1]
    _measure(trees, end, first, n, most, lengths)
    return last + 1


@compiled
def _measure(
    trees: Forest, end: int, first: int, n: int, most: int, lengths: NDArray[np.uint8]
) -> None:
    """Turn depths into lengths; what is too deep takes the place of what is not."""
    heap, bits, by_bits = trees.heap, trees.bits, trees.by_bits
    by_bits[:] = 0
    bits[heap[end]] = 0
    too_deep = 0
    for at in range(end + 1, heap.size):
        node = heap[at]
        bits[node] = bits[trees.parent[node]] + 1
        if bits[node] > most:
            bits[node] = most
            too_deep += 1
        if node < n:
            by_bits[bits[node]] += 1
            lengths[first + node] = bits[node]
    if too_deep == 0:
        return
    while too_deep > 0:
        shorter = most - 1
        while by_bits[shorter] == 0:
            shorter -= 1
        by_bits[shorter] -= 1
        by_bits[shorter + 1] += 2
        by_bits[most] -= 1
        too_deep -= 2
    at = i64(heap.size)
    for length in range(most, 0, -1):
        left = by_bits[length]
        while left > 0:
            at -= 1
            if heap[at] < n:
                lengths[first + heap[at]] = length
                left -= 1
