"""What is left of a damaged segment: sure where bytes are missing, a guess where they changed."""

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import Counts
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import arzip
from arzip import codec
from arzip.errors import LimitError
from arzip.format.layout import Segment
from arzip.format.locate import Located, locate
from arzip.format.writer import compact_frame
from arzip.recovery import Piece, recover, salvage

TEXT = b"".join(b"%d green bottles hanging on the wall\n" % n for n in range(99))
SEGMENT = 1500


def compact(model: Counts, data: bytes = TEXT) -> bytes:
    return compact_frame(model.identity, codec.encode(model, data), data)


def long(model: Counts, data: bytes = TEXT) -> bytes:
    compressor = arzip.ArzipCompressor(model, segment_size=SEGMENT)
    return compressor.compress(data) + compressor.flush()


def places(frame: bytes) -> list[Located]:
    return list(locate(lambda at, size: frame[at : at + size], len(frame)))


def flipped(data: bytes, at: int, bit: int = 0) -> bytes:
    return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]


def lost(data: bytes, model: Counts | None) -> Piece:
    """The one piece that is lost and has a size."""
    pieces = recover(data, model=model, unverified=True)
    (piece,) = (piece for piece in pieces if piece.data is None and piece.size)
    return piece


@given(st.integers(1, 1500))
def test_of_a_frame_without_its_end_all_that_is_sure(model: Counts, missing: int) -> None:
    frame = compact(model)
    piece = lost(frame[:-missing], model)
    assert piece.unverified == TEXT[: len(piece.unverified)]
    assert piece.likely == len(piece.unverified)
    assert piece.basis == salvage.SURE
    assert (piece.size, piece.end) == (len(TEXT), len(frame) - missing)
    left = (len(frame) - missing) / len(frame)  # of a text that is everywhere alike
    assert len(piece.unverified) > left * len(TEXT) - 200


def test_of_a_frame_without_its_checksum_all(model: Counts) -> None:
    for missing in range(1, 5):
        assert lost(compact(model)[:-missing], model).unverified == TEXT


def test_a_segment_without_its_end(model: Counts) -> None:
    frame = long(model)
    place = places(frame)[1]
    pieces = list(recover(frame[: place.body + 400], model=model, unverified=True))
    assert pieces[0].data == TEXT[:SEGMENT]
    assert TEXT[SEGMENT:].startswith(pieces[1].unverified)
    assert len(pieces[1].unverified) > 500
    assert pieces[2].unverified == b""


@pytest.mark.parametrize("filler", [bytes(600), b"\xff" * 600, b"\xa5" * 600])
def test_what_a_disk_gives_back_in_place_of_a_block_is_seen(model: Counts, filler: bytes) -> None:
    frame = compact(model)
    whole = lost(frame[:800], model).unverified
    piece = lost(frame[:800] + filler + frame[800 + len(filler) :], model)
    # One byte of the payload may be such a one by chance.
    assert whole.startswith(piece.unverified)
    assert len(whole) - len(piece.unverified) < 10
    assert piece.basis == salvage.SURE


def test_data_whose_own_checksum_is_damaged(model: Counts) -> None:
    frame = long(model)
    place = places(frame)[1]
    damaged = flipped(frame, place.body + place.segment.coded_size + 5)
    piece = lost(damaged, model)
    assert piece.unverified == TEXT[SEGMENT : 2 * SEGMENT]
    assert (piece.likely, piece.basis) == (SEGMENT, salvage.DECODED)


def test_segments_that_are_not_modelled(model: Counts) -> None:
    noise = random.Random(1).randbytes(5000)
    frame = compact(model, noise)
    piece = lost(flipped(frame, 3000), model)
    assert sum(a != b for a, b in zip(piece.unverified, noise, strict=True)) == 1
    assert (piece.likely, piece.basis) == (0, salvage.STORED_AS_IS)
    piece = lost(frame[:3000], model)
    assert noise.startswith(piece.unverified)
    assert len(piece.unverified) == piece.likely == 3000 - 6
    run = compact(model, b"z" * 500)
    assert lost(flipped(run, len(run) - 1), model).unverified == b"z" * 500
    assert lost(run[:-5], model).unverified == b""


