"""Cells of a table: where they end, and that what they begin with is told."""

import numpy as np
import pytest

from arzip.models.bits.state import LAYOUTS
from arzip.readings import cells
from arzip.readings.reading import USUAL


def after(text: bytes) -> np.void:
    state = np.zeros(1, dtype=LAYOUTS[USUAL])[0]
    for byte in text:
        cells.read(state, byte)
    return state


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (b"", 0),
        (b"a,b", 1),
        (b"a\tb;c|d", 3),
        (b'a,"b, or c",d', 2),
        (b'a,"b ""or"", c",d', 2),
        (b"a,b\nc", 0),
        (b'a,"b\nc,d', 1),
        (b",,,", 3),
    ],
)
def test_number_of_the_cell(text: bytes, number: int) -> None:
    assert after(text)["cell_number"] == number


def test_a_cell_is_known_by_its_bytes() -> None:
    assert after(b"x,ab")["cell"] == after(b"12\ny,z,ab")["cell"]
    assert after(b"x,ab")["cell"] != after(b"x,ac")["cell"]
    assert after(b"x,")["cell"] == after(b"x\n")["cell"] == 0
