"""Numbers in text, by value."""

import numpy as np
import pytest

from arzip.models.bits.state import LAYOUTS
from arzip.readings import numerals
from arzip.readings.reading import USUAL

PLACE = 7


def expected(shown: list[bytes]) -> str:
    """Return the digits that are expected after these numbers in one place."""
    state = np.zeros(1, dtype=LAYOUTS[USUAL])[0]
    for number in shown:
        numerals.begin(state, PLACE)
        for byte in number:
            numerals.read(state, byte)
        numerals.keep(state, PLACE)
    numerals.begin(state, PLACE)
    digits = ""
    while (digit := numerals.digit(state)) < 10:
        digits += str(digit)
        numerals.read(state, 48 + digit)
    return digits


@pytest.mark.parametrize(
    ("shown", "digits"),
    [
        ([b"41", b"42"], "43"),
        ([b"0041", b"0042"], "0043"),
        ([b"98", b"99"], "100"),
        ([b"1000", b"990"], "980"),
        ([b"3", b"1"], ""),
        ([b"5", b"x5"], ""),
        ([b"9" * 30, b"9" * 30], ""),
        ([b"", b""], ""),
    ],
)
def test_as_much_more_as_before(shown: list[bytes], digits: str) -> None:
    assert expected(shown) == digits


def test_what_came_instead_is_remembered() -> None:
    state = np.zeros(1, dtype=LAYOUTS[USUAL])[0]
    for number in (b"10", b"20"):
        numerals.begin(state, PLACE)
        for byte in number:
            numerals.read(state, byte)
        numerals.keep(state, PLACE)
    for came, moved in ((b"3", 0), (b"4", 1), (b"7", 2), (b"1", 3)):
        numerals.begin(state, PLACE)
        numerals.read(state, came[0])
        assert state["numeral_moved"] == moved
