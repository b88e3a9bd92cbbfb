"""What numba has no words for: the same for an interpreter as compiled."""

import numpy as np
import pytest
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, u32, u64
from arzip.models.numbers.intrinsics import (
    BYTE_GROUP,
    ROWS,
    WORDS,
    inner,
    interleaved,
    multiply_bytes,
    seek,
    shortest,
)

RNG = np.random.default_rng(5)


@compiled
def compiled_inner(a: NDArray[np.int16], b: NDArray[np.int16]) -> int:
    return inner(a, b)


@compiled
def compiled_multiply(
    matrix: NDArray[np.int8], vector: NDArray[np.uint8], products: NDArray[np.int32]
) -> None:
    multiply_bytes(matrix, 0, vector, products, 0)


@compiled
def compiled_seek(table: NDArray[np.uint32], place: int, tag: int) -> int:
    return seek(table, u64(place), u32(tag))


@compiled
def compiled_shortest(table: NDArray[np.uint32], place: int) -> int:
    return shortest(table, u64(place))


@pytest.mark.parametrize("tags", [4, 1 << 20], ids=["some alike", "none alike"])
def test_runs_among_others(tags: int) -> None:
    for _ in range(300):
        words = RNG.integers(0, tags, 3 * WORDS).astype(np.uint32) << 12
        words |= RNG.integers(0, 1 << 4, words.size).astype(np.uint32) << 8
        words |= RNG.integers(0, 3, words.size).astype(np.uint32)
        tag = int(words[RNG.integers(words.size)]) ^ int(RNG.integers(1 << 12))
        here = words[WORDS : 2 * WORDS].tolist()
        of_tag = [k for k, word in enumerate(here) if word >> 12 == tag >> 12 and word & 255]
        assert compiled_seek(words, WORDS, tag) == (of_tag[0] if of_tag else WORDS)
        assert seek(words, WORDS, tag) == compiled_seek(words, WORDS, tag)
        counts = [word & 255 for word in here]
        assert compiled_shortest(words, WORDS) == counts.index(min(counts))
        assert shortest(words, WORDS) == compiled_shortest(words, WORDS)


@pytest.mark.parametrize("size", [16, 48, 64, 80, 320, 2048])
def test_inner_products(size: int) -> None:
    a = RNG.integers(-32768, 32768, size).astype(np.int16)
    for b in (RNG.integers(-128, 129, size), np.full(size, 128), np.full(size, -128)):
        vector = b.astype(np.int16)
        assert compiled_inner(a, vector) == inner(a, vector) == int(a.astype(int) @ b)
    largest, most = np.full(size, -32768, dtype=np.int16), np.full(size, 128, dtype=np.int16)
    assert compiled_inner(largest, most) == -32768 * 128 * size


@pytest.mark.parametrize("columns", [4, 128, 1024])
def test_products_of_a_block_of_rows(columns: int) -> None:
    matrix = RNG.integers(-64, 65, (ROWS, columns)).astype(np.int8)
    vector = RNG.integers(0, 256, columns).astype(np.uint8)
    products = np.zeros(ROWS, dtype=np.int32)
    compiled_multiply(interleaved(matrix, BYTE_GROUP), vector, products)
    assert (products == matrix.astype(int) @ vector).all()
