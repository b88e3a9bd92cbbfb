"""Blocks: what zlib writes is read as zlib reads it, and written to the same bits again."""

import zlib

import numpy as np
import pytest
from deflated import NOISE, TEXT, deflate
from hypothesis import given
from hypothesis import strategies as st

from arzip.unpacking import blocks
from arzip.unpacking.blocks import BYTES, FINAL, block_of


def copied(stream: bytes, n: int) -> tuple[bytes, bytes]:
    """The plain text of a stream, and the stream written anew."""
    src, plain = np.frombuffer(stream, dtype=np.uint8), np.zeros(n, dtype=np.uint8)
    out = np.zeros(src.size + 1100, dtype=np.uint8)
    block = block_of(n + 1)
    at = place = written = 0
    while True:
        at = blocks.read(src, at, block, plain, place)
        assert at > 0
        written = blocks.write(block, plain, place, out, written)
        assert written == at
        place += int(block.about[BYTES])
        if block.about[FINAL]:
            return plain[:place].tobytes(), out[: (at + 7) // 8].tobytes()


@pytest.mark.parametrize("level", range(10))
@pytest.mark.parametrize("data", [b"", b"a", TEXT[:20000], NOISE, bytes(5000)])
def test_zlib_at_every_level(data: bytes, level: int) -> None:
    stream = deflate(data, level)
    assert copied(stream, len(data)) == (data, stream)


@pytest.mark.parametrize("strategy", range(5))
def test_zlib_with_every_strategy(strategy: int) -> None:
    stream = deflate(TEXT[:20000], 6, strategy=strategy)
    assert copied(stream, 20000) == (TEXT[:20000], stream)


@given(
    st.lists(st.sampled_from([zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH, zlib.Z_NO_FLUSH]), max_size=5)
)
def test_flushed_streams(flushes: list[int]) -> None:
    compressor = zlib.compressobj(6, zlib.DEFLATED, -15)
    stream, data = b"", b""
    for k, flush in enumerate(flushes):
        data += TEXT[100 * k : 150 * k]
        stream += compressor.compress(TEXT[100 * k : 150 * k]) + compressor.flush(flush)
    stream += compressor.flush()
    assert copied(stream, len(data)) == (data, stream)


@given(st.binary(min_size=1, max_size=200))
def test_bytes_that_are_no_stream_do_no_harm(data: bytes) -> None:
    """zlib reads what is read here, and to the same bytes."""
    src, plain = np.frombuffer(data, dtype=np.uint8), np.zeros(1 << 16, dtype=np.uint8)
    block = block_of(16)
    at = place = 0
    while True:
        at = blocks.read(src, at, block, plain, place)
        if at < 0:
            return
        assert at <= 8 * len(data)
        place += int(block.about[BYTES])
        if block.about[FINAL]:
            break
    theirs = zlib.decompressobj(-15)
    assert theirs.decompress(data) == plain[:place].tobytes()
    assert theirs.eof


@pytest.mark.parametrize("room", [0, 1, 500, 999])
def test_too_little_room_is_said(room: int) -> None:
    src = np.frombuffer(deflate(TEXT[:1000]), dtype=np.uint8)
    plain = np.zeros(room, dtype=np.uint8)
    assert blocks.read(src, 0, block_of(0), plain, 0) == blocks.FULL


def test_symbols() -> None:
    for length in range(3, 259):
        k = blocks.length_symbol(length) - 257
        assert 0 <= length - blocks.LENGTH_LEAST[k] < 1 << blocks.LENGTH_EXTRA[k] or length == 258
    for less in range(32768):
        k = blocks.distance_symbol(less)
        assert 0 <= less + 1 - blocks.DISTANCE_LEAST[k] < 1 << blocks.DISTANCE_EXTRA[k]
