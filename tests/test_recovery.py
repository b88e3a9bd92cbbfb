"""A damaged file gives up every segment whose checksum holds, and says where the rest was."""

import errno
import io
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from conftest import Counts
from hypothesis import given
from hypothesis import strategies as st

from arzip import codec
from arzip.errors import LimitError
from arzip.format.layout import END, ENDS_EARLY, GARBAGE, HEADER_SIZE, MAGIC, TRAILER, varint
from arzip.format.locate import Located, locate
from arzip.format.writer import FrameWriter, compact_frame
from arzip.recovery import Piece, recover, recover_file, scan
from arzip.recovery.walk import UNENDED
from arzip.streams.compressor import ArzipCompressor

SEGMENT = 600
DATA = b"".join(b"%d green bottles hanging on the wall\n" % n for n in range(99))
PIECES = [DATA[first : first + SEGMENT] for first in range(0, len(DATA), SEGMENT)]


def compress(model: Counts, data: bytes = DATA, segment_size: int = SEGMENT) -> bytes:
    compressor = ArzipCompressor(model, segment_size=segment_size)
    return compressor.compress(data) + compressor.flush()


def places(frame: bytes) -> list[Located]:
    return locate(lambda at, size: frame[at : at + size], len(frame))


def got(pieces: list[Piece]) -> bytes:
    return b"".join(piece.data or b"" for piece in pieces)


def changed(data: bytes, at: int, size: int = 1) -> bytes:
    return data[:at] + bytes(byte ^ 0xA5 for byte in data[at : at + size]) + data[at + size :]


@pytest.fixture
def frame(model: Counts) -> bytes:
    return compress(model)


@pytest.mark.parametrize("copies", [1, 3])
def test_all_of_a_whole_file(model: Counts, frame: bytes, copies: int) -> None:
    pieces = list(recover(frame * copies, model=model))
    assert [piece.data for piece in pieces] == PIECES * copies


@pytest.mark.parametrize("number", range(len(PIECES)))
@pytest.mark.parametrize("where", ["header", "payload", "check"])
def test_a_damaged_segment_is_all_that_is_lost(
    model: Counts, frame: bytes, number: int, where: str
) -> None:
    place = places(frame)[number]
    end = place.body + place.segment.coded_size
    at = {"header": place.body - len(place.segment.raw), "payload": place.body + 9, "check": end}
    pieces = list(recover(changed(frame, at[where]), model=model))
    if where == "header":  # which the index repeats
        assert got(pieces) == DATA
        return
    assert [piece.data for piece in pieces] == [
        None if k == number else data for k, data in enumerate(PIECES)
    ]
    lost = pieces[number]
    assert lost.size == len(PIECES[number])
    assert (lost.begin, lost.end) == (at["header"], end + 8)
    assert "damaged" in lost.why


@pytest.mark.parametrize("where", ["header", "payload"])
def test_without_an_index_the_next_segment_is_searched_for(
    model: Counts, frame: bytes, where: str
) -> None:
    place = places(frame)[2]
    cut = frame[: places(frame)[-1].body + 5]  # within the last segment, and so no index
    header = place.body - len(place.segment.raw)
    # A longer segment is claimed, or what is coded is another.
    damaged = changed(cut, header + 1 if where == "header" else place.body + 9)
    pieces = list(recover(damaged, model=model))
    whole = [piece.data for piece in pieces if piece.data is not None]
    assert whole == PIECES[:2] + PIECES[3:-1]
    assert pieces[2].begin == header
    assert pieces[2].size == (None if where == "header" else SEGMENT)
    last = next(piece for piece in pieces if piece.why == ENDS_EARLY)
    assert (last.size, last.end) == (len(PIECES[-1]), len(cut))


def lost(data: bytes, model: Counts) -> list[tuple[int, int | None, str]]:
    pieces = recover(data, model=model)
    return [(piece.begin, piece.size, piece.why) for piece in pieces if piece.data is None]


