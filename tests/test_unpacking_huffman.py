"""Huffman codes: complete, short enough, no longer than they need be; and those of zlib."""

import heapq
import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from arzip.unpacking import huffman

counts_of = st.lists(st.integers(0, 1000) | st.just(0), min_size=19, max_size=286)


def lengths(counts: list[int], most: int = 15) -> list[int]:
    array = np.array(counts, dtype=np.int64)
    made = np.zeros(len(counts), dtype=np.uint8)
    huffman.lengths_for(huffman.forest(), array, 0, len(counts), most, made)
    return made.tolist()


def least_cost(counts: list[int]) -> int:
    """The bits that Huffman's own algorithm takes."""
    heap = [count for count in counts if count]
    heapq.heapify(heap)
    total = 0
    while len(heap) > 1:
        both = heapq.heappop(heap) + heapq.heappop(heap)
        total += both
        heapq.heappush(heap, both)
    return total


@given(counts_of)
def test_codes_are_complete_and_as_short_as_can_be(counts: list[int]) -> None:
    made = lengths(counts)
    assert sum(2.0**-bits for bits in made if bits) == 1
    assert all(bits for bits, count in zip(made, counts, strict=True) if count)
    if sum(map(bool, counts)) > 1 and max(made) < 15:
        cost = sum(bits * count for bits, count in zip(made, counts, strict=True))
        assert cost == least_cost(counts)


@given(st.lists(st.integers(1, 1 << 30), min_size=19, max_size=19))
def test_codes_are_not_too_long(counts: list[int]) -> None:
    made = lengths(counts, 7)
    assert max(made) <= 7
    assert sum(2.0**-bits for bits in made) == 1


@given(counts_of)
def test_canonical_codes_are_free_of_prefixes(counts: list[int]) -> None:
    made = np.array(lengths(counts), dtype=np.uint8)
    codes = np.zeros(made.size, dtype=np.uint16)
    assert huffman.canonical(made, 0, made.size, codes) == 0
    spelled = [f"{codes[k]:0{made[k]}b}"[::-1] for k in np.flatnonzero(made)]
    spelled.sort()
    assert not any(b.startswith(a) for a, b in itertools.pairwise(spelled))


def test_too_many_codes_are_seen() -> None:
    made = np.array([1, 1, 1], dtype=np.uint8)
    assert huffman.canonical(made, 0, 3, np.zeros(3, dtype=np.uint16)) < 0
