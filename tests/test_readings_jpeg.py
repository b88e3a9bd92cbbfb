"""Photographs: the scans of JPEG pictures, read bit by bit by the blocks around."""

import gzip
import zlib

import golden
import numpy as np
import photograph
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import arzip
from arzip import coder
from arzip.models import coding, registry
from arzip.models.explore.session import PredictorSession
from arzip.models.model import Banks
from arzip.models.predictor import Predictor
from arzip.photographs import scans
from arzip.readings import READINGS, Chosen, finding, jpeg, records, scan
from arzip.readings.spans import Span

SWIFT = registry.load("swift")
RECORDS = Chosen(records.READING, records.READING.usual)
LIGHT = photograph.picture(128, 160)
RED, BLUE = (photograph.picture(64, 80, k) for k in (1, 2))
PICTURES = {
    "grey": photograph.encoded([LIGHT]),
    "three": photograph.encoded([LIGHT, *(photograph.picture(128, 160, k) for k in (1, 2))]),
    "halved": photograph.encoded([LIGHT, RED, BLUE], halved=True),
    "with markers": photograph.encoded([LIGHT, RED, BLUE], halved=True, restart=7),
    "apart": photograph.encoded([LIGHT, RED, BLUE], halved=True, apart=True, restart=9),
    "progressive": photograph.progressive([LIGHT, RED, BLUE], halved=True),
    "progressive, grey": photograph.progressive([LIGHT]),
}


def array(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, dtype=np.uint8).copy()


def read_to(data: NDArray[np.uint8], end: int) -> Predictor:
    """Return a predictor that has read a picture up to there."""
    (found,) = scans(data)
    at_work = SWIFT.predictor(data.size, RECORDS).with_data(data)
    banks = Banks(SWIFT._banks.__getitem__)
    for chosen, behind in ((RECORDS, found.start), (chosen_of(data), end)):
        at_work.read_on(chosen, banks)
        left = np.empty(behind - at_work.position, dtype=np.uint32)
        coding.encode(at_work, left, left.copy())
    return at_work


def chosen_of(data: NDArray[np.uint8]) -> Chosen:
    (found,) = scans(data)
    return Chosen(jpeg.READING, (found.start - found.header,))


@pytest.mark.parametrize("name", PICTURES)
def test_the_blocks_are_followed_to_the_end(name: str) -> None:
    data = array(PICTURES[name])
    (found,) = scans(data)
    state = read_to(data, found.end).state
    scan.take(state, 7, 0, int(data[found.end - 1]) & 1)
    assert state["scan"][0, scan.LINE] == state["unit_rows"]
    assert state["scan"][0, scan.MODE] != scan.IN_SCAN


@pytest.mark.parametrize("name", [name for name in PICTURES if "progressive" in name])
def test_progressive_pictures_end_with_all_of_each_coefficient(name: str) -> None:
    data = array(PICTURES[name])
    (found,) = scans(data)
    state = read_to(data, found.end).state
    scan.take(state, 7, 0, int(data[found.end - 1]) & 1)
    for k, plane in enumerate([LIGHT] if "grey" in name else [LIGHT, RED, BLUE]):
        blocks = photograph.blocks_of(plane).reshape(-1)
        first = 64 * int(state["plane"][k])
        assert (state["coefficients"][first : first + blocks.size] == blocks).all()


@pytest.mark.parametrize("name", PICTURES)
def test_it_comes_back_and_is_smaller(name: str) -> None:
    data = PICTURES[name]
    packed = arzip.compress(data, model="swift")
    assert arzip.decompress(packed) == data
    assert len(packed) < 0.93 * len(data)
    assert [span.chosen.reading.name for span in finding.find(array(data))][1] == "jpeg"


