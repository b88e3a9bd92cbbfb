"""What a predictor knows while it codes a segment, as one record of fixed layout.

A numpy record is what compiled functions pass around most cheaply: one pointer, every array's
shape known to the compiler. Beside it go three arrays whose size depends on the segment: `table`
(the lines and runs of slots.py), `data` (the bytes so far) and `positions` (of match.py).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from arzip import readings
from arzip.engine.records import only_record
from arzip.models import memory
from arzip.readings.breadth import FIELDS as FIELDS_OF_MORE
from arzip.readings.reading import (
    BROAD,
    MORE_CONTEXTS,
    MORE_PHASES,
    MOST_CONTEXTS,
    MOST_GUESSES,
    MOST_HISTOGRAMS,
    MOST_NUMBERS,
    MOST_PHASES,
    MOST_VALUES,
    USUAL,
    Field,
    Numbers,
    Reading,
    Size,
    State,
)

__all__ = [
    "ALL_CONTEXTS",
    "APM_KNOTS",
    "APM_ROWS",
    "BY_BYTE",
    "BY_HITS",
    "CONSTANT",
    "COUNTS",
    "HISTORIES",
    "LAYOUTS",
    "LINE",
    "MATCH",
    "MATCH_BUCKETS",
    "MIXERS",
    "MORE_MIXERS",
    "MORE_ROWS",
    "MOST_INPUTS",
    "MOST_MIXERS",
    "NETWORK",
    "ROWS",
    "ROWS_OF_MORE",
    "after_counts",
    "all_inputs",
    "breadth_of",
    "fitted_of",
    "inputs_of",
    "more_shapes",
    "new_state",
    "read_by",
    "set_fitted",
    "shapes",
]

LINE = 16
"""Slots in a line of the table: a tag and the 15 nodes of half a byte's binary tree."""

HISTORIES = 1024
"""What an indirect probability depends on, per context: 4 bands of counts by 256 histories."""

MATCH_BUCKETS = 32
"""Classes of match lengths."""

MIXERS = 3
"""Mixers of any reading, each with its own choice of a row of weights; and one for each phase."""

ALL_CONTEXTS = MOST_CONTEXTS + MORE_CONTEXTS
"""Of a reading that is read broadly."""

_ROWS_OF = (4 * 256, 256, 8 * (MOST_CONTEXTS + 1))

BY_BYTE, BY_HITS = _ROWS_OF[0], sum(_ROWS_OF[:2])
"""The first rows of the second one's weights, and of the third one's."""

ROWS = sum(_ROWS_OF)
"""Rows of their weights: a block for each of them, see mixer.py. Then come 256 for each phase."""

MORE_MIXERS = MIXERS + MORE_PHASES
"""Mixers beside these that see the contexts of both, where it is read broadly."""

MORE_ROWS = ROWS + 256 * MOST_PHASES
"""The first row of their weights, which are chosen in the same way."""

ROWS_OF_MORE = (*_ROWS_OF, *[256] * MORE_PHASES)
"""How many rows each has."""

MATCH, CONSTANT, NETWORK, COUNTS = 0, 2, 3, 5
"""The first of the inputs: two for the match, a constant, two of the network, three a context.

Then come one a value, two a histogram, and one a guess.
"""

_VECTOR = 16  # inputs that a processor may take together

APM_ROWS = 1 << 16
"""Contexts of each of the two calibration maps."""

APM_KNOTS = 32
"""Values in a row of a calibration map: 25 are used, 32 fill a cache line."""


def after_counts(size: Size) -> tuple[int, int, int]:
    """Return the first of the inputs of values, of histograms and of guesses."""
    values = COUNTS + 3 * size.contexts
    histograms = values + size.values
    return values, histograms, histograms + 2 * size.histograms


