"""Noise: what no model shortens is found, whatever is around it."""

import numpy as np
import pytest

from arzip.unpacking import noise

TEXT = b"one of many words, and then another; " * 2000
RANDOM = np.random.default_rng(0).bytes(3 << 20)


def runs(data: bytes) -> list[tuple[int, int]]:
    return list(noise.runs(np.frombuffer(data, dtype=np.uint8)))


@pytest.mark.parametrize("size", [30_000, 100_000, 3 << 20])
def test_noise_in_text(size: int) -> None:
    found = runs(TEXT + RANDOM[:size] + TEXT)
    assert len(found) == 1
    start, end = found[0]
    assert abs(start - len(TEXT)) < 4096
    assert abs(end - len(TEXT) - size) < 4096


def test_little_noise_stays() -> None:
    assert runs(TEXT + RANDOM[: noise.LEAST // 2] + TEXT) == []
    assert runs(RANDOM[:100]) == []


def test_what_may_be_shortened_is_no_noise() -> None:
    assert runs(TEXT) == []
    grey = np.cumsum(np.random.default_rng(0).normal(0, 12, 100_000)).astype(np.int64)
    assert runs(grey.astype(np.uint8).tobytes()) == []
    assert runs(RANDOM[:100_000] + TEXT + RANDOM[50_000:80_000]) == []
