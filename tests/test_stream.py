"""ArzipCompressor and ArzipDecompressor: any chunks, any threads, the same bytes; within limits."""

import inspect
import sys
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from conftest import Counts, peak_memory
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from arzip import stream
from arzip.codec import Prediction
from arzip.container import FrameWriter
from arzip.errors import (
    ArzipError,
    ChecksumError,
    FormatError,
    LimitError,
    ModelError,
    TruncatedError,
)
from arzip.models.registry import load
from arzip.stream import ArzipCompressor, ArzipDecompressor

TEXT = b"the quick brown fox jumps over the lazy dog. " * 40
SEGMENT = 500

inputs = st.builds(
    lambda pieces: b"".join(pieces),
    st.lists(
        st.binary(max_size=600)
        | st.integers(0, 1200).map(lambda n: b"z" * n)
        | st.integers(0, 1200).map(lambda n: TEXT[:n]),
        max_size=5,
    ),
)
chunk_sizes = st.lists(st.integers(0, 900), min_size=1, max_size=6).filter(any)


def random_bytes(n: int) -> bytes:
    return np.random.default_rng(n).bytes(n)


def chunks(data: bytes, sizes: list[int]) -> list[bytes]:
    out, at = [], 0
    while at < len(data):
        size = sizes[len(out) % len(sizes)]
        out.append(data[at : at + size])
        at += size
    return out


def compress(model: Counts, data: bytes, segment_size: int = SEGMENT) -> bytes:
    compressor = ArzipCompressor(model, segment_size=segment_size)
    return compressor.compress(data) + compressor.flush()


@given(data=inputs, sizes=chunk_sizes, threads=st.sampled_from([1, 2, 3]))
def test_chunks_and_threads_do_not_change_the_frame(
    model: Counts, data: bytes, sizes: list[int], threads: int
) -> None:
    compressor = ArzipCompressor(model, segment_size=SEGMENT, threads=threads)
    out = [compressor.compress(chunk) for chunk in chunks(data, sizes)]
    assert b"".join([*out, compressor.flush()]) == compress(model, data)


@given(data=inputs, sizes=chunk_sizes, threads=st.sampled_from([1, 2, 3]))
def test_decompression_takes_any_chunks(
    model: Counts, data: bytes, sizes: list[int], threads: int
) -> None:
    decompressor = ArzipDecompressor(model=model, threads=threads)
    out = []
    for chunk in chunks(compress(model, data), sizes):
        assert not decompressor.eof
        out.append(decompressor.decompress(chunk))
    assert decompressor.eof
    assert b"".join(out) == data
    assert decompressor.unused_data == b""


@given(data=inputs, sizes=chunk_sizes, length=st.integers(1, 700), threads=st.sampled_from([1, 2]))
def test_decompression_gives_as_little_as_asked_for(
    model: Counts, data: bytes, sizes: list[int], length: int, threads: int
) -> None:
    """Fed only when it asks for input, and with more after the frame, as lzma's is used."""
    decompressor = ArzipDecompressor(model=model, threads=threads)
    pieces = chunks(compress(model, data) + b"what follows", sizes)
    out = []
    while not decompressor.eof:
        chunk = pieces.pop(0) if decompressor.needs_input and pieces else b""
        out.append(decompressor.decompress(chunk, length))
        assert len(out[-1]) <= length
    assert b"".join(out) == data
    assert not decompressor.needs_input
    assert decompressor.unused_data + b"".join(pieces) == b"what follows"


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
    data = random_bytes(stream.DEFAULT_SEGMENT + 5)
    frame = compress(model, data, stream.DEFAULT_SEGMENT)
    assert len(frame) < len(data) + 32 + 0.001 * len(data)
    assert len(frame) < len(data) + 100
    assert stream.decompress(frame, model=model) == data