def test_what_is_said_of_a_tail_that_is_missing(model: Counts, frame: bytes) -> None:
    place = places(frame)[3]
    header = place.body - len(place.segment.raw)
    unended = (None, UNENDED)
    assert lost(frame[:header], model) == [(header, *unended)]
    assert lost(frame[: header + 1], model) == [(header, None, ENDS_EARLY)]
    assert lost(frame[: place.body + 9], model) == [
        (header, SEGMENT, ENDS_EARLY),
        (place.body + 9, *unended),
    ]
    index = places(frame)[-1].body + places(frame)[-1].segment.body_size
    assert lost(frame[:-1], model) == [(index, 0, ENDS_EARLY)]
    assert lost(frame[:index] + frame, model) == [(index, *unended)]
    assert lost(frame[:9], model) == [(0, None, ENDS_EARLY)]
    small = compact_frame(model.identity, codec.encode(model, DATA), DATA)
    for cut in (1, 4, 100):
        assert lost(small[:-cut], model) == [(0, len(DATA), ENDS_EARLY)]
    assert lost(b"GIF89a", model) == [(0, None, "not an .arz file")]
    assert lost(frame + b"more", model) == [(len(frame), None, GARBAGE)]


def test_zeros_between_frames_are_no_damage(model: Counts, frame: bytes) -> None:
    small = compress(model, DATA[:99])
    padded = b"".join([frame, bytes(512), small, bytes(1), frame, bytes(100_000)])
    pieces = list(recover(padded, model=model))
    assert [piece.data for piece in pieces] == [*PIECES, DATA[:99], *PIECES]
    # Nor where the frame before them is damaged: its index is found.
    for number, at in ((0, places(frame)[2].body), (1, len(frame + small) + 520)):
        damaged = changed(padded, at + number * places(frame)[2].body, 9)
        assert [piece.size for piece in recover(damaged, model=model) if piece.data is None] == [
            SEGMENT
        ]
    assert lost(bytes(512) + frame, model) == [(0, None, "not an .arz file")]


def test_bytes_cut_out_or_put_in(model: Counts, frame: bytes) -> None:
    """What precedes the place is found from the start, what follows it from the end."""
    at = places(frame)[3].body + 20
    for damaged in (frame[:at] + frame[at + 7 :], frame[:at] + b"nonsense" + frame[at:]):
        pieces = list(recover(damaged, model=model))
        assert [piece.data for piece in pieces] == [*PIECES[:3], None, *PIECES[4:]]
        assert pieces[3].size == SEGMENT


def test_a_damaged_frame_header(model: Counts, frame: bytes, registry: SimpleNamespace) -> None:
    registry.every = lambda: [registry.load()]
    for at in range(HEADER_SIZE):
        assert got(list(recover(changed(frame, at)))) == DATA
    # Nor is there an index.
    assert got(list(recover(changed(frame[:-20], 5)))) == DATA


def test_a_damaged_index_costs_nothing(model: Counts, frame: bytes) -> None:
    index = places(frame)[-1].body + places(frame)[-1].segment.body_size + 1
    for at in range(index, len(frame)):
        pieces = list(recover(changed(frame, at), model=model))
        assert got(pieces) == DATA
        assert all(piece.size == 0 for piece in pieces if piece.data is None)


def test_frames_between_damage(model: Counts, frame: bytes) -> None:
    small = compress(model, b"a small frame, a small frame, a small frame, a small frame")
    damaged = b"what is this" + small + b"\xe1rz" + frame + changed(small, 12) + small[:-1]
    pieces = list(recover(damaged, model=model))
    assert got(pieces) == b"a small frame, " * 3 + b"a small frame" + DATA


def test_archives_in_an_archive_are_data(model: Counts, frame: bytes) -> None:
    """As are their indices, also where the outer frame is damaged."""
    inner = frame + frame + frame[:50]
    small = compact_frame(b"", codec.stored(inner), inner)
    writer = FrameWriter(model.identity)
    halves = [inner, inner + b"more"]
    segments = [writer.segment(codec.stored(half), half) for half in halves]
    long = b"".join([writer.header(), *segments, writer.finish()])
    assert got(list(recover(small, model=model))) == inner
    assert got(list(recover(small + long, model=model))) == inner + b"".join(halves)
    damaged = changed(long, len(writer.header()) + 2)
    assert got(list(recover(damaged, model=model))) == b"".join(halves)


