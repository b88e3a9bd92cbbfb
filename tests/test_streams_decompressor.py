"""ArzipDecompressor: any chunks, any threads, the same data; limits hold, no damage passes."""

import threading
from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import Counts, peak_memory
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from streaming import (
    SEGMENT,
    TEXT,
    chunk_sizes,
    chunks,
    compress,
    inputs,
    random_bytes,
)

from arzip.errors import (
    ArzipError,
    ChecksumError,
    FormatError,
    LimitError,
    ModelError,
    TruncatedError,
)
from arzip.format.locate import locate
from arzip.format.writer import FrameWriter
from arzip.streams.decompressor import ArzipDecompressor, FramesDecompressor, decompress


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


def test_a_decompressor_is_done_after_its_frame(model: Counts) -> None:
    decompressor = ArzipDecompressor(model=model)
    frame = compress(model, TEXT)
    assert decompressor.decompress(frame + frame) == TEXT
    assert decompressor.eof
    assert decompressor.unused_data == frame
    with pytest.raises(EOFError):
        decompressor.decompress(b"")


@pytest.mark.parametrize("limit", ["max_size", "max_memory"])
def test_limits_have_bounds(model: Counts, limit: str) -> None:
    nothing = compress(model, b"")
    assert decompress(nothing, **{limit: 0}) == b""  # type: ignore[arg-type]
    for make in (ArzipDecompressor, lambda **options: decompress(nothing, **options)):
        with pytest.raises(ValueError, match=f"{limit} is -1: it must be 0 or more"):
            make(**{limit: -1})


def test_max_length_is_whole(model: Counts) -> None:
    frame = compress(model, TEXT)
    decompressor = ArzipDecompressor(model=model)
    with pytest.raises(TypeError, match="max_length must be a whole number, not float"):
        decompressor.decompress(frame, 2.5)  # type: ignore[arg-type]
    assert decompressor.decompress(frame) == TEXT, "it had taken nothing"


class Meeting(Counts):
    """Notes whether two segments were ever worked on at the same time."""

    met = False

    def __init__(self) -> None:
        super().__init__()
        self._barrier = threading.Barrier(2)

    def decode(self, words: NDArray[np.uint32], n: int) -> Iterator[NDArray[np.uint8]]:
        try:
            self._barrier.wait(timeout=0.05)
            self.met = True
        except threading.BrokenBarrierError:
            self._barrier.reset()
        return super().decode(words, n)


@pytest.mark.parametrize(("segments", "met"), [(1.5, False), (5.0, True)])
def test_threads_share_the_memory_that_is_allowed(segments: float, met: bool) -> None:
    model = Meeting()
    data = TEXT[:SEGMENT] * 4
    limit = int(segments * (model.memory_needed(SEGMENT) + 2 * SEGMENT))
    frame = compress(model, data)
    assert decompress(frame, model=model, max_memory=limit, threads=2) == data
    assert model.met == met


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
        decompress(bomb, model=model, max_size=3_000_000)

    def work() -> None:
        with pytest.raises(LimitError):
            ArzipDecompressor(max_size=1000).decompress(bomb)

    assert peak_memory(work) < 200_000


@given(inputs)
def test_max_size_allows_what_fits(model: Counts, data: bytes) -> None:
    frame = compress(model, data)
    assert decompress(frame, model=model, max_size=len(data)) == data
    if data:
        with pytest.raises(LimitError):
            decompress(frame, model=model, max_size=len(data) - 1)


@pytest.mark.parametrize("threads", [1, 4])
def test_max_memory_counts_the_model(model: Counts, threads: int) -> None:
    data = TEXT[:SEGMENT] * 4
    frame = compress(model, data)
    for limit in (model.memory_needed(SEGMENT) + 3 * SEGMENT, 3 * model.memory_needed(SEGMENT)):
        assert decompress(frame, model=model, max_memory=limit, threads=threads) == data
    with pytest.raises(LimitError, match="memory"):
        decompress(frame, model=model, max_memory=model.memory_needed(SEGMENT), threads=threads)