@pytest.mark.parametrize(
    ("name", "mark"), [("with markers", b"\xff\xd2"), ("progressive", b"\xff\xda")]
)
def test_looking_ahead_changes_nothing(name: str, mark: bytes) -> None:
    data = array(PICTURES[name])
    (found,) = scans(data)
    marker, last = (
        find(mark, found.start) for find in (PICTURES[name].index, PICTURES[name].rindex)
    )
    for start in (found.start, marker - 20, last - 20, found.end - 400):
        at_work = read_to(data, start)
        if start == found.start:
            at_work.read_on(chosen_of(data), Banks(SWIFT._banks.__getitem__))
        looking, blind = (
            PredictorSession(other.with_data(data[:start]), 60)
            for other in (at_work.fork(), at_work.fork())
        )
        for byte in data[start : start + 60].tolist():
            freq = looking.conditionals()
            assert int(freq.sum()) == (1 << 24) - 2
            looking.observe(byte)
            assert (blind.conditionals() == freq).all()
            blind.observe(byte)


def roundtrip(data: NDArray[np.uint8], start: int, back: int) -> None:
    """Code data as a picture's scan from `start` on, whatever it is, and restore it."""
    listed = [
        Span(RECORDS, start),
        Span(Chosen(jpeg.READING, (back,)), data.size - start),
    ]
    encoder = coder.Encoder()
    for prediction in SWIFT.encode_as(data, listed):
        encoder.add(prediction.left, prediction.freq)
    words = coder.to_words(encoder.finish())
    assert b"".join(piece.tobytes() for piece in SWIFT.decode(words, data.size)) == data.tobytes()


@given(data=st.data())
def test_damage_costs_size_and_nothing_else(data: st.DataObject) -> None:
    whole = array(PICTURES[data.draw(st.sampled_from(sorted(PICTURES)))])
    (found,) = scans(whole)
    end = found.start + data.draw(st.integers(1, 300))
    damaged = whole[:end].copy()
    within = (
        st.integers(0, found.start - 1) if data.draw(st.booleans()) else st.integers(0, end - 1)
    )
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(within)] = data.draw(st.integers(0, 255))
    roundtrip(damaged, found.start, found.start)


@given(data=st.binary(min_size=2, max_size=80), back=st.integers(1, 200))
def test_any_bytes_may_be_read_so(data: bytes, back: int) -> None:
    roundtrip(array(data), 1, back)


def test_a_header_may_end_anywhere() -> None:
    data = array(PICTURES["halved"])
    (found,) = scans(data)
    for start in range(1, found.start + 3, 5):
        roundtrip(data[: start + 40], start, start)


@pytest.mark.parametrize("sides", [(0, 80), (80, 0), (8, 65535), (65535, 8)])
def test_sizes_that_do_not_fit(sides: tuple[int, int]) -> None:
    data = array(PICTURES["halved"])
    at = PICTURES["halved"].index(b"\xff\xc0") + 5
    data[at : at + 4] = array(b"".join(side.to_bytes(2, "big") for side in sides))
    (found,) = scans(data)
    roundtrip(data[: found.start + 300], found.start, found.start)


@pytest.mark.timeout(40)
def test_many_blocks_that_end_at_once_take_no_time() -> None:
    data = array(photograph.scans_without_end(2880, 400))
    (found,) = scans(data)
    assert (found.end - found.start) / 400 < 24
    roundtrip(data, found.start, found.start)


def test_inside_of_what_is_compressed_already() -> None:
    """Deflate gains nothing of a picture, so its streams are opened only for what they hold."""
    data = zlib.compress(PICTURES["three"], 9) + b"\n" + gzip.compress(PICTURES["grey"], mtime=0)
    packed = arzip.compress(data, model="swift")
    assert arzip.decompress(packed) == data
    assert len(packed) < 0.93 * len(data)


def test_within_noise_it_is_found_and_the_noise_is_stored() -> None:
    noise = np.random.default_rng(5).bytes(100_000)
    data = noise + PICTURES["three"] + noise
    packed = arzip.compress(data, model="swift")
    assert arzip.decompress(packed) == data
    assert len(packed) < len(data) - 0.07 * len(PICTURES["three"])
    assert len(arzip.compress(data, model="fast")) <= len(data) + 200


@pytest.mark.parametrize("name", ["zeros", "noise", "log", "records", "x86", "picture", "sound"])
def test_nothing_else_is_one(name: str) -> None:
    assert jpeg.READING.find is not None
    assert not jpeg.READING.find(array(golden.inputs()[name]))


def test_it_is_the_last_reading() -> None:
    assert READINGS.index(jpeg.READING) == 9