def test_a_compressor_is_done_after_flush(model: Counts) -> None:
    compressor = ArzipCompressor(model)
    compressor.flush()
    with pytest.raises(ValueError, match="flushed"):
        compressor.compress(b"more")
    with pytest.raises(ValueError, match="flushed"):
        compressor.flush()


def test_a_decompressor_is_done_after_its_frame(model: Counts) -> None:
    decompressor = ArzipDecompressor(model=model)
    frame = compress(model, TEXT)
    assert decompressor.decompress(frame + frame) == TEXT
    assert decompressor.eof
    assert decompressor.unused_data == frame
    with pytest.raises(EOFError):
        decompressor.decompress(b"")


@pytest.mark.parametrize("size", [0, -1, (1 << 26) + 1])
def test_segment_sizes_have_bounds(model: Counts, size: int) -> None:
    with pytest.raises(ValueError, match="segment_size"):
        ArzipCompressor(model, segment_size=size)


def test_threads_have_bounds(model: Counts) -> None:
    assert ArzipCompressor(model, threads=0).compress(b"") == b""
    for make in (ArzipCompressor, ArzipDecompressor):
        with pytest.raises(ValueError, match="threads"):
            make(model=model, threads=-1)


@pytest.mark.parametrize("limit", ["max_size", "max_memory"])
def test_limits_have_bounds(model: Counts, limit: str) -> None:
    nothing = compress(model, b"")
    assert stream.decompress(nothing, **{limit: 0}) == b""  # type: ignore[arg-type]
    for make in (ArzipDecompressor, lambda **options: stream.decompress(nothing, **options)):
        with pytest.raises(ValueError, match=f"{limit} is -1: it must be 0 or more"):
            make(**{limit: -1})


@pytest.mark.parametrize("option", ["threads", "max_size", "max_memory", "segment_size"])
@pytest.mark.parametrize("value", [2.5, "2"])
def test_numbers_are_whole(model: Counts, option: str, value: object) -> None:
    for make in (ArzipCompressor, ArzipDecompressor):
        if option in inspect.signature(make).parameters:
            with pytest.raises(TypeError, match=f"{option} must be a whole number, not "):
                make(model=model, **{option: value})


def test_what_is_no_executor(model: Counts) -> None:
    for make in (ArzipCompressor, ArzipDecompressor):
        with pytest.raises(TypeError, match=r"executor must be one .* not int"):
            make(model=model, executor=4)


@pytest.mark.parametrize("make", [ArzipCompressor, ArzipDecompressor])
def test_what_is_no_model(make: Any) -> None:
    with pytest.raises(TypeError, match="model must be a name, a path or a loaded model, not int"):
        make(model=6)


def test_a_level_is_a_model() -> None:
    assert ArzipCompressor(level=1).model is load("swift")
    assert ArzipCompressor().model is ArzipCompressor(level=6).model is load("base")
    with pytest.raises(ValueError, match="model and level"):
        ArzipCompressor("swift", level=1)
    with pytest.raises(ValueError, match="level is 0"):
        ArzipCompressor(level=0)


@pytest.mark.parametrize("data", ["text", None, 5, [1, 2]])
def test_what_is_not_bytes(model: Counts, data: Any) -> None:
    said = f"a bytes-like object is required, not {type(data).__name__!r}"
    with pytest.raises(TypeError, match=said):
        ArzipCompressor(model).compress(data)
    with pytest.raises(TypeError, match=said):
        ArzipDecompressor(model=model).decompress(data)


def test_max_length_is_whole(model: Counts) -> None:
    frame = compress(model, TEXT)
    decompressor = ArzipDecompressor(model=model)
    with pytest.raises(TypeError, match="max_length must be a whole number, not float"):
        decompressor.decompress(frame, 2.5)  # type: ignore[arg-type]
    assert decompressor.decompress(frame) == TEXT, "it had taken nothing"


