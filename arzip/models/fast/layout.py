"""All that a predictor of `fast` knows while it codes a segment, as one record of fixed layout.

Beside it go four arrays whose size depends on the segment: the lines and runs of table.py, the
positions of match.py, and the bytes so far.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from arzip.engine.records import only_record
from arzip.models import memory
from arzip.models.bits.odds import LIMIT, ONE, PROBABILITY_BITS, SQUASH
from arzip.models.fast.histories import ONES
from arzip.models.numbers.intrinsics import SHORTS as INPUTS

__all__ = [
    "BANKS",
    "CONTEXTS",
    "FITTED",
    "INPUTS",
    "KNOTS",
    "LAYOUT",
    "LENGTHS",
    "MAP_ROWS",
    "MATCH",
    "RUN",
    "RUNS",
    "RUN_COUNTS",
    "STATE_BYTES",
    "TRUSTS",
    "Fitted",
    "State",
    "new_state",
    "unfitted",
]

State = Any
"""A record of LAYOUT: numba's types are not Python's."""

CONTEXTS = 8
"""Contexts with histories. The first one is the last byte, which needs no hash."""

RUNS = 2
"""Contexts of which only the last byte that followed is known, and how often it did in a row."""

RUN_COUNTS = 16
"""Counts of a run that are told apart."""

RUN, MATCH, CONSTANT = CONTEXTS, CONTEXTS + RUNS, CONTEXTS + RUNS + 2
"""The first of the inputs: one a context, one a run, two of the match, a constant; then zeros."""

LENGTHS = 32
"""Classes of a match's length; 0 is no match."""

TRUSTS = 3 + RUNS + 1
"""A match of three classes of lengths; or none, and how many runs expect something."""

KNOTS = 32
"""Values in a row of a calibration map: 25 are used, 32 fill a cache line."""

MAP_ROWS = (1 << 16, 1 << 14)
"""Of the two calibration maps."""

BANKS = ("text", "other")
"""What is read as text starts from fitted values of its own."""

Fitted = dict[str, NDArray[Any]]
"""The fields that start from fitted values, by name."""

_FITTED = (
    ("history_map", np.uint16, (CONTEXTS, 256)),  # what a history means in a context: Q16
    ("run_map", np.uint16, (RUNS, RUN_COUNTS)),  # how often runs go on
    ("match_map", np.uint16, LENGTHS),  # how often a match gives the next bit
    ("sure_map", np.uint16, LENGTHS),  # and the next byte, if it is trusted alone
    ("by_bits", np.int16, (TRUSTS * 256, INPUTS)),  # weights in Q14, by the bits and who speaks
    ("by_byte", np.int16, (256, INPUTS)),  # others, to be added to these: by the last byte
)

FITTED = tuple(name for name, *_ in _FITTED)

LAYOUT = np.dtype(
    [
        ("position", np.int64),  # bytes seen
        ("learned", np.int64),  # those since the fitted values were as they came
        ("open", np.int64),  # 1 if the last byte was predicted bit by bit, and is to be learned
        ("history", np.uint64),  # the last 8 bytes, the last one lowest
        # contexts.py
        ("is_text", np.int64),
        ("near", np.int64),  # else the bytes to the number before
        ("far", np.int64),  # and to the one above
        ("words", np.uint64, 2),  # hashes of this word and the one before
        ("line_start", np.int64),
        ("line_before", np.int64),
        ("hashes", np.uint64, (2, CONTEXTS)),  # the contexts, for each half of the byte
        ("run_hashes", np.uint64, RUNS),
        # table.py
        ("places", np.uint64, (2, CONTEXTS)),  # the first place where a line may be
        ("lines", np.uint64, (2, CONTEXTS)),  # where it is
        ("homes", np.uint64, (2, CONTEXTS)),  # where it will be: the same, or in place of another
        ("tags", np.uint8, (2, CONTEXTS)),
        ("runs", np.uint64, RUNS),  # where runs are, or will be
        ("run_tags", np.uint32, RUNS),
        ("run_counts", np.int64, RUNS),  # 0: there is none
        ("run_bytes", np.int64, RUNS),
        # match.py
        ("candidate", np.int64),  # where the bytes before the last one stood
        ("neighbours", np.uint64),  # the positions among which the next one will be
        ("match_at", np.int64),
        ("match_length", np.int64),
        ("length_class", np.int64),
        ("class_before", np.int64),  # that of the last byte
        ("expected", np.int64),  # the byte there; -1 without a match
        ("hit", np.uint64),  # the expected byte and the last one
        ("hits", np.uint16, 1 << 16),  # how often such a byte came, in Q16
        ("is_sure", np.int64),  # 1 if that is enough to ask first whether it comes
        # coding.py: what each bit was predicted from
        ("inputs", np.int16, (8, INPUTS)),
        ("seen", np.uint8, (8, CONTEXTS)),  # histories
        ("rows", np.uint64, 8),
        ("odds", np.int64, 8),
        ("match_bits", np.int64, 8),  # -1 for none
        ("knots", np.uint64, (8, 2)),
        *_FITTED,
        ("of_last", np.uint8, (256, 256)),  # histories after each byte, by the bits so far
        ("calibration", np.uint16, sum(MAP_ROWS) * KNOTS),
    ],
    align=True,
)

STATE_BYTES = LAYOUT.itemsize


def unfitted() -> Fitted:
    """Return values from first principles: equal trust in all, histories at face value."""
    history_map = np.full((CONTEXTS, 256), 1 << 15, dtype=np.uint16)
    history_map[:, : ONES.size] = ONES
    weights = np.zeros(INPUTS, dtype=np.int16)
    weights[:MATCH] = (1 << 14) // 7
    weights[MATCH : MATCH + 2] = (1 << 14) // 10
    lengths = np.arange(LENGTHS)
    return {
        "history_map": history_map,
        "run_map": np.tile(65535 - 32768 // (np.arange(RUN_COUNTS) + 1), (RUNS, 1)).astype("u2"),
        "match_map": (65535 - 65535 // (lengths + 2)).astype("u2"),
        "sure_map": (65535 - 65535 // (8 * lengths + 16)).astype("u2"),
        "by_bits": np.tile(weights, (TRUSTS * 256, 1)),
        "by_byte": np.tile(weights, (256, 1)),
    }


def new_state(fitted: Fitted) -> State:
    """Return a state at the start of a segment."""
    array = memory.zeros(1, LAYOUT)
    for name in FITTED:
        array[name][0] = fitted[name]
    array["hits"] = 64800
    array["inputs"][..., CONSTANT] = 256
    knots = (np.arange(KNOTS) << 8).clip(0, 2 * LIMIT)
    changes_nothing = (SQUASH[knots] >> (PROBABILITY_BITS - 16)).clip(0, (ONE >> 6) - 1)
    array["calibration"][0].reshape(-1, KNOTS)[:] = changes_nothing
    return only_record(array)
