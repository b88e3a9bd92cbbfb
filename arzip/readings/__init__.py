"""Readings: how a span of bytes is read. Each is a file here and a line in READINGS.

    text.py         by words, lines, fields, columns
    fields.py       logs, tables, JSON, XML, code: by what stood in the same place before
    typeset.py      the pages of PDF documents, by the words that they show (moves.py)
    records.py      by the bytes above and by columns, in records (structure.py)
    x86.py          machine code, by instructions (instructions.py, targets.py)
    risc.py         machine code in words of 32 bits
    bitmap.py       pictures of one bit a pixel, bit by bit
    pixels.py       other pictures, by the pixels around
    jpeg.py         the scans of JPEG pictures, bit by bit, by the blocks around
    sequences.py    DNA and RNA, by the bases before on both strands
    samples.py      sound and arrays, by the numbers before
    headers/        where pixels, sound and arrays are, in files whose headers say so
    raw.py          where they may be in others
    breadth.py      no reading, but more contexts of some, for a model that takes the time

A reading (reading.py) says what it remembers of the bytes before and which contexts it makes of
that; what all of them share is in past.py, what
binary ones share in alike.py. Numbers are predicted by value with values.py and
leastsquares.py. Of a JPEG picture, frame.py has what its header says, scan.py what a bit is of,
around.py what the blocks around say, and finer.py the scans that add bits to what earlier ones
told. What text in fields follows is in cells.py, echoes.py and numerals.py, what binary data does
in pursuit.py, and becomes guesses (guesses.py). An encoder finds the reading that suits a span,
with its number if it has one (finding.py, by windows.py, by what bytes cost, cost.py, and by where
files in archives begin, archives.py), and the file tells the decoder (spans.py). Arrays' items are
predicted as items.py has them.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, u64
from arzip.readings import (
    alike,
    bitmap,
    fields,
    guesses,
    jpeg,
    past,
    pixels,
    pursuit,
    records,
    risc,
    samples,
    sequences,
    text,
    typeset,
    values,
    x86,
)
from arzip.readings.past import hash_pair
from arzip.readings.reading import BROAD, LEAN, USUAL, Numbers, Reading, Size, State

__all__ = [
    "FIELDS",
    "READINGS",
    "TEXT",
    "TEXTS",
    "Chosen",
    "Reading",
    "by_breadth",
    "checked",
    "for_each_size",
    "if_broad",
    "observe",
    "set_bit_contexts",
    "set_contexts",
]

READINGS: tuple[Reading, ...] = (
    text.READING,
    records.READING,
    x86.READING,
    bitmap.READING,
    risc.READING,
    fields.READING,
    pixels.READING,
    samples.READING,
    sequences.READING,
    jpeg.READING,
    typeset.READING,
)
"""Files number them in this order, so a new one goes at the end."""

TEXTS = (text.READING, fields.READING, typeset.READING)
"""What is text: a network reads it however long it is, and a preface is of its kind."""

FIELDS = (
    *past.FIELDS,
    *values.FIELDS,
    *guesses.FIELDS,
    *alike.FIELDS,
    *pursuit.FIELDS,
    *(field for reading in READINGS for field in reading.fields),
)
"""What all of them remember."""


_WAYS = 8  # that a function branches


class Chosen(NamedTuple):
    """A reading, the numbers that go with it, and whether a network is to stay out."""

    reading: Reading
    numbers: Numbers
    alone: bool = False

    @property
    def which(self) -> int:
        """The reading's place in READINGS, by which compiled code knows it."""
        return READINGS.index(self.reading)

    @property
    def with_network(self) -> bool:
        """Whether the model's network takes part, if it has one."""
        return self.reading.with_network and not self.alone


TEXT = Chosen(text.READING, ())


def checked(chosen: Chosen) -> Chosen:
    """Return the same. Raises ValueError if there is no such reading, TypeError if it is none."""
    if not isinstance(chosen, Chosen):
        raise TypeError(f"reading must be one of arzip.readings, not {type(chosen).__name__}")
    reading, numbers, _ = chosen
    if (
        reading not in READINGS
        or len(numbers) != len(reading.numbers)
        or not all(n in may_be for n, may_be in zip(numbers, reading.numbers, strict=True))
    ):
        raise ValueError(f"{numbers} do not go with the reading {reading.name}")
    return chosen


