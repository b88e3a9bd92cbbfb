"""Sound and arrays: predicted by value, and always the same again."""

import io
import wave

import golden
import numpy as np
import pytest
from conftest import assert_looking_ahead_changes_nothing
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import arzip
from arzip.models import registry
from arzip.readings import Chosen, finding, records, samples
from arzip.readings.items import FLOAT, LITTLE, SIGNED, UNSIGNED
from arzip.readings.spans import Span


def array(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, dtype=np.uint8)


def tones(count: int, seed: int = 0) -> NDArray[np.float64]:
    """Three tones and some noise, between -1 and 1."""
    rng, t = np.random.default_rng(seed), np.arange(count)
    waves = [np.sin(t / pace + phase) for pace, phase in ((9.3, 0), (4.1, 1), (27.0, 2))]
    return np.mean(waves, axis=0) + rng.normal(0, 0.002, count)


def cost(data: bytes, chosen: Chosen) -> float:
    """Return the code length in bytes."""
    model = registry.load("swift")
    predictions = list(model.encode_as(array(data), [Span(chosen, len(data))]))
    return sum(float((24 - np.log2(p.freq)).sum()) for p in predictions) / 8


def wav(channels: list[NDArray[np.float64]]) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(len(channels))
        sound.setsampwidth(2)
        sound.setframerate(16000)
        sound.writeframes((20000 * np.stack(channels, axis=1)).astype("<i2").tobytes())
    return file.getvalue()


SOUNDS = {
    "bytes": ((100 * tones(6000)).astype(np.uint8) + np.uint8(128), (1, UNSIGNED, 1, 0, 1, 0, 0)),
    "16 bits": ((20000 * tones(4000)).astype("<i2"), (2, SIGNED | LITTLE, 1, 0, 1, 0, 0)),
    "high bytes first": ((20000 * tones(4000)).astype(">i2"), (2, SIGNED, 1, 0, 1, 0, 0)),
    "32 bits": ((2e9 * tones(3000)).astype("<i4"), (4, SIGNED | LITTLE, 1, 0, 1, 0, 16)),
    "floating point": ((3 + tones(3000)).astype("<f4"), (4, FLOAT | LITTLE, 1, 0, 1, 0, 10)),
    "64 bits": ((2e14 * tones(3000)).astype("<i8"), (4, SIGNED | LITTLE, 1, 0, 2, 0, 4)),
    "double": ((3 + tones(3000)).astype("<f8"), (4, FLOAT | LITTLE, 1, 0, 2, 0, 10)),
    "whole in disguise": (
        (20000 * tones(3000)).astype("<i2") / 32768,
        (4, FLOAT | LITTLE, 1, 0, 2, 32768, 0),
    ),
    "rows": (
        (9000 * np.add.outer(tones(60), tones(70, 1))).astype("<i2"),
        (2, SIGNED | LITTLE, 1, 70, 1, 0, 0),
    ),
}


@pytest.mark.parametrize("name", SOUNDS)
def test_predicted_by_value(name: str) -> None:
    items, numbers = SOUNDS[name]
    data = items.tobytes()
    as_records = cost(
        data, Chosen(records.READING, (items.itemsize * max(numbers[3], 1), 0, 5, 7, 11, 4))
    )
    assert cost(data, Chosen(samples.READING, numbers)) < 0.95 * as_records


STEREO = Chosen(samples.READING, (2, SIGNED | LITTLE, 2, 0, 1, 0, 0))


def test_one_channel_tells_of_the_other() -> None:
    left, noise = tones(3000), np.random.default_rng(8).normal(0, 0.05, 3000)
    alike, apart = (
        cost(wav([left + noise, 0.5 * left + other])[44:], STEREO) for other in (noise, noise[::-1])
    )
    assert alike < 0.85 * apart


def test_found_and_smaller_by_a_header() -> None:
    data = golden.inputs()["sound"]
    assert [span.chosen.reading.name for span in finding.find(array(data))] == [
        "records",
        "samples",
    ]
    as_records = cost(data, Chosen(records.READING, (4, 0, 5, 7, 11, 4)))
    assert len(arzip.compress(data, model="swift")) < 0.85 * as_records


FORMS = st.tuples(
    st.integers(1, 4),
    st.integers(0, 5),
    st.integers(1, 8),
    st.just(0),
    st.integers(1, 2),
    st.sampled_from([0, 1, 100, 1 << 27]),
    st.just(0),
)


@given(st.binary(max_size=300), FORMS)
def test_the_transform_is_undone(data: bytes, numbers: tuple[int, ...]) -> None:
    there = array(data).copy()
    samples.READING.transform(there, numbers)
    samples.READING.undo(there, numbers)
    assert there.tobytes() == data


def test_numbers_keep_their_order() -> None:
    """After the transform, bytes sort as the numbers do."""
    for dtype, form in (("<f4", FLOAT | LITTLE), (">f4", FLOAT), ("<i2", SIGNED | LITTLE)):
        items = np.sort((1000 * tones(200)).astype(dtype))
        size = items.dtype.itemsize
        there = items.view(np.uint8).copy()
        samples.READING.transform(there, (size, form, 1, 0, 1, 0, 0))
        made = [there[k : k + size].tobytes() for k in range(0, there.size, size)]
        assert made == sorted(made)


@pytest.mark.filterwarnings("error")
def test_numbers_that_are_as_far_apart_as_can_be() -> None:
    items = np.tile([1.0, -1.0], 3000)
    data = items.view(np.uint8)
    assert samples.ways(data, 8, "", 1, 0)
    assert arzip.decompress(arzip.compress(data, model="swift")) == data.tobytes()


def test_every_sound_comes_back() -> None:
    """With any number of channels, cut anywhere, and with bytes that are none."""
    rng = np.random.default_rng(6)
    for turn in range(10):
        data = bytearray(wav([tones(900, k) for k in range(1 + turn % 3)]))
        data[-200:] = rng.bytes(200)
        cut = bytes(data[: int(rng.integers(1100, len(data)))])
        assert arzip.decompress(arzip.compress(cut, model="swift")) == cut


@pytest.mark.parametrize(
    "numbers",
    [
        (4, FLOAT, 1, 0, 1, 9, 0),
        (3, SIGNED, 8, 16, 1, 0, 24),
        (1, UNSIGNED, 1, 1, 1, 0, 0),
        (4, FLOAT, 8, 8176, 2, 1 << 27, 0),
    ],
)
def test_extreme_numbers(numbers: tuple[int, ...]) -> None:
    data = b"\xff\0\x80\x7f" * 600 + bytes(600)
    assert 0 < cost(data, Chosen(samples.READING, numbers)) < len(data)


def test_looking_ahead_changes_nothing() -> None:
    data = array((20000 * tones(200)).astype(">i2").tobytes())
    chosen = Chosen(samples.READING, (2, SIGNED, 1, 0, 1, 0, 0))
    assert_looking_ahead_changes_nothing(chosen, data)
