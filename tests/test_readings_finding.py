"""Finding spans: they suit the data, cover all of it, and are never too many."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import arzip
from arzip.readings import finding, records

PROSE = b"It is a truth universally acknowledged, that a text has words,\nand lines.\n"


def array(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, dtype=np.uint8)


def table(rows: int, length: int, seed: int = 0) -> bytes:
    """Records in which half of the columns hardly change."""
    made = np.random.default_rng(seed).integers(0, 256, (rows, length), dtype=np.uint8)
    made[:, ::2] = made[0, ::2]
    return made.tobytes()


def test_there_are_never_too_many() -> None:
    parts = [PROSE * 300, table(3000, 12)]
    data = array(b"".join(parts * 3))
    assert len(finding.find(data)) > 3
    most = finding.MOST
    try:
        finding.MOST = 3
        listed = finding.find(data)
    finally:
        finding.MOST = most
    assert len(listed) == 3 and sum(span.size for span in listed) == data.size


@given(st.lists(st.sampled_from([PROSE * 40, table(300, 12), bytes(3000), b"\xff\0ab" * 999])))
def test_they_cover_all_of_the_data(parts: list[bytes]) -> None:
    data = array(b"".join(parts) + b"x")
    listed = finding.find(data)
    assert sum(span.size for span in listed) == data.size
    for one, other in pairwise(listed):
        assert one.chosen != other.chosen


def test_text_within_a_table_is_found() -> None:
    first, text, last = table(3000, 12), PROSE * 200, table(3000, 20, seed=1)
    listed = finding.find(array(first + text + last))
    assert [span.chosen.reading.name for span in listed] == ["records", "text", "records"]
    assert [listed[0].chosen.numbers[0], listed[2].chosen.numbers[0]] == [12, 20]
    assert abs(listed[0].size - len(first)) <= 1024 and abs(listed[1].size - len(text)) <= 2048


def test_each_part_of_a_table_has_its_length() -> None:
    data = table(8000, 12) + table(8000, 20, seed=1)
    listed = finding.find(array(data))
    assert all(span.chosen.reading is records.READING for span in listed)
    assert listed[0].chosen.numbers[0] % 12 == listed[-1].chosen.numbers[0] % 20 == 0


def test_many_spans_go_round() -> None:
    data = b"".join(table(2000, 12) + PROSE * 300 + table(2000, 7 + k, seed=k) for k in range(2))
    assert len(finding.find(array(data))) > 4
    packed = arzip.compress(data, model="swift")
    assert arzip.decompress(packed) == data
    alone = arzip.compress(data[:50000], model="swift"), arzip.compress(data[50000:], model="swift")
    assert len(packed) < sum(map(len, alone))


def test_one_header_may_tell_of_several_kinds() -> None:
    """Here of pixels, and behind them of samples."""

    def header(first: str, bits: int) -> bytes:
        cards = [first, f"BITPIX  = {bits:20}", "NAXIS   =                    2"]
        cards += ["NAXIS1  =                   96", "NAXIS2  =                   90", "END"]
        text = "".join(f"{card:80}" for card in cards)
        return text.ljust(2880).encode()

    one = header("SIMPLE  =                    T", 8) + bytes(range(96)) * 90  # 8,640 bytes
    other = header("XTENSION= 'IMAGE   '", 16) + bytes(range(192)) * 90
    found = finding.find(np.frombuffer(one + other, dtype=np.uint8))
    assert [(span.chosen.reading.name, span.size) for span in found if span.size > 5000] == [
        ("pixels", 8640),
        ("samples", 17280),
    ]
