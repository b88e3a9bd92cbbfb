"""The format: what docs/format.md says is what is written, and nothing else is read."""

import re
import struct
from pathlib import Path

import numpy as np
import pytest
from conftest import Counts
from hypothesis import given
from hypothesis import strategies as st
from xxhash import xxh64_intdigest

from arzip import codec, coder
from arzip.codec import MODELLED, RUN, STORED, Coded, CodeLength
from arzip.errors import (
    ArzipError,
    ChecksumError,
    FormatError,
    LimitError,
    ModelError,
    TruncatedError,
)
from arzip.format.layout import MAX_SEGMENT, Header, Payload, Segment, open_body, parse_segment
from arzip.format.locate import Located, locate
from arzip.format.reader import End, FrameReader
from arzip.format.writer import FrameWriter, compact_frame

FORMAT = (Path(__file__).parent.parent / "docs" / "format.md").read_text()
IDENTITY = b"\xc0\xff\xee\x01"
TEXT = b"the quick brown fox jumps over the lazy dog. " * 20


def example(name: str) -> bytes:
    """The bytes of a block of the document; what stands right of them is explanation."""
    block = re.search(rf"```hex {name}\n(.*?)```", FORMAT, re.DOTALL)
    assert block
    lines = [re.split(r"\s{3,}", line)[0] for line in block[1].splitlines()]
    return bytes.fromhex(" ".join(lines))


def run(byte: bytes) -> Coded:
    return Coded(RUN, byte, CodeLength(8, 8, 8))


def long_frame(model: Counts, *pieces: bytes) -> bytes:
    writer = FrameWriter(model.identity)
    segments = [writer.segment(codec.encode(model, data), data) for data in pieces]
    return b"".join([writer.header(), *segments, writer.finish()])


def small_frame(model: Counts, data: bytes) -> bytes:
    return compact_frame(model.identity, codec.encode(model, data), data)


def restore(model: Counts, frame: bytes) -> bytes:
    """The data of one frame, read as a stream is. Raises TruncatedError if it ends early."""
    reader = FrameReader(bytearray(frame))
    data = []
    while not isinstance(part := reader.read(), End):
        if part is None:
            raise TruncatedError
        if isinstance(part, Header) and part.identity not in (None, model.identity):
            raise ModelError
        if isinstance(part, Payload):
            segment = part.segment
            data.append(codec.decode(model, segment.method, part.payload, segment.size))
            part.verify(data[-1])
    if part.check is not None and part.check != xxh64_intdigest(b"".join(data)):
        raise ChecksumError
    return b"".join(data)


FRAMES = {
    "empty": lambda model: (small_frame(model, b""), b""),
    "stored": lambda model: (small_frame(model, b"abc"), b"abc"),
    "run": lambda model: (small_frame(model, b"z" * 1000), b"z" * 1000),
    "modelled": lambda model: (small_frame(model, TEXT), TEXT),
    "long": lambda model: (long_frame(model, TEXT, b"z" * 300, b"abc"), TEXT + b"z" * 300 + b"abc"),
    "long, one segment": lambda model: (long_frame(model, TEXT), TEXT),
    "long, no segment": lambda model: (long_frame(model), b""),
}


@pytest.fixture(params=FRAMES.values(), ids=FRAMES)
def frame_and_data(request: pytest.FixtureRequest, model: Counts) -> tuple[bytes, bytes]:
    return request.param(model)


def test_the_examples_of_the_document() -> None:
    hello = b"Hello, world!\n"
    assert compact_frame(IDENTITY, codec.stored(hello), hello) == example("hello")
    writer = FrameWriter(IDENTITY)
    parts = [
        writer.header(),
        writer.segment(run(b"\0"), bytes(300)),
        writer.segment(codec.stored(hello), hello),
        writer.finish(),
    ]
    assert b"".join(parts) == example("long")


def test_the_example_of_the_coder_in_the_document() -> None:
    left = np.array([1, 1 << 23, (1 << 24) - 2, 1000], dtype=np.uint32)
    freq = np.array([(1 << 24) - 2, 1 << 22, 1, 12345], dtype=np.uint32)
    assert coder.encode(left, freq) == example("coder")
    rows = re.findall(
        r"^\| (?:\d|end) \| `(\w+)` \| `(\w+)` \| `(\w+)` \| ([\d,]*) ?\|$", FORMAT, re.M
    )
    assert len(rows) == 5
    state = np.zeros(4, dtype=np.uint64)
    words = coder.to_words(example("coder"))
    coder.start(words, state)
    for t, (lower, width, point, quantile) in enumerate(rows):
        assert state[:3].tolist() == [int(lower, 16), int(width, 16), int(point, 16)]
        if t < 4:
            assert coder.target(state) == int(quantile.replace(",", ""))
            coder.advance(words, state, left[t], freq[t])


