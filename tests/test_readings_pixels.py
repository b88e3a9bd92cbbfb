"""Pictures: predicted by the pixels around, and always the same again."""

import golden
import numpy as np
import pytest
from conftest import assert_looking_ahead_changes_nothing
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import arzip
from arzip.models import registry
from arzip.readings import Chosen, finding, pixels, records
from arzip.readings.spans import Span

WIDTH, HEIGHT = 60, 120
NO_LEVELS = (0,) * 10


def array(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, dtype=np.uint8)


def photograph(colours: int, seed: int = 0) -> NDArray[np.uint8]:
    """Smooth hills with noise, whose colours have much in common: (height, width, colours)."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    hills = 128 + 60 * np.sin(x / 11) * np.cos(y / 9) + rng.normal(0, 1, (HEIGHT, WIDTH))
    shades = [hills + 9 * k + rng.normal(0, 0.5, hills.shape) for k in range(colours)]
    return np.stack(shades, axis=2).clip(0, 255).astype(np.uint8)


def cost(data: bytes, chosen: Chosen) -> float:
    """Return the code length in bytes."""
    model = registry.load("swift")
    predictions = list(model.encode_as(array(data), [Span(chosen, len(data))]))
    return sum(float((24 - np.log2(p.freq)).sum()) for p in predictions) / 8


@pytest.mark.parametrize(("colours", "share"), [(1, 0.9), (2, 0.97), (3, 0.9), (4, 0.97)])
def test_predicted_by_what_is_around(colours: int, share: float) -> None:
    data = photograph(colours).tobytes()
    row = WIDTH * colours
    as_pixels = cost(data, Chosen(pixels.READING, (colours, row, *NO_LEVELS)))
    as_records = cost(data, Chosen(records.READING, (min(row, 2048), 0, 5, 7, 11, 4)))
    assert as_pixels < share * as_records


def test_with_another_row_they_cost_more() -> None:
    data = photograph(3).tobytes()
    right, wrong = (
        cost(data, Chosen(pixels.READING, (3, 3 * width, *NO_LEVELS))) for width in (WIDTH, 47)
    )
    assert right < 0.97 * wrong


def test_gaps_between_levels_are_told() -> None:
    grey = np.tile(photograph(1), (3, 1, 1))
    dense = b"P5 60 360 255\n" + grey.tobytes()
    sparse = b"P5 60 360 255\n" + (grey // 8 * 8 + 3).tobytes()
    numbers, told = (
        next(span.chosen.numbers for span in finding.find(array(data)) if span.size > 1 << 14)
        for data in (dense, sparse)
    )
    assert numbers == (1, 60, *NO_LEVELS)
    assert told[:2] == (1, 60) and any(told[2:])
    assert sum(number.bit_count() for number in told[2:]) == np.unique(grey // 8).size


NUMBERS = st.tuples(
    st.integers(1, 4), st.integers(16, 70), *[st.sampled_from([0, 1, (1 << 26) - 1])] * 10
)


@given(st.binary(max_size=900), NUMBERS)
def test_the_transform_is_undone(data: bytes, numbers: tuple[int, ...]) -> None:
    there = array(data).copy()
    pixels.READING.transform(there, numbers)
    pixels.READING.undo(there, numbers)
    assert there.tobytes() == data


def test_every_picture_comes_back() -> None:
    """Of any width and number of colours, cut anywhere, with headers that lie."""
    rng = np.random.default_rng(5)
    for turn in range(12):
        colours, width = int(rng.choice([1, 3])), int(rng.integers(20, 90))
        header = b"P%d %d 400 255\n" % (5 if colours == 1 else 6, width)
        body = np.resize(photograph(colours, turn).reshape(-1), int(rng.integers(400, 9000)))
        data = b"text before\n" * (turn % 3) + header + body.tobytes()
        assert arzip.decompress(arzip.compress(data, model="swift")) == data


def test_it_is_found_and_smaller() -> None:
    data = golden.inputs()["picture"]
    found = [span.chosen.reading.name for span in finding.find(array(data))]
    assert found == ["records", "pixels"]
    as_records = cost(data, Chosen(records.READING, (3, 0, 5, 7, 11, 4)))
    assert len(arzip.compress(data, model="swift")) < 0.8 * as_records


def test_looking_ahead_changes_nothing() -> None:
    data = photograph(3).reshape(-1)[:420]
    chosen = Chosen(pixels.READING, (3, 3 * WIDTH, *NO_LEVELS))
    assert_looking_ahead_changes_nothing(chosen, data)
