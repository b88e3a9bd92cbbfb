"""What a predictor knows while it codes a segment, as one record of fixed layout.

A numpy record is what compiled functions pass around most cheaply: one pointer, every array's
shape known to the compiler. Beside it go three arrays whose size depends on the segment: `table`
(the lines and runs of slots.py), `data` (the bytes so far) and `positions` (of match.py).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from arzip import readings
from arzip.engine.function import INTERPRETED
from arzip.readings.reading import CONTEXTS, State

__all__ = [
    "APM_KNOTS",
    "APM_ROWS",
    "FITTED",
    "HISTORIES",
    "INPUTS",
    "LINE",
    "MATCH_BUCKETS",
    "MIXERS",
    "ROWS",
    "STATE_BYTES",
    "new_state",
    "shape_of",
]

LINE = 16
"""Slots in a line of the table: a tag and the 15 nodes of half a byte's binary tree."""

HISTORIES = 1024
"""What an indirect probability depends on, per context: 4 bands of counts by 256 histories."""

MATCH_BUCKETS = 32
"""Classes of match lengths."""

MIXERS = 4
"""Mixers, each with its own choice of a row of weights."""

# The rows of the weights: one block for each mixer, see mixer.py.
ROWS = 4 * 256 + 256 + 8 * (CONTEXTS + 1) + 256

INPUTS = 64
"""Three for each context, two for the match, a constant, two of the network: 62, rounded up."""

APM_ROWS = 1 << 16
"""Contexts of each of the two calibration maps."""

APM_KNOTS = 32
"""Values in a row of a calibration map: 25 are used, 32 fill a cache line."""

LAYOUT = np.dtype(
    [
        # How the segment is read, and what that remembers.
        ("reading", np.int64),  # its place in READINGS
        ("number", np.int64),  # and its number
        *readings.FIELDS,
        # Where we are in the byte.
        ("partial", np.int64),  # the bits so far, after a leading 1
        ("bit", np.int64),  # how many these are
        ("node", np.uint64),  # the same within half a byte: the index into a line
        ("hashes", np.uint64, CONTEXTS),  # the contexts
        # slots.py
        ("places", np.uint64, CONTEXTS),  # where lines of the half byte to come may be
        ("buckets", np.uint64, CONTEXTS),  # and where runs
        ("tags", np.uint32, CONTEXTS),
        ("lines", np.uint64, CONTEXTS),  # where those of this one are, or would go
        ("runs", np.uint64, CONTEXTS),  # the same; 0 for what has a line
        ("cache", np.uint32, (CONTEXTS, LINE)),  # their slots
        ("hits", np.int64),  # how many are not new
        # ngram.py
        ("slots", np.uint32, CONTEXTS),
        ("rates", np.int32, CONTEXTS),
        ("stretched", np.uint32, CONTEXTS),
        ("indirect", np.uint32, CONTEXTS),
        ("history_map", np.int32, CONTEXTS * HISTORIES),
        # match.py
        ("recent", np.uint64),  # hash of the last 32 bytes
        ("match_at", np.int64),
        ("match_length", np.int64),
        ("match_byte", np.int64),
        ("match_bucket", np.int64),  # 0: no match
        ("match_bit", np.int64),  # -1: no match, or it has failed within this byte
        ("match_map", np.int32, MATCH_BUCKETS),
        # network
        ("network", np.int64),  # 1 if there is one
        ("trees", np.int64, (2, 512)),  # sums over the byte's binary tree: trained, and adapted
        # mixer.py
        ("inputs", np.int32, INPUTS),
        ("rows", np.int64, MIXERS),
        ("weights", np.int32, (ROWS, INPUTS)),
        ("odds", np.int64, MIXERS + 2),
        ("final_weights", np.int32, (256, MIXERS + 2)),
        ("probability", np.int64),
        ("apm_rows", np.uint64, 2),  # indices of their first knots
        ("apm_knots", np.uint64, 2),  # indices of the knots used
        ("apm", np.uint16, 2 * APM_ROWS * APM_KNOTS),
    ],
    align=True,
)

STATE_BYTES = LAYOUT.itemsize

FITTED = ("history_map", "match_map", "weights", "final_weights")
"""The fields that start from values fitted before release."""


def shape_of(field: str) -> tuple[int, ...]:
    """Return the shape of an array in a state."""
    return LAYOUT[field].shape


def new_state(fitted: dict[str, NDArray[np.int32]], apm: NDArray[np.uint16]) -> State:
    """Return a state at the start of a segment. `apm` is a row of the calibration maps."""
    array = np.zeros(1, dtype=LAYOUT)
    for name in FITTED:
        array[name][0] = fitted[name]
    array["apm"][0].reshape(-1, APM_KNOTS)[:] = apm
    return _Interpreted(array[0]) if INTERPRETED else array[0]


class _Interpreted:
    """A state without numba's compiler, to which a record's fields are attributes of it."""

    def __init__(self, record: np.void) -> None:
        object.__setattr__(self, "_record", record)

    def __getattr__(self, name: str) -> Any:
        return self._record[name]

    def __setattr__(self, name: str, value: Any) -> None:
        self._record[name] = value

    __getitem__ = __getattr__
    __setitem__ = __setattr__