def test_what_they_look_like(model: Counts) -> None:
    compressor = ArzipCompressor(model, segment_size=SEGMENT)
    assert repr(compressor) == "<arzip.ArzipCompressor model='counts': 0 bytes in, 0 out>"
    frame = compressor.compress(TEXT) + compressor.flush()
    shown = f"<arzip.ArzipCompressor model='counts': {len(TEXT):,} bytes in, {len(frame):,} out>"
    assert repr(compressor) == shown
    decompressor = ArzipDecompressor(model=model)
    assert repr(decompressor) == "<arzip.ArzipDecompressor: 0 bytes in, 0 out>"
    decompressor.decompress(frame, 100)
    assert repr(decompressor) == f"<arzip.ArzipDecompressor: {len(frame):,} bytes in, 100 out>"
    decompressor.decompress(b"")
    shown = f"<arzip.ArzipDecompressor: {len(frame):,} bytes in, {len(TEXT):,} out, at the end>"
    assert repr(decompressor) == shown


class Together(Counts):
    """Works only while two segments are worked on at the same time."""

    def __init__(self) -> None:
        super().__init__()
        self._barrier = threading.Barrier(2, timeout=20)

    def encode(self, data: NDArray[np.uint8]) -> Iterator[Prediction]:
        self._barrier.wait()
        return super().encode(data)

    def decode(
        self, parameters: bytes, words: NDArray[np.uint32], n: int
    ) -> Iterator[NDArray[np.uint8]]:
        self._barrier.wait()
        return super().decode(parameters, words, n)


def test_threads_work_at_the_same_time() -> None:
    model = Together()
    data = TEXT[: 2 * SEGMENT] + TEXT[: 2 * SEGMENT]
    compressor = ArzipCompressor(model, segment_size=SEGMENT, threads=2)
    frame = compressor.compress(data) + compressor.flush()
    decompressor = ArzipDecompressor(model=model, threads=2)
    assert decompressor.decompress(frame) == data


class Meeting(Counts):
    """Notes whether two segments were ever worked on at the same time."""

    met = False

    def __init__(self) -> None:
        super().__init__()
        self._barrier = threading.Barrier(2)

    def decode(
        self, parameters: bytes, words: NDArray[np.uint32], n: int
    ) -> Iterator[NDArray[np.uint8]]:
        try:
            self._barrier.wait(timeout=0.05)
            self.met = True
        except threading.BrokenBarrierError:
            self._barrier.reset()
        return super().decode(parameters, words, n)


@pytest.mark.parametrize(("segments", "met"), [(1.5, False), (5.0, True)])
def test_threads_share_the_memory_that_is_allowed(segments: float, met: bool) -> None:
    model = Meeting()
    data = TEXT[:SEGMENT] * 4
    limit = int(segments * (model.memory(SEGMENT) + 2 * SEGMENT))
    frame = compress(model, data)
    assert stream.decompress(frame, model=model, max_memory=limit, threads=2) == data
    assert model.met == met


def test_few_segments_are_held(model: Counts) -> None:
    for threads in (1, 2, 3):
        compressor = ArzipCompressor(model, segment_size=SEGMENT, threads=threads)
        fed = 0
        for _ in range(12):
            compressor.compress(TEXT[:SEGMENT])
            fed += SEGMENT
            assert fed - compressor.account.size <= (threads + 2) * SEGMENT
        compressor.flush()


def test_memory_does_not_grow_with_the_stream(model: Counts) -> None:
    size = 1 << 18
    data = random_bytes(size)

    def work() -> None:
        compressor = ArzipCompressor(model, segment_size=size)
        decompressor = ArzipDecompressor(model=model)
        for _ in range(40):
            restored = decompressor.decompress(compressor.compress(data))
            assert restored in (b"", data)
        assert decompressor.decompress(compressor.flush()) == data
        assert decompressor.eof

    assert peak_memory(work) < 20 * size