def test_only_where_it_is_asked_for(model: Counts) -> None:
    for piece in recover(flipped(compact(model), 700), model=model):
        assert (piece.unverified, piece.likely, piece.basis) == (b"", 0, "")


def test_whole_segments_are_not_touched(model: Counts) -> None:
    frame = long(model)
    pieces = list(
        recover(flipped(frame, places(frame)[1].body + 700), model=model, unverified=True)
    )
    assert [piece.data for piece in pieces] == [TEXT[:SEGMENT], None, TEXT[2 * SEGMENT :]]
    assert [len(piece.unverified) > 0 for piece in pieces] == [False, True, False]


def test_the_model_that_is_given_where_the_file_no_longer_names_it(model: Counts) -> None:
    frame = flipped(compact(model), 5)
    assert lost(frame, model).unverified == TEXT
    assert lost(frame, None).unverified == b""


def test_limits(model: Counts) -> None:
    damaged = flipped(compact(model), 700)
    size = len(TEXT)
    for limit in ({"max_size": size - 1}, {"max_memory": model.memory_needed(size) + size}):
        with pytest.raises(LimitError):
            list(recover(damaged, model=model, unverified=True, **limit))
    enough = model.memory_needed(size) + 4 * size
    assert list(recover(damaged, model=model, unverified=True, max_size=size, max_memory=enough))


class Fickle(Counts):
    """Its levels are what a test says."""

    def __init__(self, bits: list[float]) -> None:
        super().__init__()
        self._bits = bits

    def encode(self, data: NDArray[np.uint8]) -> Iterator[codec.Prediction]:
        for bits in self._bits:
            freq = np.full(salvage.BLOCK, 2 ** (24 - bits)).astype(np.uint32)
            yield codec.Prediction(freq, freq, 0.0)

    def decode(self, words: NDArray[np.uint32], n: int) -> Iterator[NDArray[np.uint8]]:
        yield np.zeros(n, dtype=np.uint8)


@pytest.mark.parametrize(
    ("bits", "end"),
    [
        ([2.0] * 100, 100),
        ([2.0, 2.6] * 100, 200),
        ([2.0] * 100 + [0.001] * 60, 100),
        ([2.0, 3.0] * 50 + [7.9] * 60, 100),
        ([5.0] * 10 + [2.0] * 150, 160),  # a model that learns
        ([2.0, 0.001, 2.0] * 50, 150),  # runs are nothing odd if there always were some
    ],
)
def test_where_levels_change(bits: list[float], end: int) -> None:
    n = len(bits) * salvage.BLOCK
    segment = Segment(False, 1, codec.MODELLED, n, 100, b"")
    body = random.Random(2).randbytes(104)
    found = salvage.salvage(Fickle(bits), segment, body, payload_is_whole=False)
    assert len(found.data) == end * salvage.BLOCK
    assert found.likely == max(0, len(found.data) - salvage.MARGIN)


DOCS = sorted((Path(__file__).parent.parent / "docs").glob("[e-m]*.md"))


def test_a_flipped_bit_in_a_text() -> None:
    """What precedes it is nearly all given; what is called likely is right, mostly."""
    data = b"".join(path.read_bytes() for path in DOCS)[:50_000]
    frame = arzip.compress(data, model="swift")
    good = 0
    for part in (0.4, 0.6, 0.8):
        piece = lost(flipped(frame, int(part * len(frame))), None)
        pairs = zip(piece.unverified, data, strict=False)
        wrong = (n for n, pair in enumerate(pairs) if pair[0] != pair[1])
        right = next(wrong, len(piece.unverified))
        good += right > 0.85 * part * len(data) and piece.likely <= right
    assert good >= 2
