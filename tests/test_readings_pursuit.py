"""What is followed on after bytes that differ."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from arzip.models.bits.state import LAYOUTS
from arzip.readings import pursuit
from arzip.readings.guesses import CASES, NONE
from arzip.readings.reading import USUAL


def after(data: bytes, matches: dict[int, tuple[int, int]]) -> np.void:
    """Return a state before the byte behind the data, with matches (place, length) by position."""
    state = np.zeros(1, dtype=LAYOUTS[USUAL])[0]
    array = np.frombuffer(data + b"\0", dtype=np.uint8)
    for t in range(len(data) + 1):
        state["position"] = t
        state["match_at"], state["match_length"] = matches.get(t, (0, 0))
        pursuit.expect(state, array)
    return state


FIRST = bytes(range(100, 120))


def test_without_a_match_nothing_is_expected() -> None:
    assert after(FIRST, {})["guesses"][:2].tolist() == [NONE, NONE]


def test_a_byte_that_differs_does_not_end_it() -> None:
    record = bytearray(FIRST)
    record[8] += 3
    state = after(FIRST + record[:12], {28: (8, 8)})  # before the byte that differs
    assert state["guesses"][:2].tolist() == [FIRST[12], FIRST[12] + 3]


def test_the_second_guess_differs_as_the_last_one_did() -> None:
    record = bytearray(FIRST)
    record[8] -= 5
    record[14] -= 5
    state = after(FIRST + record[:14], {28: (8, 8)})
    assert state["guesses"][1] == record[14]


def test_a_match_takes_over_if_more_of_the_last_bytes_agree() -> None:
    data = FIRST + FIRST + FIRST[:8]
    kept = after(data, {24: (4, 8), 48: (28, 7)})  # eight of the last eight agree
    assert kept["pursued"] == 28
    other = bytearray(data)
    other[-2] ^= 1  # and now seven
    assert after(bytes(other), {24: (4, 8), 48: (8, 7)})["pursued"] == 28
    assert after(bytes(other), {24: (4, 8), 48: (8, 8)})["pursued"] == 8


def test_it_is_given_up_after_sixteen_bytes_that_differ() -> None:
    data = FIRST + FIRST[:4]
    assert after(data + bytes(15), {24: (4, 4)})["pursued"] > 0
    assert after(data + bytes(20), {24: (4, 4)})["pursued"] == 0


@given(st.binary(min_size=1, max_size=80), st.data())
def test_it_stays_behind_and_among_its_cases(data: bytes, draw: st.DataObject) -> None:
    matches = {
        t: (draw.draw(st.integers(1, t - 1)), draw.draw(st.integers(1, 65535)))
        for t in draw.draw(st.sets(st.integers(2, max(2, len(data)))))
        if t >= 2
    }
    state = after(data, matches)
    assert 0 <= state["pursued"] < max(1, len(data))
    assert 0 <= state["guess_cases"][:2].min() <= state["guess_cases"][:2].max() < CASES
