"""What `fast` takes for left and above, and what its contexts tell apart."""

import numpy as np
import pytest

from arzip.models.fast import contexts, layout, predictor
from arzip.models.fast.contexts import strides
from arzip.readings import READINGS, TEXT, Chosen, records

BANKS = {bank: layout.unfitted() for bank in layout.BANKS}
NAMED = {reading.name: reading for reading in READINGS}


def hashes_after(data: bytes, chosen: Chosen = TEXT) -> list[int]:
    """Return all contexts of the byte after the data."""
    array = np.frombuffer(data + b"\0", dtype=np.uint8)
    at = predictor.new_predictor(BANKS, array.size, chosen).with_data(array)
    for byte in data:
        contexts.observe(at.state, byte)
    contexts.set_contexts(at.state, at.data)
    return [*at.state["hashes"][0, 1:].tolist(), *at.state["run_hashes"].tolist()]


def records_of(length: int) -> Chosen:
    return Chosen(records.READING, (length, *records.READING.usual[1:]))


@pytest.mark.parametrize(
    ("name", "numbers", "expected"),
    [
        ("text", (), (True, 1, 4)),
        ("records", (13, 0, 5, 7, 11, 4), (False, 1, 13)),
        ("bitmap", (216,), (False, 1, 216)),
        ("pixels", (3, 960, *[0] * 10), (False, 3, 960)),
        ("samples", (2, 3, 2, 0, 1, 0, 0), (False, 4, 8)),
        ("samples", (2, 3, 1, 100, 1, 0, 0), (False, 2, 200)),
        ("samples", (4, 5, 3, 100, 2, 0, 0), (False, 24, 800)),
        ("x86", (), (False, 1, 4)),
    ],
)
def test_strides(name: str, numbers: tuple[int, ...], expected: tuple[bool, int, int]) -> None:
    assert strides(Chosen(NAMED[name], numbers)) == expected


@pytest.mark.parametrize("reading", READINGS, ids=lambda reading: reading.name)
def test_every_reading_has_strides(reading: "records.Reading") -> None:
    for numbers in (reading.usual, tuple(n[0] for n in reading.numbers)):
        _, near, far = strides(Chosen(reading, numbers))
        assert near >= 1 and far >= 1


def test_the_same_words_are_the_same_contexts() -> None:
    one, other = hashes_after(b"it said: the Cat"), hashes_after(b"or said, THE cat")
    same = [a == b for a, b in zip(one, other, strict=True)]
    assert same[6], "this word and the one before, in lower case"
    assert not same[3], "the last five bytes"


def test_the_byte_above_counts_in_text() -> None:
    """The last eight bytes are the same; what stands above the next one is not."""
    one, other = hashes_after(b"ab cd ef;.j\n12345678"), hashes_after(b"ab cd ef:.j\n12345678")
    different = [k + 1 for k, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    assert different == [6]


def test_records_know_above_left_and_the_column() -> None:
    base = bytes(range(40))
    far_above = hashes_after(base[:14] + b"X" + base[15:], records_of(13))
    plain = hashes_after(base, records_of(13))
    different = [k + 1 for k, (a, b) in enumerate(zip(plain, far_above, strict=True)) if a != b]
    assert different == [5, layout.CONTEXTS + 1], "those with twice above"
    assert hashes_after(base, records_of(12))[3] != plain[3]