def damaged_in_segment(frame: bytes, number: int, model: Counts) -> bytes:
    """A long frame with one bit changed in the payload of that segment, its first check kept."""
    place = locate(lambda at, size: frame[at : at + size], len(frame))[number - 1]
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
                decompress(damaged, model=model)


def test_segments_in_the_wrong_order_are_found(model: Counts) -> None:
    pieces = [random_bytes(SEGMENT), bytes(reversed(random_bytes(SEGMENT)))]
    frame = compress(model, b"".join(pieces))
    size = (len(frame) - 12 - 24) // 2  # segments alike in size, then the index and trailer
    swapped = frame[:12] + frame[12 + size :][:size] + frame[12:][:size] + frame[12 + 2 * size :]
    assert swapped != frame
    with pytest.raises(ChecksumError, match="whole"):
        decompress(swapped, model=model)


def test_after_an_interrupt_nothing_is_called_damaged(
    model: Counts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    decompressor = ArzipDecompressor(model=model)
    with monkeypatch.context() as patched:
        patched.setattr("arzip.format.reader.open_body", interrupt)
        with pytest.raises(KeyboardInterrupt):
            decompressor.decompress(compress(model, TEXT))
    for _ in range(2):
        with pytest.raises(ArzipError, match="interrupted"):
            decompressor.decompress(b"")


@given(st.binary(max_size=100), st.binary(max_size=20))
def test_garbage_gives_errors_of_arzip(model: Counts, garbage: bytes, more: bytes) -> None:
    for start in (b"", b"\xe1rz", b"\xe1rz\x10cnts", FrameWriter(b"cnts").header()):
        with pytest.raises(ArzipError):
            decompress(start + garbage + b"!" + more, model=model, max_size=1 << 16)


def test_frames_may_follow_one_another(model: Counts) -> None:
    pieces = [TEXT, b"", b"zzz", TEXT[:100], b""]
    frames = [compress(model, piece) for piece in pieces]
    assert decompress(b"".join(frames), model=model) == b"".join(pieces)
    with pytest.raises(FormatError, match="after the end of a frame"):
        decompress(b"".join(frames) + b"garbage", model=model)
    with pytest.raises(TruncatedError):
        decompress(b"".join(frames) + b"\xe1", model=model)


def test_zeros_may_follow_a_frame(model: Counts) -> None:
    """As many as there are: blocks of a tape, or of a disk."""
    frame = compress(model, TEXT)
    for zeros in (1, 3, 512, 200_000):
        padded = frame + bytes(zeros)
        assert decompress(padded, model=model) == TEXT
        assert decompress(padded + padded, model=model) == TEXT * 2
        with pytest.raises(FormatError, match="after the end of a frame"):
            decompress(padded + b"x", model=model)
        with pytest.raises(FormatError, match="not an"):
            decompress(bytes(zeros) + frame, model=model)
        with pytest.raises(TruncatedError):
            decompress(padded + frame[:-1], model=model)
    one = ArzipDecompressor(model=model)
    assert one.decompress(frame + bytes(9)) == TEXT
    assert one.unused_data == bytes(9)
    pieces = FramesDecompressor(model=model)
    out = b"".join(pieces.decompress(padded[at : at + 1]) for at in range(len(frame) + 9))
    assert out + pieces.finish() == TEXT


def test_many_small_frames_take_no_quadratic_time(model: Counts) -> None:
    frame = compress(model, b"ab")
    assert decompress(frame * 5000, model=model) == b"ab" * 5000


OTHER = Counts(identity=b"othr")


def test_a_missing_model_is_named_before_any_output(
    model: Counts, registry: SimpleNamespace
) -> None:
    for data in (TEXT[:SEGMENT], random_bytes(SEGMENT) + TEXT):
        frame = compress(OTHER, data)
        decompressor = ArzipDecompressor()
        with pytest.raises(ModelError, match=b"othr".hex()):
            decompressor.decompress(frame, 10)
        assert decompress(frame, model=OTHER) == data
        assert decompress(compress(model, TEXT) + frame, model=OTHER) == TEXT + data
