"""Guesses: bytes that a reading expects, each in one of many cases.

How often a guess of a case was right becomes log-odds of bits in models/bits/guesses.py.
"""

import numpy as np

from arzip.engine.compiled import compiled
from arzip.readings.reading import MOST_GUESSES, Field, State

__all__ = ["CASES", "FIELDS", "NONE", "guess"]

CASES = 1 << 11
"""Of each guess."""

NONE = 256
"""No byte."""

FIELDS: tuple[Field, ...] = (
    ("guesses", np.int64, MOST_GUESSES),
    ("guess_cases", np.int64, MOST_GUESSES),
    ("guess_slots", np.int64, MOST_GUESSES),  # case and bit; -1 once it was wrong
    ("guess_trust", np.int32, (MOST_GUESSES, 8 * CASES)),  # of each bit; in Q22, less 1/2
    ("guess_count", np.uint8, (MOST_GUESSES, 8 * CASES)),  # of what that was learned from
)


@compiled
def guess(state: State, which: int, byte: int, case: int) -> None:
    """Expect a byte, or NONE."""
    state.guesses[which] = byte
    state.guess_cases[which] = case
