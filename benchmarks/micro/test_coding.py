"""The arithmetic coder and the container: `pytest benchmarks/micro`."""

import numpy as np
import pytest
from numpy.typing import NDArray
from pytest_benchmark.fixture import BenchmarkFixture

from arzip import codec, coder
from arzip.engine.compiled import compiled
from arzip.format.writer import compact_frame

SYMBOLS = 1 << 16
Intervals = tuple[NDArray[np.uint32], NDArray[np.uint32]]


@compiled
def decode(
    words: NDArray[np.uint32],
    left: NDArray[np.uint32],
    freq: NDArray[np.uint32],
    state: NDArray[np.uint64],
) -> int:
    """Step over all symbols; return how many are in their intervals."""
    coder.start(words, state)
    right = 0
    for t in range(left.size):
        target = coder.target(state)
        right += left[t] <= target < left[t] + freq[t]
        coder.advance(words, state, left[t], freq[t])
    return right


@pytest.fixture(scope="module")
def intervals() -> Intervals:
    rng = np.random.default_rng(1)
    freq = rng.integers(1 << 16, 1 << 22, SYMBOLS)
    left = rng.integers(1, coder.TOTAL - 1 - freq)
    return left.astype(np.uint32), freq.astype(np.uint32)


def test_encoder(benchmark: BenchmarkFixture, intervals: Intervals) -> None:
    assert len(benchmark(coder.encode, *intervals)) > SYMBOLS // 4


def test_decoder(benchmark: BenchmarkFixture, intervals: Intervals) -> None:
    words = coder.to_words(coder.encode(*intervals))
    state = np.zeros(4, dtype=np.uint64)
    assert benchmark(decode, words, *intervals, state) == SYMBOLS


@pytest.mark.parametrize("size", [100, 1 << 20])
def test_container(benchmark: BenchmarkFixture, size: int) -> None:
    """A stored segment, framed: headers and checksums alone."""
    data = np.random.default_rng(2).bytes(size)
    frame = benchmark(compact_frame, b"none", codec.stored(data), data)
    assert frame.endswith(data, 0, -4)
