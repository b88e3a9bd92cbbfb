"""Readings: how a span of bytes is read. Each is a file here and a line in READINGS.

    text.py         by words, lines, fields, columns
    records.py      by the bytes above, in records of one length
    x86.py          machine code, by instructions (instructions.py, targets.py)

A reading (reading.py) says what it remembers of the bytes before and which contexts it makes of
that; what all of them share is in past.py. An encoder finds the reading that suits a span, with its
number if it has one, and the file tells the decoder.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, u64
from arzip.readings import past, records, text, x86
from arzip.readings.past import hash_pair
from arzip.readings.reading import CONTEXTS, Reading, State

__all__ = [
    "FIELDS",
    "READINGS",
    "TEXT",
    "Chosen",
    "Reading",
    "checked",
    "observe",
    "set_contexts",
]

READINGS: tuple[Reading, ...] = (text.READING, records.READING, x86.READING)
"""Files number them in this order, so a new one goes at the end."""

FIELDS = (*past.FIELDS, *(field for reading in READINGS for field in reading.fields))
"""What all of them remember."""


class Chosen(NamedTuple):
    """A reading, and the number that goes with it."""

    reading: Reading
    number: int

    @property
    def which(self) -> int:
        """The reading's place in READINGS, by which compiled code knows it."""
        return READINGS.index(self.reading)


TEXT = Chosen(text.READING, 0)


def checked(chosen: Chosen) -> Chosen:
    """Return the same. Raises ValueError if there is no such reading, TypeError if it is none."""
    if not isinstance(chosen, Chosen):
        raise TypeError(f"reading must be one of arzip.readings, not {type(chosen).__name__}")
    if chosen.reading not in READINGS or chosen.number not in chosen.reading.numbers:
        raise ValueError(f"{chosen.number} does not go with the reading {chosen.reading.name}")
    return chosen


@compiled
def observe(state: State, byte: int) -> None:
    """Take in the byte that was coded last, which is at data[state.position]."""
    past.observe(state, byte)
    _observe(state.reading, state, byte)


@compiled
def set_contexts(state: State, data: NDArray[np.uint8]) -> None:
    """Hash the contexts of the byte at data[state.position]."""
    past.set_shared_contexts(state)
    _set_contexts(state.reading, state, data)
    hashes = state.hashes
    for i in range(CONTEXTS):
        hashes[i] = hash_pair(hashes[i], u64(i))


def _by_index(functions: Sequence[Callable[..., None]]) -> Any:
    """Return one compiled function that calls the one of that index with two arguments."""
    first, *others = functions
    if not others:
        return compiled(lambda index, a, b: first(a, b))
    rest = _by_index(others)

    @compiled
    def call(index: int, a: Any, b: Any) -> None:
        if index == 0:
            first(a, b)
        else:
            rest(index - 1, a, b)

    return call


_observe = _by_index([reading.observe for reading in READINGS])
_set_contexts = _by_index([reading.set_contexts for reading in READINGS])
