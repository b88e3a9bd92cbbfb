"""PNG: filters are undone as the specification says, and made again; chunks too."""

import struct

import numpy as np
import pytest
from deflated import chunk
from hypothesis import given
from hypothesis import strategies as st

from arzip import coder
from arzip.unpacking import pictures
from arzip.unpacking.decisions import Decisions
from arzip.unpacking.pictures import Rows


def png(stream: bytes, cut: int, *, bits: int = 8, colour: int = 2, interlaced: int = 0) -> bytes:
    header = struct.pack(">IIBBBBB", 4, 3, bits, colour, 0, 0, interlaced)
    data = b"".join(chunk(b"IDAT", stream[k : k + cut]) for k in range(0, len(stream), cut))
    text = chunk(b"tEXt", b"Comment\0hello")
    return pictures.SIGNATURE + chunk(b"IHDR", header) + text + data + chunk(b"IEND", b"")


def odds() -> np.ndarray:
    return np.full(pictures.CONTEXTS, 1 << 31, dtype=np.uint32)


@given(st.data(), st.integers(1, 6), st.integers(1, 4), st.integers(1, 5))
def test_filters(draw: st.DataObject, count: int, pixel: int, width: int) -> None:
    row = pixel * width
    data = bytearray(draw.draw(st.binary(min_size=count * (row + 1), max_size=count * (row + 1))))
    data[:: row + 1] = draw.draw(st.lists(st.integers(0, 4), min_size=count, max_size=count))
    filtered, rows = np.frombuffer(data, dtype=np.uint8), Rows(row, pixel, 8)
    pixels = pictures.unfiltered(filtered, rows)
    assert pixels is not None
    encoder = coder.Encoder()
    decisions = Decisions(odds(), encoder.add)
    pictures.filtered(decisions, 0, pixels, rows, filtered)
    decisions.flush()
    words, state = coder.to_words(encoder.finish()), np.zeros(4, dtype=np.uint64)
    coder.start(words, state)
    again = np.zeros(filtered.size, dtype=np.uint8)
    pictures.filtered(Decisions.learned(odds(), words, state), 0, pixels, rows, again)
    assert again.tobytes() == filtered.tobytes()


def test_each_filter_is_that_of_the_specification() -> None:
    above, left = 10, 7
    for kind, value in enumerate([0, left, above, (left + above) // 2, above]):
        data = bytes([0, 3, above, kind, (left - [0, 0, 3, 1, 3][kind]) & 255, 100])
        pixels = pictures.unfiltered(np.frombuffer(data, dtype=np.uint8), Rows(2, 1, 8))
        assert pixels is not None
        assert pixels[2:].tolist() == [left, (100 + value) & 255], kind


def test_unknown_filters_and_parts_of_rows_are_left() -> None:
    data = np.array([5, 1, 2], dtype=np.uint8)
    assert pictures.unfiltered(data, Rows(2, 1, 8)) is None
    assert pictures.unfiltered(data[:2], Rows(2, 1, 8)) is None


@pytest.mark.parametrize("cut", [1, 5, 100])
def test_chunks_come_back(cut: int) -> None:
    stream = bytes(range(60))
    data = png(stream, cut)
    found = pictures.chunks(data, 0)
    assert found is not None
    assert pictures.are_whole(data, found)
    assert pictures.joined(data, found) == stream
    assert pictures.join(stream, found.sizes) == data[found.start : found.end]
    assert found.rows == Rows(12, 3, 8)


@pytest.mark.parametrize(
    ("bits", "colour", "rows"),
    [(8, 0, Rows(4, 1, 8)), (16, 6, Rows(32, 8, 16)), (1, 3, Rows(1, 1, 1)), (8, 5, None)],
)
def test_how_pixels_lie(bits: int, colour: int, rows: Rows | None) -> None:
    found = pictures.chunks(png(b"abc", 2, bits=bits, colour=colour), 0)
    assert found is not None
    assert found.rows == rows


@pytest.mark.parametrize(
    ("about", "size", "rows"),
    [
        (b"/Subtype/Image/Width 4/Height 2/BitsPerComponent 8", 24, Rows(12, 3)),
        (b"/Subtype/Image/Width 4/Height 2/BitsPerComponent 8", 25, None),
        (b"/Subtype/Image/Width 4/Height 2/BitsPerComponent 1", 8, None),
        (b"/Subtype/Image/Width 4/Height 2/Predictor 2", 8, None),
        (b"/Width 4/Height 2", 24, None),
    ],
)
def test_how_pixels_lie_in_pdf(about: bytes, size: int, rows: Rows | None) -> None:
    assert pictures.in_pdf(b"1 0 obj<<" + about + b">>stream\n", size) == (rows, False)
    assert pictures.in_pdf(b"1 0 obj<<" + about + b">>", size) == (None, False)


def test_predictors_of_pdf_are_filters() -> None:
    table = b"1 0 obj<</Predictor 12/Columns 5>>stream\n"
    assert pictures.in_pdf(table, 60) == (Rows(5, 1, 0), True)
    image = b"1 0 obj<</Subtype/Image/Predictor 15/Colors 3/Columns 5>>stream\n"
    assert pictures.in_pdf(b"/Colors 9 " + image, 60) == (Rows(15, 3), True)


def test_interlaced_pictures_have_no_rows() -> None:
    found = pictures.chunks(png(b"abc", 2, interlaced=1), 0)
    assert found is not None
    assert found.rows is None


@given(st.integers(0, 200), st.integers(1, 255))
def test_damaged_files_are_left(place: int, change: int) -> None:
    data = bytearray(png(bytes(range(60)), 50))
    data[place % len(data)] ^= change
    found = pictures.chunks(bytes(data), 0)
    if found is not None and pictures.are_whole(bytes(data), found):
        joined = pictures.joined(bytes(data), found)
        assert pictures.join(joined, found.sizes) == bytes(data[found.start : found.end])


@given(st.integers(0, 300))
def test_files_that_end_early_are_left_or_whole(size: int) -> None:
    data = png(bytes(range(60)), 50)[:size]
    found = pictures.chunks(data, 0)
    assert found is None or not pictures.are_whole(data, found) or found.end <= len(data)
