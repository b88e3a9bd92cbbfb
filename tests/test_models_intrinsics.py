"""What numba has no words for: the same for an interpreter as compiled."""

import numpy as np
import pytest
from numpy.typing import NDArray

from arzip.engine.compiled import compiled
from arzip.models.numbers.intrinsics import BYTE_GROUP, ROWS, inner, interleaved, multiply_bytes

RNG = np.random.default_rng(5)


@compiled
def compiled_inner(a: NDArray[np.int16], b: NDArray[np.int16]) -> int:
    return inner(a, b)


@compiled
def compiled_multiply(
    matrix: NDArray[np.int8], vector: NDArray[np.uint8], products: NDArray[np.int32]
) -> None:
    multiply_bytes(matrix, 0, vector, products, 0)


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