@pytest.mark.parametrize(
    "frame",
    [
        b"\xe1rz\x11\x80\xff\xfe\x1e",
        FrameWriter(b"cnts").header() + b"\x00\x80\xff\xfe\x1e\xff\xfe\xfe\x1e",
    ],
)
def test_nothing_is_allocated_for_what_is_only_claimed(model: Counts, frame: bytes) -> None:
    def work() -> None:
        decompressor = ArzipDecompressor(model=model)
        assert decompressor.decompress(frame + b"only this") == b""
        assert decompressor.needs_input

    assert peak_memory(work) < 100_000


def test_max_size_stops_a_bomb(model: Counts) -> None:
    bomb = compress(model, b"z" * (1 << 20), 1 << 20) * 1000
    with pytest.raises(LimitError, match="limit of 3000000 bytes"):
        stream.decompress(bomb, model=model, max_size=3_000_000)

    def work() -> None:
        with pytest.raises(LimitError):
            ArzipDecompressor(max_size=1000).decompress(bomb)

    assert peak_memory(work) < 200_000


@given(inputs)
def test_max_size_allows_what_fits(model: Counts, data: bytes) -> None:
    frame = compress(model, data)
    assert stream.decompress(frame, model=model, max_size=len(data)) == data
    if data:
        with pytest.raises(LimitError):
            stream.decompress(frame, model=model, max_size=len(data) - 1)


@pytest.mark.parametrize("threads", [1, 4])
def test_max_memory_counts_the_model(model: Counts, threads: int) -> None:
    data = TEXT[:SEGMENT] * 4
    frame = compress(model, data)
    for limit in (model.memory(SEGMENT) + 3 * SEGMENT, 3 * model.memory(SEGMENT)):
        assert stream.decompress(frame, model=model, max_memory=limit, threads=threads) == data
    with pytest.raises(LimitError, match="memory"):
        stream.decompress(frame, model=model, max_memory=model.memory(SEGMENT), threads=threads)


def damaged_in_segment(frame: bytes, number: int, model: Counts) -> bytes:
    """A long frame with one bit changed in the payload of that segment, its first check kept."""
    from arzip import container

    place = container.locate(lambda at, size: frame[at : at + size], len(frame))[number - 1]
    damaged = bytearray(frame)
    damaged[place.body + place.segment.coded_size + 4] ^= 1  # the check of the data
    return bytes(damaged)


@pytest.mark.parametrize("threads", [1, 2])
def test_no_data_is_given_out_before_its_checksum_held(model: Counts, threads: int) -> None:
    frame = damaged_in_segment(compress(model, TEXT), 2, model)
    decompressor = ArzipDecompressor(model=model, threads=threads)
    with pytest.raises(ChecksumError, match="segment 2"):
        decompressor.decompress(frame)
    with pytest.raises(ChecksumError):
        decompressor.decompress(b"")


@pytest.mark.parametrize("threads", [1, 2])
def test_what_precedes_damage_can_be_had(model: Counts, threads: int) -> None:
    frame = damaged_in_segment(compress(model, TEXT), 3, model)
    decompressor = ArzipDecompressor(model=model, threads=threads)
    out = decompressor.decompress(frame, 300)
    with pytest.raises(ChecksumError, match="segment 3"):
        while True:
            out += decompressor.decompress(b"", 300)
    assert out == TEXT[: 2 * SEGMENT]
    assert not decompressor.eof
    assert not decompressor.needs_input


def test_every_change_is_found(model: Counts) -> None:
    frame = compress(model, TEXT[:700])
    for at in range(len(frame)):
        for flip in (0x01, 0x10, 0x80):
            damaged = bytearray(frame)
            damaged[at] ^= flip
            with pytest.raises(ArzipError):
                stream.decompress(damaged, model=model)