@given(st.integers(0, MAX_SEGMENT))
def test_lengths_have_one_spelling(size: int) -> None:
    """A run of any length: its frame gives the length back, in as few bytes as there are."""
    header = Header(True, None, IDENTITY, b"")
    digits, rest = b"", size
    while rest >= 128:  # as the document says
        digits += bytes([128 + rest % 128])
        rest = rest // 128 - 1
    raw = bytes([RUN]) + digits + bytes([rest])
    if size:
        assert parse_segment(raw + b"more", header, 1) == (True, 1, RUN, size, 1, raw, 0, {})
        assert len(raw) - 1 == 1 + (size >= 128) + (size >= 16512) + (size >= 2113664)
    for cut in range(len(raw)):
        with pytest.raises(TruncatedError):
            parse_segment(raw[:cut], header, 1)


def test_frames_give_their_data_back(model: Counts, frame_and_data: tuple[bytes, bytes]) -> None:
    frame, data = frame_and_data
    assert restore(model, frame) == data


def test_a_frame_ends_where_it_ends(model: Counts, frame_and_data: tuple[bytes, bytes]) -> None:
    frame, _ = frame_and_data
    buffer = bytearray(frame + b"what follows")
    reader = FrameReader(buffer)
    while not isinstance(reader.read(), End):
        pass
    assert buffer == b"what follows"


def test_every_changed_byte_is_found(model: Counts, frame_and_data: tuple[bytes, bytes]) -> None:
    frame, _ = frame_and_data
    for at in range(len(frame)):
        for flip in (0x01, 0x02, 0x08, 0x40, 0x80, 0xFF):
            damaged = bytearray(frame)
            damaged[at] ^= flip
            with pytest.raises(ArzipError):
                restore(model, damaged)


def test_every_truncation_is_found(model: Counts, frame_and_data: tuple[bytes, bytes]) -> None:
    frame, _ = frame_and_data
    for size in range(len(frame)):
        with pytest.raises(TruncatedError):
            restore(model, frame[:size])


@given(st.lists(st.integers(1, 40), min_size=1))
def test_frames_may_come_in_pieces(model: Counts, sizes: list[int]) -> None:
    whole = long_frame(model, TEXT, b"abc", b"z" * 99)
    expected = FrameReader(bytearray(whole))
    buffer = bytearray()
    reader = FrameReader(buffer)
    at = 0
    while True:
        part = reader.read()
        if part is None:
            size = sizes[at % len(sizes)]
            assert at < len(whole)
            buffer += whole[at : at + size]
            at += size
            continue
        assert part == expected.read()
        if isinstance(part, End):
            break


@pytest.mark.parametrize("n", [0, 1, 2, 127, 128, 129, 1000, 16383, 16384, 16511])
def test_framing_of_a_small_file_takes_16_bytes_at_most(n: int) -> None:
    data = b"\1" * n
    for method, size in ((MODELLED, n - 1), (STORED, n), (RUN, 1)):
        coded = Coded(method, b"\1" * max(0, size), CodeLength())
        assert len(compact_frame(IDENTITY, coded, data)) - len(coded.payload) <= 16


def parse(data: bytes) -> Segment:
    """The first segment header of a file."""
    reader = FrameReader(bytearray(data))
    while not isinstance(part := reader.read(), Segment):
        assert part is not None
    return part


LONG = FrameWriter(IDENTITY).header()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"hello", "not an .arz file"),
        (b"\xe1r!", "not an .arz file"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"\xfd7zXZ\x00\x00", "xz"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (b"arz\x11\x00", "top bits"),
        ("\xe1rz\x11".encode(), "text"),
        (b"\xe1rz\x01", "version 0 of the format is unknown"),
        (b"\xe1rz\x21", "version 2 .* update arzip"),
        (b"\xe1rz\xf8", "version 15"),
        (b"\xe1rz\x14", "kind 4 is unknown"),
        (b"\xe1rz\x19", "kind 9 is unknown"),
        (b"\xe1rz\x1c", "kind 12 is unknown"),
        (b"\xe1rz\x12\x00", "segment 1 is empty"),
        (b"\xe1rz\x10abcd\x05\x05", "impossible lengths"),
        (b"\xe1rz\x10abcd\x00\x00", "impossible lengths"),
        (LONG + b"\x01\x00", "segment 1 is empty"),
        (LONG + b"\x05\x01", "unknown to this arzip"),
        (LONG + b"\x81\x01", "unknown to this arzip"),
        (LONG + b"\x07\x01", "unknown to this arzip"),
    ],
)
def test_what_is_not_of_this_format(data: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message) as caught:
        parse(data)
    assert "\n" not in str(caught.value)


LARGEST = b"\x80\xff\xfe\x1e"


@pytest.mark.parametrize("start", [b"\xe1rz\x11", b"\xe1rz\x12", LONG + b"\1", LONG + b"\2"])
def test_the_largest_segment(start: bytes) -> None:
    assert parse(start + LARGEST).size == MAX_SEGMENT == 1 << 26


