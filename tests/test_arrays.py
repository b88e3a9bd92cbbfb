"""Arrays: what a caller says of numbers is believed, and only changes how they are read."""

import numpy as np
import pytest
from numpy.typing import NDArray

import arzip
from arzip.arrays import Array, array_of
from arzip.parts import Part

WALK = np.cumsum(np.random.default_rng(0).integers(-50, 51, 8_000))
NOISE = np.random.default_rng(1).normal(size=8_000)
WAVES = (1000 * np.sin(np.arange(8_000) / 300) + NOISE).astype(np.float32)


def size(data: object, **known: object) -> int:
    frame = arzip.compress(data, 3, **known)
    assert arzip.decompress(frame) == memoryview(data).tobytes()
    return len(frame)


@pytest.mark.parametrize("kind", ["<i2", ">i2", "<u4", ">f4", "<f4", "<i8", "<f8"])
def test_what_is_known_helps(kind: str) -> None:
    array = (WAVES if "f" in kind else WALK + 20_000).astype(kind)
    array = array[: 32_000 // array.itemsize]  # too few to be found
    data = array.tobytes()
    plain = size(data)
    assert size(array) < 0.985 * plain
    assert size(data, itemsize=array.itemsize) <= 1.01 * size(array)


def test_rows_and_colours() -> None:
    y, x = np.mgrid[:90, :100]
    noise = np.random.default_rng(0).integers(0, 9, (90, 100, 3))
    picture = (np.stack([x + y, 2 * x, x + 3 * y], axis=2) + noise).astype(np.uint8)
    data = picture.tobytes()
    assert size(picture) < 0.97 * size(data)
    assert size(data, itemsize=1, shape=(90, 100, 3)) == size(picture)
    heights = (x * x + 3 * y * y + noise[:, :, 0]).astype("<u2")
    assert size(heights) < 0.95 * size(heights.ravel())


@pytest.mark.parametrize(
    ("array", "known"),
    [
        (np.zeros((5, 9), "<f4"), Array(4, "<f", 1, 9)),
        (np.zeros((5, 70), ">i2"), Array(2, ">i", 1, 70)),
        (np.zeros((90, 2), "<u2"), Array(2, "<u", 2, 0)),
        (np.zeros((9, 20, 3), np.uint8), Array(1, "", 3, 60)),
        (np.zeros((9, 20), np.uint8), Array(1, "", 1, 20)),
        (np.zeros(9, np.uint8), None),
        (np.zeros(9, "<f8"), Array(8, "<f", 1, 0)),
        (np.zeros(9, "c16"), None),
        (np.zeros(9, "S4"), Array(4, "", 1, 0)),
        (np.zeros(0, "<f4"), None),
    ],
)
def test_what_arrays_say(array: NDArray[np.generic], known: Array | None) -> None:
    assert array_of(array, None, None) == known


def test_segments_begin_with_a_row() -> None:
    assert Array(2, "<i", 1, 10).part(45, 100) == Part(15, 85, items=(2, "<i", 1, 10))
    assert Array(2, "<i", 3, 0).part(8, 100) == Part(4, 96, items=(2, "<i", 3, 0))
    assert Array(1, "", 3, 60).part(100, 500) == Part(20, 480, 3, 60)
    assert Array(1, "", 3, 60).part(1, 10) is None
    array = np.add.outer(np.arange(50), np.arange(70)).astype("<i2")
    compressor = arzip.ArzipCompressor(
        "swift", segment_size=3001, array=array_of(array, None, None)
    )
    frame = compressor.compress(array) + compressor.flush()
    assert arzip.decompress(frame) == array.tobytes()


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        arzip.compress(b"12345678", itemsize=4, shape=(3,))
    with pytest.raises(ValueError, match="itemsize"):
        arzip.compress(b"12345678", itemsize=0)
    with pytest.raises(TypeError, match="itemsize"):
        arzip.compress(b"12345678", itemsize="4")
