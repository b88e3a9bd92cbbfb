"""ArzipCompressor: any chunks, any threads, the same frame."""

import numpy as np
import pytest
from conftest import Counts
from hypothesis import given
from hypothesis import strategies as st
from streaming import SEGMENT, TEXT, chunk_sizes, chunks, compress, inputs, random_bytes

from arzip.models.registry import load
from arzip.streams.compressor import DEFAULT_SEGMENT, ArzipCompressor
from arzip.streams.decompressor import decompress


@given(data=inputs, sizes=chunk_sizes, threads=st.sampled_from([1, 2, 3]))
def test_chunks_and_threads_do_not_change_the_frame(
    model: Counts, data: bytes, sizes: list[int], threads: int
) -> None:
    compressor = ArzipCompressor(model, segment_size=SEGMENT, threads=threads)
    out = [compressor.compress(chunk) for chunk in chunks(data, sizes)]
    assert b"".join([*out, compressor.flush()]) == compress(model, data)


@given(data=inputs, segment_size=st.sampled_from([SEGMENT, 1 << 20]))
def test_the_account_adds_up(model: Counts, data: bytes, segment_size: int) -> None:
    compressor = ArzipCompressor(model, segment_size=segment_size)
    frame = compressor.compress(data) + compressor.flush()
    account = compressor.account
    assert (account.size, account.file_bytes) == (len(data), len(frame))
    assert account.histogram == tuple(data.count(bytes([byte])) for byte in range(256))
    report = account.report("counts")
    parts = report.nll_nats / np.log(2) + sum(report.overhead_bits.values())
    assert parts == pytest.approx(8 * len(frame), abs=1e-6)
    assert account.container == 8 * (len(frame) - report.payload_bytes)


def test_input_that_ends_in_the_first_segment_makes_a_compact_frame(model: Counts) -> None:
    for size, framing in [(SEGMENT - 1, 16), (SEGMENT, 16), (SEGMENT + 1, 60)]:
        compressor = ArzipCompressor(model, segment_size=SEGMENT)
        frame = compressor.compress(TEXT[:size]) + compressor.flush()
        is_long = frame[3] & 8 != 0
        assert is_long == (size > SEGMENT)
        assert compressor.account.container <= 8 * framing


@pytest.mark.parametrize("size", [0, 1, 2, 40, 5000, 16384])
def test_small_files_grow_by_11_bytes_at_most(model: Counts, size: int) -> None:
    assert len(compress(model, random_bytes(size), 1 << 20)) <= size + 11


def test_a_model_must_save_more_than_its_frame_takes(model: Counts) -> None:
    """In a frame of its own, a modelled segment costs more bytes of framing than a stored one."""
    for size in range(1, 200):
        data = (random_bytes(30) + TEXT)[:size]
        frame = compress(model, data)
        assert len(frame) <= len(data) + 4 + 4 + (2 if size > 127 else 1)


def test_stored_segments_of_the_default_size_cost_little(model: Counts) -> None:
    data = random_bytes(DEFAULT_SEGMENT + 5)
    frame = compress(model, data, DEFAULT_SEGMENT)
    assert len(frame) < len(data) + 32 + 0.001 * len(data)
    assert len(frame) < len(data) + 100
    assert decompress(frame, model=model) == data


def test_a_compressor_is_done_after_flush(model: Counts) -> None:
    compressor = ArzipCompressor(model)
    compressor.flush()
    with pytest.raises(ValueError, match="flushed"):
        compressor.compress(b"more")
    with pytest.raises(ValueError, match="flushed"):
        compressor.flush()


@pytest.mark.parametrize("size", [0, -1, (1 << 26) + 1])
def test_segment_sizes_have_bounds(model: Counts, size: int) -> None:
    with pytest.raises(ValueError, match="segment_size"):
        ArzipCompressor(model, segment_size=size)


def test_a_level_is_a_model() -> None:
    assert ArzipCompressor(level=1).model is load("fast")
    assert ArzipCompressor().model is ArzipCompressor(level=6).model is load("base")
    with pytest.raises(ValueError, match="model and level"):
        ArzipCompressor("swift", level=1)
    with pytest.raises(ValueError, match="level is 0"):
        ArzipCompressor(level=0)


def test_few_segments_are_held(model: Counts) -> None:
    for threads in (1, 2, 3):
        compressor = ArzipCompressor(model, segment_size=SEGMENT, threads=threads)
        fed = 0
        for _ in range(12):
            compressor.compress(TEXT[:SEGMENT])
            fed += SEGMENT
            assert fed - compressor.account.size <= (threads + 2) * SEGMENT
        compressor.flush()
