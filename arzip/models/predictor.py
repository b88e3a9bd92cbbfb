"""What predicts the bytes of one segment: all that the compiled functions read and change."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arzip.models import memory
from arzip.models.bits import mixer
from arzip.models.bits.state import (
    LAYOUTS,
    LINE,
    breadth_of,
    fitted_of,
    new_state,
    read_by,
    set_fitted,
)
from arzip.models.network import running
from arzip.models.network.networks import Network
from arzip.models.network.running import RunningNetwork
from arzip.readings import READINGS, Chosen
from arzip.readings.reading import BROAD, USUAL, Reading, State

__all__ = ["Fitted", "Predictor", "bank_of", "memory_needed", "new_predictor"]

MOST_LINES = 1 << 21
MOST_POSITIONS = 1 << 22

Fitted = dict[str, NDArray[Any]]
"""The fields of a state that start from fitted values, by name."""


WITH_NETWORK = "+network"


def bank_of(reading: Reading, with_network: bool) -> str:
    """Return the name of the fitted values to begin with."""
    return reading.name + WITH_NETWORK * with_network


class Predictor(NamedTuple):
    """A model at one place in a segment."""

    state: State
    """All that has one size: see bits/state.py."""
    table: NDArray[np.uint32]
    """The lines and runs of bits/slots.py."""
    positions: NDArray[np.int32]
    """Where the last bytes stood before, for bits/match.py."""
    data: NDArray[np.uint8]
    """The bytes so far are data[: state.position]; then come those to encode, or room."""
    network: RunningNetwork | None

    @property
    def position(self) -> int:
        """The number of bytes so far."""
        return int(self.state["position"])

    def with_data(self, data: NDArray[np.uint8]) -> "Predictor":
        """Return the same predictor over an array that begins with the same bytes."""
        return self._replace(data=data)

    def fits(self, n: int) -> bool:
        """Return whether its tables have the sizes for a segment of n bytes."""
        broad = breadth_of(self.state) == BROAD
        return (self.table.size, self.positions.size) == (_slots(n, broad), _places(n, broad))

    def read_on(self, chosen: Chosen, banks: dict[str, Fitted]) -> None:
        """Read what comes in the chosen way.

        `banks` gets what the bank so far has learned, and has the weights of the next one.
        """
        state = self.state
        before = READINGS[int(state["reading"])]
        old = bank_of(before, bool(state["network"]))
        new = bank_of(chosen.reading, self.network is not None and chosen.with_network)
        if new != old:
            banks[old] = fitted_of(state, before) | {"learned": np.array(state["learned"])}
            set_fitted(state, chosen.reading, banks[new])
            state["learned"] = banks[new].get("learned", 0)
        self._read_by(chosen)
        state["span_start"] = state["position"]

    def _read_by(self, chosen: Chosen) -> None:
        read_by(self.state, chosen.reading, chosen.which, chosen.numbers)
        self.state["network"] = self.network is not None and chosen.with_network

    def fork(self) -> "Predictor":
        """Return a second predictor that goes on from here by itself. It shares the data."""
        return Predictor(
            self.state.copy(),
            memory.copied(self.table),
            memory.copied(self.positions),
            self.data,
            running.fork(self.network) if self.network else None,
        )


def new_predictor(
    fitted: Fitted,
    n: int,
    chosen: Chosen,
    network: Network | None = None,
    *,
    sparse: bool = False,
    breadth: int = USUAL,
) -> Predictor:
    """Return a predictor before the first byte of a segment of n bytes, which are to be added.

    `sparse` tables take memory where they are written to only, and are slower if they fill.
    """
    zeros = memory.sparse_zeros if sparse else memory.zeros
    broad = breadth == BROAD
    predictor = Predictor(
        new_state(mixer.apm_row(), breadth),
        zeros(_slots(n, broad), np.uint32),
        zeros(_places(n, broad), np.int32),
        np.zeros(0, dtype=np.uint8),
        running.start(network) if network else None,
    )
    predictor._read_by(chosen)
    set_fitted(predictor.state, chosen.reading, fitted)
    if predictor.network:  # what it says before it has heard anything
        predictor.state["trees"][0] = predictor.network.activations.tree
        predictor.state["trees"][1] = predictor.network.output_layer.tree
    return predictor


def memory_needed(n: int, network: Network | None, breadth: int = USUAL) -> int:
    """Return the bytes that a predictor for n bytes takes, and these, as they are and as read."""
    tables = 4 * (_slots(n, breadth == BROAD) + _places(n, breadth == BROAD))
    state = LAYOUTS[breadth].itemsize
    return tables + state + (running.memory_needed(network) if network else 0) + 2 * n


def _slots(n: int, broad: bool) -> int:
    """Return the slots in the table: 2 lines a byte, within bounds, and as many for runs.

    Broad readings have twice as many contexts, and twice as many lines.
    """
    return 2 * LINE * _room(2 * n << broad, MOST_LINES << broad)


def _places(n: int, broad: bool) -> int:
    """Return the entries of the table of positions: 1 a byte, as a power of 2, within bounds."""
    return _room(n, MOST_POSITIONS << broad)


def _room(n: int, most: int) -> int:
    """Return a power of 2 that is at least n, within bounds."""
    return min(max(1 << (n - 1).bit_length(), 1 << 10), most)
