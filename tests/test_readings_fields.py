"""Fields: found in text that has some, and read by what stood in the same place before."""

import random
import time

import numpy as np
import pytest
from numpy.typing import NDArray

from arzip.models import registry
from arzip.readings import TEXT, Chosen, fields, finding
from arzip.readings.spans import Span

FIELDS = Chosen(fields.READING, ())
PROSE = b"It is a truth universally acknowledged, that a text has words,\nand lines.\n" * 300


def array(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, dtype=np.uint8)


def names(seed: int) -> list[str]:
    draw = random.Random(seed)
    return ["".join(draw.choices("abcdefghij", k=draw.randint(2, 9))) for _ in range(9)]


def log(lines: int, seed: int = 0) -> bytes:
    """Lines of words of any length, and after them values that change little, and seldom."""
    draw, users, out = random.Random(seed), names(seed), []
    values = [draw.randint(100_000, 999_999) for _ in range(4)]
    for _ in range(lines):
        values = [value + (draw.random() < 0.1) * draw.randint(1, 3) for value in values]
        user, room = draw.choice(users), draw.choice(users)
        out.append("{},{};{}|x={} y={}:{}\n".format(user, room, *values))
    return "".join(out).encode()


def cost(data: bytes, chosen: Chosen) -> float:
    """Return the code length in bytes."""
    model = registry.load("base")
    predictions = list(model.encode_as(array(data), [Span(chosen, len(data))]))
    return sum(float((24 - np.log2(p.freq)).sum()) for p in predictions) / 8


def test_what_has_fields_is_found_and_prose_is_not() -> None:
    for data in (PROSE, b"1;2.5;x\n" * 90, b"a"):
        assert [span.chosen.reading.name for span in finding.find(array(data))] == ["text"]
    for data in (log(900), b'{"a": 1, "b": [2, 3]}\n' * 900, b"1;2.5;x\n" * 900):
        assert [span.chosen for span in finding.find(array(data))] == [FIELDS]


@pytest.mark.parametrize("seed", [1, 2])
def test_values_by_place_are_predicted(seed: int) -> None:
    data = log(300, seed)
    assert cost(data, FIELDS) < 0.93 * cost(data, TEXT)


HOSTILE = {
    "open brackets": b"[" * 50_000,
    "one line": b"a=1,b=22 " * 5_500,
    "separators": bytes(range(33, 48)) * 3_500,
    "digits": b"1234567890" * 5_000,
    "tags that never close": b"<a><b c='d'><" * 4_000,
    "mixed ends of lines": b"a\r\nb\nc\r\0\n\xc3" * 4_500,
    "noise": np.random.default_rng(3).integers(0, 256, 50_000, dtype=np.uint8).tobytes(),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_comes_is_only_a_context(name: str) -> None:
    """It comes back, and takes at most twice as long as a log."""
    model = registry.load("swift")
    model.prove("encode")
    seconds = []
    for data in (log(1250)[:50_000], HOSTILE[name]):
        started = time.process_time()
        list(model.encode_as(array(data), [Span(FIELDS, len(data))]))
        seconds.append((time.process_time() - started) / len(data))
    assert seconds[1] < 2 * seconds[0]