def test_segments_in_the_wrong_order_are_found(model: Counts) -> None:
    pieces = [random_bytes(SEGMENT), bytes(reversed(random_bytes(SEGMENT)))]
    frame = compress(model, b"".join(pieces))
    size = (len(frame) - 12 - 24) // 2  # segments alike in size, then the index and trailer
    swapped = frame[:12] + frame[12 + size :][:size] + frame[12:][:size] + frame[12 + 2 * size :]
    assert swapped != frame
    with pytest.raises(ChecksumError, match="whole"):
        stream.decompress(swapped, model=model)


@given(st.binary(max_size=100), st.binary(max_size=20))
def test_garbage_gives_errors_of_arzip(model: Counts, garbage: bytes, more: bytes) -> None:
    for start in (b"", b"\xe1rz", b"\xe1rz\x10cnts", FrameWriter(b"cnts").header()):
        with pytest.raises(ArzipError):
            stream.decompress(start + garbage + b"!" + more, model=model, max_size=1 << 16)


def test_frames_may_follow_one_another(model: Counts) -> None:
    pieces = [TEXT, b"", b"zzz", TEXT[:100], b""]
    frames = [compress(model, piece) for piece in pieces]
    assert stream.decompress(b"".join(frames), model=model) == b"".join(pieces)
    with pytest.raises(FormatError, match="after the end of a frame"):
        stream.decompress(b"".join(frames) + b"garbage", model=model)
    with pytest.raises(TruncatedError):
        stream.decompress(b"".join(frames) + b"\xe1", model=model)


def test_zeros_may_follow_a_frame(model: Counts) -> None:
    """As many as there are: blocks of a tape, or of a disk."""
    frame = compress(model, TEXT)
    for zeros in (1, 3, 512, 200_000):
        padded = frame + bytes(zeros)
        assert stream.decompress(padded, model=model) == TEXT
        assert stream.decompress(padded + padded, model=model) == TEXT * 2
        with pytest.raises(FormatError, match="after the end of a frame"):
            stream.decompress(padded + b"x", model=model)
        with pytest.raises(FormatError, match="not an"):
            stream.decompress(bytes(zeros) + frame, model=model)
        with pytest.raises(TruncatedError):
            stream.decompress(padded + frame[:-1], model=model)
    one = ArzipDecompressor(model=model)
    assert one.decompress(frame + bytes(9)) == TEXT
    assert one.unused_data == bytes(9)
    pieces = stream.FramesDecompressor(model=model)
    out = b"".join(pieces.decompress(padded[at : at + 1]) for at in range(len(frame) + 9))
    assert out + pieces.finish() == TEXT


def test_many_small_frames_take_no_quadratic_time(model: Counts) -> None:
    frame = compress(model, b"ab")
    assert stream.decompress(frame * 5000, model=model) == b"ab" * 5000


OTHER = Counts(identity=b"othr")


def test_a_missing_model_is_named_before_any_output(
    model: Counts, registry: SimpleNamespace
) -> None:
    for data in (TEXT[:SEGMENT], random_bytes(SEGMENT) + TEXT):
        frame = compress(OTHER, data)
        decompressor = ArzipDecompressor()
        with pytest.raises(ModelError, match=b"othr".hex()):
            decompressor.decompress(frame, 10)
        assert stream.decompress(frame, model=OTHER) == data
        assert stream.decompress(compress(model, TEXT) + frame, model=OTHER) == TEXT + data


def test_models_may_be_given_by_name(model: Counts, registry: SimpleNamespace) -> None:
    compressor = ArzipCompressor("base")
    frame = compressor.compress(TEXT) + compressor.flush()
    assert frame == compress(model, TEXT, 1 << 24)
    assert stream.decompress(frame) == stream.decompress(frame, model="base") == TEXT
    for make in (ArzipCompressor, ArzipDecompressor):
        with pytest.raises(ModelError, match="unknown"):
            make(model="nonesuch")


def test_data_without_a_model_needs_none(model: Counts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "arzip.models.registry", None)
    for data in (b"", b"z" * 1000, random_bytes(1000)):
        assert stream.decompress(compress(model, data, 1 << 20)) == data
