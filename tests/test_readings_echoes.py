"""Echoes: the source of a token is found, in each way, and followed."""

import numpy as np
import pytest

from arzip.models.bits.state import LAYOUTS
from arzip.readings import echoes
from arzip.readings.reading import USUAL


def expected(text: bytes) -> str:
    """Return the bytes that are expected, one for each of the text's, and one after: . if none is.

    A line is a place.
    """
    state = np.zeros(1, dtype=LAYOUTS[USUAL])[0]
    data, said = np.frombuffer(text + b"\0", dtype=np.uint8), ""
    for position in range(len(text) + 1):
        state["position"] = position
        if position > 0:
            last = text[position - 1]
            state["history"] = state["history"] << np.uint64(8) | np.uint64(last)
            echoes.read(state, data, last, int(chr(last).isalnum() or last > 127))
        echo = int(state["echo"])
        assert 0 <= echo < max(position, 1)
        said += chr(data[echo]) if echo else "."
        assert 0 <= echoes.case(state) < 512
    return said


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (b"Blake Robert blake-robert\nBlunt Anne blunt-anne", "anne"),  # names, then an address
        (b"Blake, Robert robert-blake\nBlunt, Anne anne-blunt", "blunt"),  # in another order
        (b"one 17 one\ntwo 23 two\nsix 5 six", "six"),  # as many tokens back
    ],
)
def test_a_record_says_it_again(text: bytes, word: str) -> None:
    assert text.lower().endswith(word.encode())
    assert expected(text).lower()[len(text) - len(word) : len(text)] == word


def test_letters_lead_to_the_last_token_that_began_with_them() -> None:
    said = expected(b"alpha beta gamma b")
    assert said.endswith("e")
    assert expected(b"alpha Beta gamma b").endswith("e")
    assert expected(b"alpha beta gamma bex").endswith(".")


@pytest.mark.parametrize("seed", range(5))
def test_it_looks_at_nothing_that_is_to_come(seed: int) -> None:
    draw = np.random.default_rng(seed)
    expected(bytes(draw.choice(list(b"abAB1,- \n\xc3\xe2\x80"), 3000).tolist()))