@pytest.mark.parametrize("start", [b"\xe1rz\x10abcd", b"\xe1rz\x11", b"\xe1rz\x12", LONG + b"\0"])
@pytest.mark.parametrize("size", [b"\x81\xff\xfe\x1e", b"\xff\xff\xff\x7f", b"\xff" * 9])
def test_segments_that_claim_too_much(start: bytes, size: bytes) -> None:
    with pytest.raises(LimitError):
        parse(start + size)
    if not start.endswith((b"\x11", b"\x12")):
        with pytest.raises(LimitError):
            parse(start + LARGEST + size)


def test_an_index_that_differs_from_the_segments(model: Counts) -> None:
    other = long_frame(model, b"abc", b"xyzw")
    frame = long_frame(model, b"abc", b"xyz")
    at = frame.rindex(b"\x04\x02")
    with pytest.raises(FormatError, match="index"):
        restore(model, frame[:at] + other[other.rindex(b"\x04\x02") :])
    with pytest.raises(FormatError, match="index"):
        restore(model, frame[:at] + b"\x04\x01" + frame[at + 2 :])


def test_damage_is_found_before_decoding(model: Counts) -> None:
    frame = bytearray(long_frame(model, TEXT))
    frame[len(LONG) + 20] ^= 1
    reader = FrameReader(frame)
    with pytest.raises(ChecksumError, match="segment 1"):
        while reader.read():
            pass


def located(data: bytes) -> tuple[list[Located], int]:
    """What `locate` finds, and how often it read."""
    reads = []

    def read(offset: int, size: int) -> bytes:
        reads.append(size)
        return data[offset : offset + size]

    return locate(read, len(data)), len(reads)


def check_located(model: Counts, data: bytes, pieces: list[bytes]) -> int:
    found, reads = located(data)
    assert [place.segment.size for place in found] == [len(piece) for piece in pieces]
    for place, piece in zip(found, pieces, strict=True):
        body = data[place.body : place.body + place.segment.body_size]
        payload = open_body(place.segment, body)
        payload.verify(piece)
        method = place.segment.method
        assert codec.decode(model, method, payload.payload, len(piece)) == piece
        assert b"".join(pieces)[place.start :].startswith(piece)
    return reads


PIECES = [TEXT, b"z" * 300, b"abc"]


def test_the_index_of_one_long_frame_locates_all_segments(model: Counts) -> None:
    assert check_located(model, long_frame(model, *PIECES), PIECES) == 2
    assert check_located(model, long_frame(model, *PIECES * 50), PIECES * 50) == 2
    many = [b"a piece"] * 3000
    assert check_located(model, long_frame(model, *many), many) == 3


def test_headers_locate_the_segments_of_many_frames(model: Counts) -> None:
    small, long = small_frame(model, TEXT), long_frame(model, *PIECES)
    nothing, none = small_frame(model, b""), long_frame(model)
    for data, pieces in [
        (small, [TEXT]),
        (nothing, [b""]),
        (none, []),
        (small + small, [TEXT] * 2),
        (long + long, PIECES * 2),
        (small + long, [TEXT, *PIECES]),
        (long + nothing + none + small, [*PIECES, b"", TEXT]),
        (long + bytes(9), PIECES),
        (bytes(7).join([small, nothing, long, small]) + bytes(99_999), [TEXT, b"", *PIECES, TEXT]),
    ]:
        check_located(model, data, pieces)


def test_locate_finds_damage_of_structure(model: Counts) -> None:
    data = small_frame(model, TEXT) + long_frame(model, *PIECES)
    ends = (0, len(small_frame(model, TEXT)), len(data))
    for size in range(len(data)):
        if size not in ends:
            with pytest.raises(TruncatedError):
                located(data[:size])
    with pytest.raises(TruncatedError):
        located(b"")
    with pytest.raises(FormatError, match="after the end"):
        located(data + b"garbage")
    with pytest.raises(FormatError, match="not an"):
        located(b"garbage" * 100)


def test_an_index_must_be_all_of_what_its_size_says(model: Counts) -> None:
    frame = long_frame(model, *PIECES)
    size, _, content = struct.unpack("<IIQ", frame[-16:])
    for index in (frame[-16 - size : -16] + b"\0", frame[-16 - size : -17]):
        trailer = struct.pack("<IIQ", len(index), xxh64_intdigest(index) & 0xFFFFFFFF, content)
        with pytest.raises(ArzipError):
            located(frame[: -16 - size] + index + trailer)


def test_an_index_that_is_damaged_is_not_used(model: Counts) -> None:
    frame = bytearray(long_frame(model, *PIECES))
    frame[-20] ^= 1
    assert check_located(model, bytes(frame), PIECES) > 3
