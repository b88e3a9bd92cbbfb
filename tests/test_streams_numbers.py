"""Numbers that go on from one segment into the next."""

import io
import wave

import numpy as np

import arzip
from arzip.arrays import Array
from arzip.parts import Part
from arzip.streams.numbers import Numbers

SAMPLES = (9000 * np.sin(np.arange(30_000) / 7)).astype("<i2").tobytes()


def wav(samples: bytes) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16000)
        sound.writeframes(samples)
    return file.getvalue()


def parts(data: bytes, size: int, array: Array | None = None) -> list[Part | None]:
    """Return what is known of each segment of that size."""
    numbers = Numbers(array)
    return [
        numbers.part(bytearray(data[start : start + size]), start + size >= len(data))
        for start in range(0, len(data), size)
    ]


def test_what_a_header_says_holds_for_the_segments_behind() -> None:
    as_told = (2, "<i", 1, 0)
    segments = parts(wav(SAMPLES), 25_001)  # 60,044 bytes
    assert segments == [None, Part(1, 25_000, items=as_told), Part(0, 10_042, items=as_told)]


def test_what_follows_is_read_by_itself() -> None:
    """The second file begins in a segment that is nearly all the first one's, and goes on."""
    data = wav(SAMPLES) + wav(SAMPLES)
    assert [part and part.size for part in parts(data, 50_000)] == [None, None, 20_088]
    assert [part and part.size for part in parts(data, 35_000)] == [None, 25_044, 35_000, 15_088]


def test_a_caller_knows_better() -> None:
    array = Array(4, "<f", 1, 0)
    assert parts(wav(SAMPLES), 30_000, array)[1:] == [
        Part(0, 30_000, items=array),
        Part(0, 44, items=array),
    ]


def test_nothing_goes_on() -> None:
    assert parts(wav(SAMPLES), 100_000) == [None]
    assert parts(b"no numbers here " * 1000, 1000) == [None] * 16


def test_a_long_file_gains_by_it() -> None:
    data = wav(SAMPLES)
    compressor = arzip.ArzipCompressor(level=4, segment_size=15_011)
    cut = compressor.compress(data) + compressor.flush()
    alone = sum(
        len(arzip.compress(data[start : start + 15_011], level=4))
        for start in range(0, len(data), 15_011)
    )
    assert arzip.decompress(cut) == data
    assert len(cut) < 0.9 * alone