def inputs_of(size: Size) -> int:
    """Return how many inputs the mixers have: a whole number of vectors."""
    _, _, guesses = after_counts(size)
    return -(-(guesses + size.guesses) // _VECTOR) * _VECTOR


def all_inputs(size: Size) -> int:
    """Return how many there are with those of MORE_CONTEXTS, which come last."""
    return inputs_of(size) + 3 * MORE_CONTEXTS * size.more


def _most(breadth: int) -> Size:
    more = breadth == BROAD
    return Size(MOST_CONTEXTS, MOST_PHASES, MOST_VALUES, MOST_HISTOGRAMS, MOST_GUESSES, more)


MOST_INPUTS = all_inputs(_most(BROAD))
MOST_MIXERS = MIXERS + MOST_PHASES + MORE_MIXERS


def _more_final(mixers: int) -> tuple[Field, ...]:
    """Return the fields of more last mixers, see last.py."""
    return (
        ("more_final", np.int32, (2, 256, 2 + mixers)),
        ("more_final_rows", np.int64, 2),
        ("more_final_odds", np.int64, 2),
    )


def _layout(breadth: int) -> "np.dtype[np.void]":
    inputs, contexts = all_inputs(_most(breadth)), _most(breadth).all_contexts
    broad = breadth == BROAD
    mixers = MIXERS + MOST_PHASES + MORE_MIXERS * broad
    rows = MORE_ROWS + sum(ROWS_OF_MORE) * broad
    fields = [
        # What is a whole number of cache lines, of slots.py and mixer.py.
        ("cache", np.uint32, (contexts, LINE)),  # slots of the lines of this half byte
        ("inputs", np.int32, inputs),
        ("weights", np.int32, (rows, inputs)),
        ("apm", np.uint16, 2 * APM_ROWS * APM_KNOTS),
        # How the segment is read, and what that remembers.
        ("reading", np.int64),  # its place in READINGS
        ("numbers", np.int64, MOST_NUMBERS),  # and its numbers
        ("span_start", np.int64),
        ("contexts", np.int64),  # how many there are
        ("mixers", np.int64),
        ("used", np.int64),  # of the inputs
        ("by_bits", np.int64),  # 1 if each bit has contexts of its own
        ("breadth", np.int8, 1 + breadth),  # how broadly: its size tells a compiler
        ("more", np.int64),  # 1 if there are more contexts and mixers
        *readings.FIELDS,
        *(FIELDS_OF_MORE if broad else ()),
        # Where we are in the byte.
        ("partial", np.int64),  # the bits so far, after a leading 1
        ("bit", np.int64),  # how many these are
        ("near", np.uint64),  # of a bit with contexts of its own: the slot in their lines, 1 to 7,
        ("chosen", np.int64, MIXERS),  # and the first mixers' rows: up to 1023, 255 and 7
        ("node", np.uint64),  # the same within half a byte: the index into a line
        ("hashes", np.uint64, contexts),  # the contexts
        # slots.py
        ("places", np.uint64, contexts),  # where lines of the half byte to come may be
        ("homes", np.uint64, contexts),  # where the runs of both half bytes are
        ("tags", np.uint32, contexts),
        ("lines", np.uint64, contexts),  # where those of this one are, or would go
        ("runs", np.uint64, contexts),  # the same; 0 for what has a line
        ("hits", np.int64),  # how many are not new
        # ngram.py
        ("slots", np.uint32, contexts),
        ("rates", np.int32, contexts),
        ("stretched", np.uint32, contexts),
        ("indirect", np.uint32, contexts),
        ("history_map", np.int32, contexts * HISTORIES),
        # match.py
        ("recent", np.uint64),  # hash of the last 32 bytes
        ("match_keys", np.uint64, 2),  # of the table of positions
        ("match_places", np.int64, 2),  # what it has there
        ("match_at", np.int64),
        ("match_length", np.int64),
        ("match_byte", np.int64),
        ("match_bucket", np.int64),  # 0: no match
        ("match_bit", np.int64),  # -1: no match, or it has failed within this byte
        ("match_map", np.int32, MATCH_BUCKETS),
        # network
        ("network", np.int64),  # 1 if there is one, and it takes part
        ("trees", np.int64, (2, 512)),  # sums over the byte's binary tree: trained, and adapted
        # mixer.py
        ("rate", np.int64),
        ("rows", np.int64, mixers),
        ("odds", np.int64, 2 + mixers),
        ("final_weights", np.int32, (256, 2 + mixers)),
        ("final_row", np.int64),
        ("final_odds", np.int64),
        ("joined", np.int64),  # of all last mixers
        *(_more_final(mixers) if broad else ()),
        ("apm_rows", np.uint64, 2),  # indices of their first knots
        ("apm_knots", np.uint64, 2),  # indices of the knots used
    ]
    return np.dtype(fields, align=True)


LAYOUTS = tuple(_layout(breadth) for breadth in range(BROAD + 1))
"""The record of a state, by how broadly it reads."""


def breadth_of(state: State) -> int:
    """Return how broadly a state reads."""
    return int(state["breadth"].size) - 1


def shapes(size: Size) -> dict[str, tuple[int, ...]]:
    """Return how much of each fitted field a reading uses: the first rows and columns."""
    return {
        "history_map": (size.contexts * HISTORIES,),
        "match_map": (MATCH_BUCKETS,),
        "weights": (ROWS + 256 * size.phases, inputs_of(size)),
        "final_weights": (256, 2 + MIXERS + size.phases),
    }


def more_shapes(reading: Reading) -> dict[str, tuple[int, ...]]:
    """Return the same of what reading it broadly adds: one row for each mixer, see broad.py."""
    size = reading.size(BROAD)
    if not size.more:
        return {}
    return {
        "more_history": (MORE_CONTEXTS * HISTORIES,),
        "more_weights": (MORE_MIXERS, all_inputs(size)),
        "more_final": (2 + MIXERS + size.phases + MORE_MIXERS,),
    }


def read_by(state: State, reading: Reading, which: int, numbers: Numbers) -> None:
    """Make a state one that reads so. `which` is the reading's place in READINGS."""
    size = reading.size(breadth_of(state))
    state["reading"] = which
    state["numbers"][: len(numbers)] = numbers
    state["contexts"] = size.all_contexts
    state["mixers"] = MIXERS + size.phases + MORE_MIXERS * size.more
    state["used"] = all_inputs(size)
    state["by_bits"] = reading.set_bit_contexts is not None
    state["more"] = size.more
    state["inputs"] = 0


def new_state(apm: NDArray[np.uint16], breadth: int = USUAL) -> State:
    """Return a state at the start of a segment. `apm` is a row of the calibration maps."""
    array = memory.zeros(1, LAYOUTS[breadth])
    array["apm"][0].reshape(-1, APM_KNOTS)[:] = apm
    return only_record(array)


def set_fitted(state: State, reading: Reading, values: dict[str, NDArray[Any]]) -> None:
    """Start from fitted values, of as much of each field as a reading uses."""
    for name, (field, place) in _places(reading, breadth_of(state)).items():
        state[field][place] = values[name]


def fitted_of(state: State, reading: Reading) -> dict[str, NDArray[Any]]:
    """Return a copy of what the values have become, for set_fitted."""
    places = _places(reading, breadth_of(state)).items()
    return {name: state[field][place].copy() for name, (field, place) in places}


def _places(reading: Reading, breadth: int) -> dict[str, tuple[str, tuple[slice, ...]]]:
    """Return where in which field of the state the fitted values are, by name."""
    size = reading.size(breadth)
    found = {name: (name, tuple(map(slice, shape))) for name, shape in shapes(size).items()}
    if size.more:
        own = size.contexts * HISTORIES
        found["more_history"] = "history_map", (slice(own, size.all_contexts * HISTORIES),)
        found["more_weights"] = "weights", (slice(MORE_ROWS, None), slice(all_inputs(size)))
        joined = 2 + MIXERS + size.phases + MORE_MIXERS
        found["final_weights"] = "final_weights", (slice(None), slice(joined))
        found["more_final"] = "more_final", (slice(None), slice(None), slice(joined))
    return found
