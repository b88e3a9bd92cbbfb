"""What predicts the bytes of one segment: all that the compiled functions read and change."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arzip.models import memory
from arzip.models.fast.contexts import strides
from arzip.models.fast.layout import BANKS, FITTED, STATE_BYTES, Fitted, State, new_state
from arzip.models.fast.match import NEIGHBOURS
from arzip.models.fast.table import BUCKET, LINE
from arzip.readings import Chosen

__all__ = ["Predictor", "bank_of", "memory_needed", "new_predictor"]

MOST_LINES = 1 << 21  # 32 MiB
MOST_RUNS = 1 << 20
MOST_POSITIONS = 1 << 20


class Predictor(NamedTuple):
    """The model at one place in a segment."""

    state: State
    """All that has one size: see layout.py."""
    table: NDArray[np.uint8]
    """The lines of table.py, and an empty one."""
    runs: NDArray[np.uint32]
    """The runs of table.py."""
    positions: NDArray[np.int32]
    """Where the last bytes stood before, for match.py."""
    data: NDArray[np.uint8]
    """The bytes so far are data[: state.position]; then come those to encode, or room."""

    @property
    def position(self) -> int:
        """The number of bytes so far."""
        return int(self.state["position"])

    def with_data(self, data: NDArray[np.uint8]) -> "Predictor":
        """Return the same predictor over an array that begins with the same bytes."""
        return self._replace(data=data)

    def fork(self) -> "Predictor":
        """Return a second predictor that goes on from here by itself."""
        return Predictor(
            self.state.copy(),
            memory.copied(self.table),
            memory.copied(self.runs),
            memory.copied(self.positions),
            self.data.copy(),
        )

    def read_on(self, chosen: Chosen, banks: dict[str, Fitted]) -> None:
        """Read what comes in the chosen way.

        `banks` gets what the bank so far has learned, and has the values of the next one.
        """
        state = self.state
        old, new = BANKS[not state["is_text"]], bank_of(chosen)
        if new != old:
            banks[old] = {name: state[name].copy() for name in FITTED}
            state["learned"] = 0
            for name, values in banks[new].items():
                state[name] = values
        state["is_text"], state["near"], state["far"] = strides(chosen)


def bank_of(chosen: Chosen) -> str:
    """Return the name of the fitted values to begin with."""
    is_text, _, _ = strides(chosen)
    return BANKS[not is_text]


def new_predictor(banks: dict[str, Fitted], n: int, chosen: Chosen) -> Predictor:
    """Return a predictor before the first byte of a segment of n bytes, which are to be added."""
    predictor = Predictor(
        new_state(banks[bank_of(chosen)]),
        memory.zeros((_lines(n) + 1) * LINE, np.uint8),
        memory.zeros(_runs(n), np.uint32),
        memory.zeros(_places(n), np.int32),
        np.zeros(0, dtype=np.uint8),
    )
    state = predictor.state
    state["is_text"], state["near"], state["far"] = strides(chosen)
    return predictor


def memory_needed(n: int) -> int:
    """Return the bytes that a predictor for n bytes takes, and these, as they are and as read."""
    return LINE * (_lines(n) + 1) + 4 * (_runs(n) + _places(n)) + STATE_BYTES + 2 * n


def _lines(n: int) -> int:
    """Return the lines in the table: 4 a byte, within bounds."""
    return _room(4 * n, MOST_LINES)


def _runs(n: int) -> int:
    return BUCKET * _room(n // 2, MOST_RUNS // BUCKET)


def _places(n: int) -> int:
    return NEIGHBOURS * _room(n // 8, MOST_POSITIONS // NEIGHBOURS)


def _room(n: int, most: int) -> int:
    """Return a power of 2 that is at least n, within bounds."""
    return min(max(1 << (n - 1).bit_length(), 1 << 8), most)