def test_nothing_to_be_had(model: Counts, frame: bytes) -> None:
    for nothing in (b"", b"no archive at all", frame[:20]):
        assert got(list(recover(nothing, model=model))) == b""


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 300)), min_size=1, max_size=4))
def test_pieces_cover_the_damage_and_hold_nothing_wrong(
    model: Counts, damages: list[tuple[int, int]]
) -> None:
    frame = damaged = compress(model)
    hit = set()
    for at, size in damages:
        at %= len(frame)
        damaged = changed(damaged, at, size)
        hit |= set(range(at, min(at + size, len(frame))))
    spared = [
        data
        for data, place in zip(PIECES, places(frame), strict=True)
        if not hit & set(range(place.body - 9, place.body + place.segment.body_size + 9))
    ]
    found = [piece.data for piece in recover(damaged, model=model) if piece.data is not None]
    assert all(data in PIECES for data in found)
    if damaged[:12] == frame[:12]:  # otherwise the model given is one of several to be tried
        assert [data for data in PIECES if data in found or data in spared] == found


def test_a_file_that_cannot_be_read_in_places(model: Counts, frame: bytes) -> None:
    long = compress(model, DATA * 30, 4 * SEGMENT)
    bad = range(4096, 8192)

    class Worn(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            here = self.tell()
            if size and here < bad.stop and here + size > bad.start:
                raise OSError(errno.EIO, "Input/output error")
            return super().read(size)

    pieces = list(recover_file(Worn(long), model=model))
    expected = DATA * 30
    at = 0
    for piece in pieces:
        assert piece.size is not None
        assert piece.data in (None, expected[at : at + piece.size])
        assert (piece.data is None) == (piece.begin < bad.stop and piece.end > bad.start)
        at += piece.size
    assert at == len(expected)


def test_limits(model: Counts, frame: bytes) -> None:
    with pytest.raises(LimitError):
        list(recover(frame, model=model, max_size=len(DATA) - 1))
    with pytest.raises(LimitError):
        list(recover(frame, model=model, max_memory=100))
    assert got(list(recover(frame, model=model, max_size=len(DATA)))) == DATA


def hostile_segments(size: int) -> bytes:
    """Every byte seems to begin a segment of as many bytes as there are."""
    return b"\x01\xff\x7f" * (size // 6) + bytes(size // 2)


def hostile_segments_in_a_row(size: int) -> bytes:
    """Every byte seems to begin one that others follow."""
    return b"\x02\x01" * (size // 2)


def hostile_frames(size: int) -> bytes:
    """Each claims all that follows, and more frames to follow that."""
    frame = MAGIC + b"\x11" + varint(size // 2)
    return frame * (size // len(frame))


def hostile_indices(size: int) -> bytes:
    """Before each frame stands a trailer that claims an index from the file's start on."""
    out = bytearray(FrameWriter(b"cnts").header() + bytes([END]))
    while len(out) < size:
        out += TRAILER.pack(len(out) - HEADER_SIZE - 1, 0, 0) + MAGIC
    return bytes(out)


def hostile_headers(size: int) -> bytes:
    """Each begins a frame whose segments lead through all that follows."""
    frame = FrameWriter(b"cnts").header() + b"\x01\x0e\x00"  # 14 bytes and two checks: the next
    return frame * (size // len(frame))


@pytest.mark.parametrize(
    "made",
    [
        hostile_segments,
        hostile_segments_in_a_row,
        hostile_frames,
        hostile_indices,
        hostile_headers,
    ],
)
def test_hostile_claims_take_no_time(
    model: Counts, made: Callable[[int], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is read grows with the file, not with its square: at most so many times all of it."""
    monkeypatch.setattr(scan, "LEAST_PATIENCE", 0)

    class Counted(io.BytesIO):
        taken = 0

        def read(self, size: int | None = -1) -> bytes:
            data = super().read(size)
            self.taken += len(data)
            return data

    ratios = []
    for size in (15_000, 60_000):
        file = Counted(made(size))
        assert got(list(recover_file(file, model=model))) == b""
        ratios.append(file.taken / size)
    assert max(ratios) < 8 * scan.PATIENCE
    assert ratios[1] < 1.3 * ratios[0] + 4
