"""What an encoder finds of the structure of records, and what it is worth."""

import golden
import numpy as np
from numpy.typing import NDArray

from arzip.readings import finding, spans
from arzip.readings.cost import cost
from arzip.readings.structure import DISTANCES, NO_ANCHOR, structure_of


def array(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, dtype=np.uint8)


def test_cost_is_that_of_counts() -> None:
    """Of n equal bytes in one context, by the definition; and no more in a context that differs."""
    n, a = 100, 1 / 16
    bits = sum(np.log2((i + 256 * a) / (i + a)) for i in range(n))
    zeros = np.zeros(n, dtype=np.int64)
    assert abs(cost(zeros, zeros) / 256 - bits) < 1
    assert cost(256 * (np.arange(n) % 2), np.arange(n) % 2) < cost(zeros, np.arange(n) % 2)


def test_records_of_several_lengths_have_an_anchor() -> None:
    cells = golden.inputs()["cells"]
    anchor, *distances = structure_of(array(cells), 13)
    one, *string = anchor.to_bytes(4, "big").lstrip(b"\0")
    assert one == 1 and 2400 < cells.count(bytes(string)) <= 2500
    assert len(set(distances)) == 4


def test_records_of_one_length_need_none() -> None:
    anchor, *_ = structure_of(array(golden.inputs()["records"]), 14)
    assert anchor == NO_ANCHOR


def test_little_data_is_as_usual() -> None:
    assert structure_of(array(b"\0\1\2" * 9), 3) == (NO_ANCHOR, *DISTANCES)


def test_distances_are_where_bytes_come_from() -> None:
    """Each byte follows from that of 9 bytes ago, but for a bit."""
    rng = np.random.default_rng(5)
    made = rng.integers(0, 256, 20000, dtype=np.int64)
    change = rng.integers(0, 2, made.size)
    for at in range(9, made.size):
        made[at] = (made[at - 9] * 5 + change[at]) & 255
    _, *distances = structure_of(made.astype(np.uint8), 8)
    assert 9 in distances


def test_what_is_told_stays_short() -> None:
    """Numbers that are as before, or as usual, take a byte together."""
    data = golden.inputs()["cells"] * 6
    listed = finding.find(array(data))
    assert len(spans.to_bytes(listed)) < 16 + 8 * len(listed)