def _by_index(functions: Sequence[Callable[..., Any]]) -> Any:
    """Return one compiled function that calls the one of that index.

    What a function calls is compiled with it once more, so one that branches often takes much less
    time to compile than a chain of some that branch once.
    """
    if len(functions) > _WAYS:
        near, far = _by_index(functions[:_WAYS]), _by_index(functions[_WAYS:])

        @compiled
        def call_either(index: int, *given: Any) -> Any:
            if index < _WAYS:
                return near(index, *given)
            return far(index - _WAYS, *given)

        return call_either
    padded = [*functions, *[functions[-1]] * (_WAYS - len(functions))]
    zero, one, two, three, four, five, six, seven = padded

    @compiled
    def call(index: int, *given: Any) -> Any:
        if index == 0:
            return zero(*given)
        if index == 1:
            return one(*given)
        if index == 2:
            return two(*given)
        if index == 3:
            return three(*given)
        if index == 4:
            return four(*given)
        if index == 5:
            return five(*given)
        if index == 6:
            return six(*given)
        return seven(*given)

    return call


def by_breadth(
    state: State,
    lean: Callable[..., Any],
    usual: Callable[..., Any],
    broad: Callable[..., Any],
    *given: Any,
) -> Any:
    """Call one of three functions, by how broadly the state reads.

    numba chooses when it compiles: see models/lowering.py.
    """
    return (lean, usual, broad)[state.breadth.size - 1](state, *given)


def if_broad(state: State, function: Callable[..., None], *given: Any) -> None:
    """Call a function if there are more contexts and mixers: see breadth.py.

    numba leaves it out of what never reads so: see models/lowering.py.
    """
    if state.breadth.size - 1 == BROAD and state.more:
        function(state, *given)


def for_each_size(make: Callable[[Size], Callable[..., Any]]) -> Any:
    """Return a function of a state and more, for compiled ones: it calls make(size).

    Loops whose length is known when they are compiled are work for vectors.
    """
    lean, usual, broad = (
        _by_size(make, [reading.size(breadth) for reading in READINGS])
        for breadth in (LEAN, USUAL, BROAD)
    )
    return compiled(lambda state, *given: by_breadth(state, lean, usual, broad, *given))


def _by_size(make: Callable[[Size], Callable[..., Any]], sizes: Sequence[Size]) -> Any:
    made = {size: make(size) for size in dict.fromkeys(sizes)}
    call = _by_index([made[size] for size in sizes])
    return compiled(lambda state, *given: call(state.reading, state, *given))


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
    if_broad(state, _set_more, data)
    _spread(state)


@compiled
def set_bit_contexts(state: State) -> None:
    """Hash the contexts of the next bit, if that is how the reading goes."""
    _set_bit_contexts(state.reading, state)
    _spread(state)


@for_each_size
def _spread(size: Size) -> Callable[[State], None]:
    total = size.all_contexts

    @compiled
    def spread(state: State) -> None:
        """Mix the bits of each context with its number."""
        hashes = state.hashes
        for i in range(total):
            hashes[i] = hash_pair(hashes[i], u64(i))

    return spread


@compiled
def _set_more(state: State, data: NDArray[np.uint8]) -> None:
    """Set the contexts that a reading has in a model that reads broadly."""
    _set_more_of(state.reading, state, data)


@compiled
def _set_no_more(state: State, data: NDArray[np.uint8]) -> None:
    """Set no contexts beside those of the reading."""


@compiled
def _keep_nothing(state: State, byte: int) -> None:
    """Leave what is remembered as it is."""


@compiled
def _stay(state: State) -> None:
    """Leave the contexts as they are for the whole byte."""


_observe = _by_index([reading.observe or _keep_nothing for reading in READINGS])
_set_contexts = _by_index([reading.set_contexts for reading in READINGS])
_set_more_of = _by_index([reading.set_more or _set_no_more for reading in READINGS])
_set_bit_contexts = _by_index([reading.set_bit_contexts or _stay for reading in READINGS])
