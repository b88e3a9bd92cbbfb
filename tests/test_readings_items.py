"""Items: exchanged for what is easier to predict, in order, and always brought back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from arzip.readings import items
from arzip.readings.items import FLOAT, LITTLE, SIGNED

FORM = FLOAT | LITTLE


def array(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, dtype=np.uint8)


def predicted(numbers: NDArray[np.generic], divisor: int) -> list[int]:
    """Return what floating point is predicted as."""
    there = array(numbers.tobytes()).copy()
    items.transform(there, numbers.itemsize, FORM, divisor)
    return items.values_of(there, numbers.itemsize).tolist()


@pytest.mark.parametrize("dtype", ["<f4", "<f8"])
def test_whole_numbers_in_disguise(dtype: str) -> None:
    """They become neighbours as the whole numbers are, negative ones too."""
    zero = 1 << (8 * np.dtype(dtype).itemsize - 1)
    for divisor in (1, 10, 255, 32768):
        made = predicted((np.arange(-500, 500) / divisor).astype(dtype), divisor)
        assert made[:500] == [zero - 1 - n for n in range(500, 0, -1)]
        assert made[500:] == [zero + n for n in range(500)]


@pytest.mark.parametrize("dtype", ["<f4", "<f8"])
@pytest.mark.parametrize("divisor", [1, 16, 100, 255, 32768])
def test_the_divisor_is_found(dtype: str, divisor: int) -> None:
    wholes = np.random.default_rng(divisor).integers(-30_000, 30_000, 900)
    numbers = (wholes / divisor).astype(dtype)
    numbers[::50] = np.nan
    assert items.divisor_of(array(numbers.tobytes()), numbers.itemsize, FORM) == divisor


def test_no_divisor() -> None:
    noise = np.random.default_rng(0).normal(size=900)
    assert items.divisor_of(array(noise.tobytes()), 8, FORM) == 0
    assert items.divisor_of(array(noise.astype("<f4").tobytes()), 4, FORM) == 0
    assert items.divisor_of(array(np.zeros(900).tobytes()), 8, FORM) == 0
    assert items.divisor_of(array(np.arange(900).tobytes()), 8, SIGNED | LITTLE) == 0
    assert items.divisor_of(array(b""), 8, FORM) == 0


@pytest.mark.parametrize("item", [4, 8])
@given(st.integers(0, (1 << 64) - 1), st.integers(1, items.LARGEST_DIVISOR))
def test_every_pattern_comes_back(item: int, bits: int, divisor: int) -> None:
    """Small ones, which n becomes, and n / d itself; what is no number; infinity."""
    n = bits % (1 << 23)
    wholes = np.array([n / divisor, -n / divisor, n, np.nan, -np.inf, -0.0])
    patterns = np.array([bits, n, n + (1 << 31)], dtype="<u8")
    data = wholes.astype(f"<f{item}").tobytes() + patterns.tobytes()
    there = array(data).copy()
    items.transform(there, item, FORM, divisor, item == 8)
    items.undo(there, item, FORM, divisor, item == 8)
    assert there.tobytes() == data


def test_small_numbers_share_their_upper_word() -> None:
    there = array(np.arange(-9, 9).astype("<i8").tobytes()).copy()
    items.transform(there, 8, SIGNED | LITTLE, 0, True)
    words = items.values_of(there, 4).reshape(-1, 2)
    assert np.unique(words[:, 0]).size == 1
    assert np.diff(words[:, 1].astype(np.int64)).tolist() == [1] * 17
