"""Numbers that no header tells of: proposed where there are some, and read so where that pays."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import arzip
from arzip.models import registry
from arzip.readings import finding, pixels, raw, samples, spans
from arzip.readings.items import LITTLE, SIGNED
from arzip.readings.spans import Span

TEXT = Path(spans.__file__).read_bytes() * 8


def array(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, dtype=np.uint8)


def hills(width: int, height: int, colours: int = 1, high: float = 100) -> NDArray[np.float64]:
    """A smooth picture with some noise (height, width, colours), from 0 on."""
    rng = np.random.default_rng(width)
    x, y = np.arange(width) / 23, np.arange(height)[:, None] / 17
    shapes = [np.sin(x + k) + np.cos(y * (1 + k / 5)) + np.sin(x * y / 9) for k in range(colours)]
    picture = np.stack(shapes, axis=2) + 3 + rng.normal(0, 0.02, (height, width, colours))
    return picture * high / 6


def tones(count: int) -> NDArray[np.float64]:
    rng, t = np.random.default_rng(count), np.arange(count)
    waves = [np.sin(t / pace) for pace in (9.3, 41.7, 17.1)]
    return 9000 * np.mean(waves, axis=0) + rng.normal(0, 20, count)


def numbers_of(data: bytes) -> list[tuple[str, tuple[int, ...]]]:
    """Return the first way of each proposal, without the levels of pixels."""
    first = [ways[0] for _, _, ways in raw.proposals(array(data))]
    return [(way.reading.name, way.numbers[:4]) for way in first]


PICTURES = {
    "grey": (hills(300, 200).astype(np.uint8), "pixels", (1, 300)),
    "colours": (hills(170, 150, 3).astype(np.uint8), "pixels", (3, 510)),
    "colours and one more": (hills(170, 150, 4).astype(np.uint8), "pixels", (4, 680)),
    "16 bits": (hills(210, 150, 1, 4000).astype("<u2"), "samples", (2, 1, 1, 210)),
    "high bytes first": (hills(210, 150, 1, 4000).astype(">u2"), "samples", (2, 0, 1, 210)),
    "floating point": (1 + hills(130, 150).astype("<f4"), "samples", (4, 5, 1, 130)),
    "double": (1 + hills(130, 150), "samples", (4, 5, 1, 130)),
}


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_and_their_rows(name: str) -> None:
    picture, reading, numbers = PICTURES[name]
    ((found, told),) = numbers_of(picture.tobytes())
    assert (found, told[: len(numbers)]) == (reading, numbers)


def test_colours_written_as_floating_point() -> None:
    """255ths are known for what they are."""
    picture = hills(130, 150, 1, 255).astype(np.uint8) / 255
    ((_, _, ways),) = raw.proposals(array(picture.tobytes()))
    assert {255, 0} == {way.numbers[5] for way in ways}


def test_sound() -> None:
    left, right = tones(40_000).astype("<i2"), -tones(39_999).astype("<i2")
    assert samples.READING.name in [name for name, _ in numbers_of(left.tobytes())]
    both = np.stack([left[:-1], right], axis=1).tobytes()
    ((_, _, ways),) = raw.proposals(array(both))
    assert (2, SIGNED | LITTLE, 2, 0) in [way.numbers[:4] for way in ways]


def test_items_may_begin_anywhere() -> None:
    data = b"\x07" * 241 + hills(210, 150, 1, 4000).astype("<u2").tobytes()
    (proposal,) = raw.proposals(array(data))
    assert proposal.start % 2 == 1 and proposal.end == len(data)


def test_the_rest_is_left_alone() -> None:
    """What comes before and behind, by windows of 16 KB."""
    noise = np.random.default_rng(1).integers(0, 256, 60_000, dtype=np.uint8).tobytes()
    picture = hills(300, 400).astype(np.uint8).tobytes()
    (proposal,) = raw.proposals(array(noise + picture + TEXT))
    assert abs(proposal.start - len(noise)) <= 1 << 14
    assert abs(proposal.end - len(noise + picture)) <= 1 << 14


def test_other_data_is_no_numbers() -> None:
    rng = np.random.default_rng(2)
    code = Path(np.__file__).read_bytes() * 9
    others = [TEXT, code, rng.bytes(90_000), bytes(90_000), b"one line\n" * 9000, b"", TEXT[:9000]]
    assert [raw.proposals(array(data)) for data in others] == [[]] * len(others)


@given(st.binary(max_size=40), st.integers(0, 4000))
def test_whatever_comes(piece: bytes, count: int) -> None:
    data = array(piece * count)
    for start, end, ways in raw.proposals(data):
        assert 0 <= start < end <= data.size and ways


def test_it_is_read_so_where_it_pays() -> None:
    model = registry.load("swift")
    data = hills(170, 150, 3).astype(np.uint8).tobytes()
    found, otherwise = model._find(array(data)), finding.find(array(data))
    assert [span.chosen.reading for span in found] == [pixels.READING]
    price, usual = model._price(array(data), found), model._price(array(data), otherwise)
    assert price < 0.9 * usual
    packed = arzip.compress(data, model="swift")
    assert arzip.decompress(packed) == data and len(packed) < 0.9 * usual / 8


@pytest.mark.parametrize(("factor", "is_better"), [(0.9, True), (1.1, False)])
def test_the_price_decides(factor: float, is_better: bool) -> None:
    data = tones(40_000).astype("<i2").view(np.uint8)

    def price(sample: NDArray[np.uint8], listed: Sequence[Span]) -> float:
        is_sound = [span.chosen.reading for span in listed] == [samples.READING]
        return sample.size * (factor if is_sound else 1)

    found = finding.find(data, price=price)
    assert ([span.chosen.reading for span in found] == [samples.READING]) == is_better
