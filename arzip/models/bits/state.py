"""What a predictor knows while it codes a segment, as one record of fixed layout.

A numpy record is what compiled functions pass around most cheaply: one pointer, every array's
shape known to the compiler. Beside it go three arrays whose size depends on the segment: `table`
(the lines and runs of slots.py), `data` (the bytes so far) and `positions` (of match.py).
"""

import numpy as np
from numpy.typing import NDArray

from arzip import readings
from arzip.engine.records import only_record
from arzip.models import memory
from arzip.readings.reading import (
    MOST_CONTEXTS,
    MOST_HISTOGRAMS,
    MOST_NUMBERS,
    MOST_PHASES,
    MOST_VALUES,
    Numbers,
    Reading,
    Size,
    State,
)

__all__ = [
    "APM_KNOTS",
    "APM_ROWS",
    "CONSTANT",
    "COUNTS",
    "FITTED",
    "HISTORIES",
    "LAYOUT",
    "LINE",
    "MATCH",
    "MATCH_BUCKETS",
    "MIXERS",
    "MOST_INPUTS",
    "MOST_MIXERS",
    "NETWORK",
    "ROWS",
    "STATE_BYTES",
    "inputs_of",
    "new_state",
    "read_by",
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

ROWS = 4 * 256 + 256 + 8 * (MOST_CONTEXTS + 1)
"""Rows of their weights: a block for each of them, see mixer.py. Then come 256 for each phase."""

MATCH, CONSTANT, NETWORK, COUNTS = 0, 2, 3, 5
"""The first of the inputs: two for the match, a constant, two of the network, three a context.

Then come one a value, and two a histogram.
"""

_VECTOR = 16  # inputs that a processor may take together

APM_ROWS = 1 << 16
"""Contexts of each of the two calibration maps."""

APM_KNOTS = 32
"""Values in a row of a calibration map: 25 are used, 32 fill a cache line."""


def inputs_of(size: Size) -> int:
    """Return how many inputs the mixers have: a whole number of vectors."""
    return -(-(COUNTS + 3 * size.contexts + size.values + 2 * size.histograms) // _VECTOR) * _VECTOR


MOST_INPUTS = inputs_of(Size(MOST_CONTEXTS, MOST_PHASES, MOST_VALUES, MOST_HISTOGRAMS))
MOST_MIXERS = MIXERS + MOST_PHASES

LAYOUT = np.dtype(
    [
        # What is a whole number of cache lines, of slots.py and mixer.py.
        ("cache", np.uint32, (MOST_CONTEXTS, LINE)),  # slots of the lines of this half byte
        ("inputs", np.int32, MOST_INPUTS),
        ("weights", np.int32, (ROWS + 256 * MOST_PHASES, MOST_INPUTS)),
        ("apm", np.uint16, 2 * APM_ROWS * APM_KNOTS),
        # How the segment is read, and what that remembers.
        ("reading", np.int64),  # its place in READINGS
        ("numbers", np.int64, MOST_NUMBERS),  # and its numbers
        ("span_start", np.int64),
        ("contexts", np.int64),  # how many there are
        ("mixers", np.int64),
        ("used", np.int64),  # of the inputs
        ("by_bits", np.int64),  # 1 if each bit has contexts of its own
        *readings.FIELDS,
        # Where we are in the byte.
        ("partial", np.int64),  # the bits so far, after a leading 1
        ("bit", np.int64),  # how many these are
        ("near", np.uint64),  # the index into a line for a bit with contexts of its own, 0 to 7
        ("node", np.uint64),  # the same within half a byte: the index into a line
        ("hashes", np.uint64, MOST_CONTEXTS),  # the contexts
        # slots.py
        ("places", np.uint64, MOST_CONTEXTS),  # where lines of the half byte to come may be
        ("buckets", np.uint64, MOST_CONTEXTS),  # and where runs
        ("tags", np.uint32, MOST_CONTEXTS),
        ("lines", np.uint64, MOST_CONTEXTS),  # where those of this one are, or would go
        ("runs", np.uint64, MOST_CONTEXTS),  # the same; 0 for what has a line
        ("hits", np.int64),  # how many are not new
        # ngram.py
        ("slots", np.uint32, MOST_CONTEXTS),
        ("rates", np.int32, MOST_CONTEXTS),
        ("stretched", np.uint32, MOST_CONTEXTS),
        ("indirect", np.uint32, MOST_CONTEXTS),
        ("history_map", np.int32, MOST_CONTEXTS * HISTORIES),
        # match.py
        ("recent", np.uint64),  # hash of the last 32 bytes
        ("match_keys", np.uint64, 2),  # of the table of positions
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
        ("rows", np.int64, MOST_MIXERS),
        ("odds", np.int64, 2 + MOST_MIXERS),
        ("final_weights", np.int32, (256, 2 + MOST_MIXERS)),
        ("final_row", np.int64),
        ("probability", np.int64),
        ("apm_rows", np.uint64, 2),  # indices of their first knots
        ("apm_knots", np.uint64, 2),  # indices of the knots used
    ],
    align=True,
)

STATE_BYTES = LAYOUT.itemsize

FITTED = ("history_map", "match_map", "weights", "final_weights")
"""The fields that start from values fitted before release."""


def shapes(reading: Reading) -> dict[str, tuple[int, ...]]:
    """Return how much of each fitted field a reading uses: the first rows and columns."""
    return {
        "history_map": (reading.contexts * HISTORIES,),
        "match_map": (MATCH_BUCKETS,),
        "weights": (ROWS + 256 * reading.phases, inputs_of(reading.size)),
        "final_weights": (256, 2 + MIXERS + reading.phases),
    }


def read_by(state: State, reading: Reading, which: int, numbers: Numbers) -> None:
    """Make a state one that reads so. `which` is the reading's place in READINGS."""
    state["reading"] = which
    state["numbers"][: len(numbers)] = numbers
    state["contexts"] = reading.contexts
    state["mixers"] = MIXERS + reading.phases
    state["used"] = inputs_of(reading.size)
    state["by_bits"] = reading.set_bit_contexts is not None
    state["inputs"] = 0


def new_state(fitted: dict[str, NDArray[np.int32]], apm: NDArray[np.uint16]) -> State:
    """Return a state at the start of a segment. `apm` is a row of the calibration maps."""
    array = memory.zeros(1, LAYOUT)
    for name in FITTED:
        array[name][0] = fitted[name]
    array["apm"][0].reshape(-1, APM_KNOTS)[:] = apm
    return only_record(array)
