"""The coder: constriction encodes, its RangeDecoder and the numba decoder both restore."""

import numba
import numpy as np
import pytest
from constriction import stream
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from arzip import coder
from arzip.errors import ModelError

TOTAL = 1 << 24
WIDEST = TOTAL - 2

frequencies = st.one_of(
    st.integers(1, WIDEST),
    st.integers(1, 3),
    st.integers(WIDEST - 2, WIDEST),
    st.integers(0, 23).map(lambda bits: 1 << bits),
)


@st.composite
def intervals(draw: st.DrawFn) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Intervals in [1, 2**24 - 1), often at its ends, where carries come from."""
    freq = draw(st.lists(frequencies, max_size=200))
    left = [draw(st.sampled_from([1, TOTAL - 1 - f, (TOTAL - f) // 2])) for f in freq]
    return np.array(left, dtype=np.uint32), np.array(freq, dtype=np.uint32)


def random_intervals(n: int, seed: int = 0) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    random = np.random.default_rng(seed)
    freq = np.clip(random.beta(0.3, 0.3, n) * TOTAL, 1, WIDEST).astype(np.int64)
    left = 1 + (random.random(n) * (WIDEST - freq + 1)).astype(np.int64)
    return left.astype(np.uint32), freq.astype(np.uint32)


@numba.njit(nogil=True)
def targets(
    words: NDArray[np.uint32], left: NDArray[np.uint32], freq: NDArray[np.uint32]
) -> NDArray[np.uint32]:
    """What the numba decoder finds when it is told each interval after it looked."""
    state = np.zeros(4, dtype=np.uint64)
    out = np.zeros(left.size, dtype=np.uint32)
    coder.start(words, state)
    for t in range(left.size):
        out[t] = coder.target(state)
        coder.advance(words, state, left[t], freq[t])
    return out


def check_both_decoders(left: NDArray[np.uint32], freq: NDArray[np.uint32]) -> bytes:
    payload = coder.encode(left, freq)
    words = coder.to_words(payload)
    found = targets(words, left, freq).astype(np.int64)
    assert np.all(found >= left) and np.all(found < left.astype(np.int64) + freq)
    if left.size:
        before, inside = left.astype(np.int64), freq.astype(np.int64)
        rows = np.stack([before - 1, inside - 1, TOTAL - before - inside - 1], axis=1)
        decoder = stream.queue.RangeDecoder(words)
        family = stream.model.Categorical(perfect=False)
        assert np.all(decoder.decode(family, rows.astype(np.float32)) == 1)
    return payload


@given(intervals())
def test_both_decoders_find_every_interval(coded: tuple[NDArray[np.uint32], ...]) -> None:
    check_both_decoders(*coded)


@given(intervals())
def test_a_payload_ends_within_a_byte_of_its_code_length(
    coded: tuple[NDArray[np.uint32], ...],
) -> None:
    left, freq = coded
    payload = coder.encode(left, freq)
    code_length = float(-np.log2(freq / TOTAL).sum())
    # A step divides a range of at least 2**32 by 2**24 and drops what is below one of 2**8 units.
    assert 8 * len(payload) < code_length + 0.006 * left.size + 8


@given(intervals())
def test_a_payload_cannot_be_shorter(coded: tuple[NDArray[np.uint32], ...]) -> None:
    left, freq = coded
    payload = coder.encode(left, freq)
    assert payload[-1:] != b"\0"
    if payload:
        for shorter in (payload[:-1], increment(payload[:-1])):
            found = targets(coder.to_words(shorter), left, freq).astype(np.int64)
            assert np.any(found < left) or np.any(found >= left.astype(np.int64) + freq)


def increment(number: bytes) -> bytes:
    """The next larger number of as many bytes, if there is one."""
    value = int.from_bytes(number) + 1
    return value.to_bytes(len(number)) if value < 1 << 8 * len(number) else number


def test_chunks_of_the_bulk_encoder_join() -> None:
    for n in (coder.CHUNK - 1, coder.CHUNK, coder.CHUNK + 1, 3 * coder.CHUNK + 5):
        check_both_decoders(*random_intervals(n, seed=n))


def test_the_rounding_of_the_range_costs_less_than_two_ten_thousandths_of_a_bit() -> None:
    left, freq = random_intervals(200_000)
    payload = coder.encode(left, freq)
    code_length = float(-np.log2(freq / TOTAL).sum())
    assert code_length < 8 * len(payload) < code_length + 2e-4 * left.size + 8


def test_no_symbols_take_no_bytes() -> None:
    nothing = np.zeros(0, dtype=np.uint32)
    assert coder.encode(nothing, nothing) == b""
    assert coder.to_words(b"").size == 0


@pytest.mark.parametrize(("left", "freq"), [(1, 1), (1, WIDEST), (TOTAL - 2, 1)])
def test_the_same_extreme_interval_over_and_over(left: int, freq: int) -> None:
    n = 5000
    check_both_decoders(np.full(n, left, dtype=np.uint32), np.full(n, freq, dtype=np.uint32))


def around_one_half(n: int) -> tuple[list[tuple[int, int]], int]:
    """n intervals that all hold the number 1/2, and the unit that holds it in the next one."""
    intervals = []
    lower, width, half = 0, (1 << 64) - 1, 1 << 63
    for _ in range(n):
        scale = width >> 24
        left = (half - lower) // scale - 1
        intervals.append((left, 3))
        lower, width = lower + scale * left, scale * 3
        if width < 1 << 32:
            lower, width, half = lower << 32, width << 32, half << 32
    return intervals, (half - lower) // (width >> 24)


@pytest.mark.parametrize(("side", "start"), [(-1, b"\x7f\xff\xff\xff"), (1, b"\x80\0\0\0")])
def test_a_carry_runs_through_all_words_before(side: int, start: bytes) -> None:
    intervals, unit = around_one_half(60)
    left, freq = zip(*intervals, (unit + side, 1), strict=True)
    payload = check_both_decoders(np.array(left, dtype=np.uint32), np.array(freq, dtype=np.uint32))
    assert payload[:40] == start + start[1:2] * 36


def test_a_number_within_reach_of_a_carry_takes_one_byte() -> None:
    left, freq = zip(*around_one_half(5)[0], strict=True)
    payload = check_both_decoders(np.array(left, dtype=np.uint32), np.array(freq, dtype=np.uint32))
    assert payload == b"\x80"


@pytest.mark.parametrize("n", [8, 20, 60, 400])
def test_as_many_zeros_are_kept_as_the_decoder_would_miss(n: int) -> None:
    """So that it may stop, see is_exhausted. A number as round as this takes a made-up file."""
    left, freq = zip(*around_one_half(n)[0], strict=True)
    payload = check_both_decoders(np.array(left, dtype=np.uint32), np.array(freq, dtype=np.uint32))
    state = np.zeros(4, dtype=np.uint64)
    words = coder.to_words(payload)
    coder.start(words, state)
    for t in range(n):
        assert not coder.is_exhausted(words, state)
        coder.advance(words, state, np.uint32(left[t]), np.uint32(freq[t]))
    assert payload == b"\x80".ljust(4 * (int(state[3]) - coder.SLACK), b"\0")


def test_words_are_big_endian_and_padded_with_zeros() -> None:
    assert coder.to_words(b"\x01\x02\x03\x04\x05").tolist() == [0x01020304, 0x05000000]


@pytest.mark.parametrize(
    ("left", "freq"),
    [(0, 5), (1, 0), (1, TOTAL - 1), (TOTAL - 1, 1), (2, WIDEST), (1 << 31, 1 << 31)],
)
def test_impossible_intervals_are_refused_before_constriction_sees_them(
    left: int, freq: int
) -> None:
    good = np.full(3, 7, dtype=np.uint32)
    with pytest.raises(ModelError, match="impossible interval"):
        coder.encode(np.append(good, np.uint32(left)), np.append(good, np.uint32(freq)))


def test_the_largest_point_has_the_largest_target() -> None:
    anywhere = np.ones(1, dtype=np.uint32)
    assert targets(coder.to_words(b"\xff" * 8), anywhere, anywhere) == TOTAL - 1


@given(st.binary(max_size=40), st.integers(0, 2**32 - 1))
def test_damaged_words_give_some_target_in_bounds(payload: bytes, seed: int) -> None:
    left, freq = random_intervals(300, seed)
    assert np.all(targets(coder.to_words(payload), left, freq) < TOTAL)


def test_a_decoder_knows_when_the_words_cannot_have_held_more() -> None:
    left, freq = random_intervals(3000)
    words = coder.to_words(coder.encode(left, freq))
    state = np.zeros(4, dtype=np.uint64)
    coder.start(words, state)
    for t in range(left.size):
        assert not coder.is_exhausted(words, state)
        coder.advance(words, state, left[t], freq[t])
    for _ in range(coder.SLACK + 2):  # 24 bits each
        coder.advance(words, state, np.uint32(1), np.uint32(1))
    assert coder.is_exhausted(words, state)


@given(st.binary(min_size=1, max_size=30), st.integers(0, 255), st.binary(max_size=9))
def test_bytes_that_no_model_predicts(data: bytes, likely: int, more: bytes) -> None:
    """They come back before what follows them, and the likely one costs next to nothing."""
    left, freq = coder.byte_intervals(data, likely)
    assert (freq[1:] == freq[1:2]).all()
    assert (24 - np.log2(freq[0]) < 0.1) == (data[0] == likely)
    after = np.frombuffer(more, dtype=np.uint8).astype(np.uint32)
    payload = coder.encode(
        np.concatenate([left, 1 + after * 1000]),
        np.concatenate([freq, np.full(after.size, 1000, dtype=np.uint32)]),
    )
    words, state = coder.to_words(payload), np.zeros(4, dtype=np.uint64)
    found = [coder.next_byte(words, state, -1 if k else likely) for k in range(len(data))]
    assert bytes(found) == data
    for value in more:
        assert (coder.target(state) - 1) // 1000 == value
        coder.advance(words, state, np.uint32(1 + value * 1000), np.uint32(1000))


@given(st.binary(max_size=20), st.sampled_from([-1, 0, 1, 255]))
def test_damaged_words_give_some_byte(payload: bytes, likely: int) -> None:
    words, state = coder.to_words(payload), np.zeros(4, dtype=np.uint64)
    for _ in range(5):
        assert 0 <= coder.next_byte(words, state, likely) <= 255
