"""What data is taken for, and at what distance it repeats itself."""

import numpy as np
import pytest

from arzip.readings.profile import LONGEST_RECORD, TEXT, record_length


def as_array(data: bytes) -> np.ndarray:
    return np.frombuffer(data, dtype=np.uint8)


@pytest.mark.parametrize(
    "text", [b"a", b"one line\r\n" * 100, "über die Straße\n".encode() * 50, b"x,y\n1,2\n"]
)
def test_text(text: bytes) -> None:
    assert record_length(as_array(text)) == TEXT


@pytest.mark.parametrize("length", [2, 3, 4, 13, 24, 216, 2000])
@pytest.mark.parametrize("size", [40_000, 400_000])
def test_records_are_found_by_their_length(length: int, size: int) -> None:
    rng = np.random.default_rng(length)
    records = rng.integers(0, 256, (size // length, length), dtype=np.uint8)
    records[:, ::2] = records[0, ::2]
    assert record_length(records.reshape(-1)) == length


@pytest.mark.parametrize(
    "data", [b"\0", b"\0\1", b"\0\1\2\3\4\5\6", bytes(range(256)), b"\0" * 999]
)
def test_anything_else_has_some_length(data: bytes) -> None:
    assert 1 <= record_length(as_array(data)) <= LONGEST_RECORD
