"""Cells of a table: what stands between commas, tabs, semicolons and bars, unless in quotes."""

import numpy as np

from arzip.engine.compiled import compiled, u64
from arzip.readings.past import hash_pair
from arzip.readings.reading import Field, State

__all__ = ["FIELDS", "read"]

_ENDS = np.zeros(256, dtype=np.int64)
_ENDS[list(b",\t;|")] = 1

FIELDS: tuple[Field, ...] = (
    ("cell_number", np.int64),  # in the line
    ("cell", np.uint64),  # a hash of its bytes so far
    ("cell_quoted", np.int64),  # 1 after an odd number of quotes in the line
)


@compiled
def read(state: State, last: int) -> None:
    """Take in the last byte."""
    if last == 34:
        state.cell_quoted ^= 1
    if last == 10:
        state.cell_number = state.cell_quoted = 0
        state.cell = u64(0)
    elif _ENDS[last] and not state.cell_quoted:
        state.cell_number += 1
        state.cell = u64(0)
    else:
        state.cell = hash_pair(state.cell, u64(last))
