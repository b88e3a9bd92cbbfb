"""The guess experts: what a guess says is how often such ones were right."""

import numpy as np
import pytest

from arzip.engine.compiled import compiled
from arzip.models import registry
from arzip.models.bits import guesses
from arzip.models.bits.state import COUNTS, LAYOUTS
from arzip.readings import READINGS, Chosen, fields
from arzip.readings.guesses import NONE, guess
from arzip.readings.reading import USUAL, State

READING = fields.READING
FIRST = COUNTS + 3 * READING.contexts
TEXT = b"id,name,address\n" + b"".join(
    b"%d,Name%d %s,http://x/name%d-%s\n" % (k, k * 7, b"abc"[k % 3 :], k * 7, b"abc"[k % 3 :])
    for k in range(12)
)


@compiled
def learn(state: State, bit: int) -> None:
    guesses.learn(state, bit)


def new_state() -> np.void:
    state = np.zeros(1, dtype=LAYOUTS[USUAL])[0]
    state["reading"] = READINGS.index(READING)
    return state


def coded(state: np.void, byte: int) -> list[list[int]]:
    """Return what the guesses say of each bit."""
    state["partial"], said = 1, []
    for bit in range(8):
        state["bit"] = bit
        guesses.predict(state)
        said.append(state["inputs"][FIRST : FIRST + READING.guesses].tolist())
        y = byte >> (7 - bit) & 1
        learn(state, y)
        state["partial"] = 2 * state["partial"] + y
    return said


@pytest.mark.parametrize("right", [0.5, 0.9, 0.99])
def test_log_odds_are_those_of_how_often_it_was_right(right: float) -> None:
    state, draw = new_state(), np.random.default_rng(1)
    for _ in range(2000):
        guess(state, 0, 0x5A, 3)
        coded(state, 0x5A if draw.random() < right else 0xDA)
    first = coded(state, 0x5A)[0][0]  # bit 0 of 0x5A, which is 0
    assert first / 256 == pytest.approx(-np.log(right / (1 - right)), abs=0.5)


def trusting(which: int, byte: int, case: int) -> np.void:
    """Return a state in which such guesses of a byte were right fifty times."""
    state = new_state()
    for _ in range(50):
        guess(state, which, byte, case)
        coded(state, byte)
    return state


def test_a_guess_says_nothing_once_it_was_wrong() -> None:
    state = trusting(1, 0b10110000, 0)
    said = [bit[1] for bit in coded(state, 0b10100000)]
    assert [np.sign(x) for x in said] == [1, -1, 1, 1, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("byte", "case", "least", "most"),
    [
        (0xFF, 17, 257, 2047),
        (0xFF, 18, 0, 1),  # of which nothing is known yet
        (NONE, 17, 0, 0),
    ],
)
def test_no_byte_is_no_guess_and_cases_are_apart(
    byte: int, case: int, least: int, most: int
) -> None:
    state = trusting(2, 0xFF, 17)
    guess(state, 2, byte, case)
    said = [bit[2] for bit in coded(state, 0xFF)]
    assert least <= min(said) <= max(said) <= most


def test_looking_at_all_bytes_changes_nothing() -> None:
    model, chosen = registry.load("swift"), Chosen(READING, ())
    looked, blind = (model.session(reading=chosen, size=len(TEXT)) for _ in range(2))
    for byte in TEXT:
        looked.conditionals()
        looked.observe(byte)
        blind.observe(byte)
    assert (looked.conditionals() == blind.conditionals()).all()
