"""Streams: told in a handful of bytes if zlib made them, in a few if another encoder did."""

import random
import zlib

import numpy as np
import pytest
from deflated import NOISE, TEXT, deflate, told
from hypothesis import given, settings
from hypothesis import strategies as st

from arzip import coder
from arzip.errors import FormatError
from arzip.unpacking import blocks, layers, streams
from arzip.unpacking.decisions import Decisions
from arzip.unpacking.encoders import Settings

KINDS = {"text": TEXT, "noise": NOISE * 2, "zeros": bytes(100_000), "mixed": TEXT[:30000] + NOISE}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("level", range(1, 10))
def test_zlib_at_every_level(kind: str, level: int) -> None:
    stream = deflate(KINDS[kind], level)
    size, again = told(stream)
    assert again == stream
    assert size <= 64


@pytest.mark.parametrize("strategy", range(5))
@pytest.mark.parametrize("level", [1, 3, 4, 6, 9])
def test_zlib_with_every_strategy(strategy: int, level: int) -> None:
    stream = deflate(TEXT, level, strategy=strategy)
    size, again = told(stream)
    assert again == stream
    assert size <= 64


@pytest.mark.parametrize("memory", range(1, 10))
@pytest.mark.parametrize("level", [1, 6])
def test_zlib_with_any_memory(memory: int, level: int) -> None:
    stream = deflate(TEXT, level, memory=memory)
    size, again = told(stream)
    assert again == stream
    assert size <= 64


@pytest.mark.parametrize("bits", range(-15, -8))
def test_zlib_with_any_window(bits: int) -> None:
    stream = deflate(TEXT, 6, bits)
    size, again = told(stream)
    assert again == stream
    assert size <= 64


def careless(data: bytes, seed: int) -> bytes:
    """A stream whose encoder takes any literal or match, in blocks of any size and kind."""
    dice = random.Random(seed)
    plain = np.frombuffer(bytearray(data), dtype=np.uint8)
    out = np.zeros(4 * plain.size + 8192, dtype=np.uint8)
    at = place = 0
    while True:
        count = dice.randrange(0, 300)
        block = blocks.block_of(count)
        start = place
        for token in range(count):
            if place == plain.size:
                count = token
                break
            before = dice.randrange(max(place - 32768, 0), place + 1)
            size = 0
            while (
                place + size < plain.size
                and size < 258
                and data[before + size] == data[place + size]
            ):
                size += 1
            if before < place and size >= 3:
                size = dice.randrange(3, size + 1)
                block.lengths[token], block.distances[token] = size, place - before - 1
                place += size
            else:
                place += 1
        is_last = place == plain.size and dice.random() < 0.5
        about = block.about
        about[blocks.KIND], about[blocks.FINAL] = blocks.FIXED, is_last
        about[blocks.BYTES], about[blocks.TOKENS] = place - start, count
        if dice.random() < 0.2:
            about[blocks.KIND], about[blocks.PADDING] = blocks.STORED, dice.randrange(2)
        at = blocks.write(block, plain, start, out, at)
        if is_last:
            return out[: (at + 7) // 8].tobytes()


@given(
    st.integers(0, 1000), st.sampled_from([b"abcabcd" * 40, TEXT[:3000], bytes(900), NOISE[:300]])
)
@settings(deadline=None)
def test_any_encoder(seed: int, data: bytes) -> None:
    stream = careless(data, seed)
    assert zlib.decompress(stream, -15) == data
    assert told(stream)[1] == stream


@pytest.mark.parametrize("level", range(10))
def test_bits_behind_the_end_come_back(level: int) -> None:
    stream = bytearray(deflate(TEXT[:1000], level))
    src, plain = np.frombuffer(bytes(stream), dtype=np.uint8), np.zeros(1000, dtype=np.uint8)
    end = blocks.read(src, 0, blocks.block_of(0), plain, 0)
    if end & 7:
        stream[-1] |= 256 - (1 << (end & 7)) & 255
    assert zlib.decompress(bytes(stream), -15) == TEXT[:1000]
    assert told(bytes(stream))[1] == bytes(stream)


@given(st.binary(max_size=60), st.binary(max_size=300), st.integers(0, 12), st.integers(0, 3))
def test_damage_gives_an_error_or_some_bytes(
    payload: bytes, data: bytes, level: int, strategy: int
) -> None:
    words, state = coder.to_words(payload), np.zeros(4, dtype=np.uint64)
    coder.start(words, state)
    plain = np.frombuffer(bytearray(data), dtype=np.uint8) if data else np.zeros(0, np.uint8)
    learned = Decisions.learned(layers.odds(), words, state)
    chosen = Settings(level, strategy, 15, 15).values()
    try:
        stream = streams.pass_on(learned, plain, None, chosen, room=1000)
    except FormatError:
        return
    assert len(stream) <= 1000


def test_a_bomb_is_not_taken_apart() -> None:
    src = np.frombuffer(deflate(bytes(1 << 20), 9), dtype=np.uint8)
    assert streams.inflate(src, 1 << 19, blocks.block_of(0))[0] is None


def test_many_empty_blocks_are_not_taken_apart() -> None:
    stream = (b"\0" + b"\0\0\xff\xff") * 3000 + deflate(b"")
    assert (
        streams.inflate(np.frombuffer(stream, dtype=np.uint8), 1 << 20, blocks.block_of(0))[0]
        is None
    )
