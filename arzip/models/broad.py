"""The model `max`: `base` with a larger network, read broadly.

Text, records and x86 have the contexts of readings/breadth.py as well, in all of a second set of
mixers, whose weights start alike in all their rows. But for its network all else starts as it does
in `base`, whose tensors a file of this kind holds, or shares.
"""

import numpy as np
from numpy.typing import NDArray

from arzip.models.bits.state import ROWS_OF_MORE
from arzip.models.hybrid import HybridModel
from arzip.models.model import Bank
from arzip.models.parameters import Parameters
from arzip.models.predictor import Fitted, bank_of
from arzip.readings.reading import BROAD, Reading

__all__ = ["BroadModel", "broadened"]


class BroadModel(HybridModel):
    """Implements codec.Model. Immutable, so that threads may share it."""

    KIND = "broad"

    @property
    def breadth(self) -> int:
        """See HybridModel."""
        return BROAD

    def _taken(self, parameters: Parameters, reading: Reading, bank: str) -> Bank:
        taken = super()._taken(parameters, reading, bank)
        if reading.size(BROAD).more:
            own = parameters.bank(bank, bank_of(reading, with_network=True), "more_weights")
            taken |= parameters.packed(reading, own, more=True)
        return taken

    def _bank(self, name: str) -> Fitted:
        fitted = super()._bank(name)
        return broadened(fitted, fitted) if "more_weights" in fitted else fitted


def broadened(fitted: Fitted, more: Fitted) -> Fitted:
    """Return a bank of fitted values for reading broadly.

    `more` has the histories of more contexts, a row of weights for each of more mixers, and what is
    added to the last mixer's weights, of which those for the first mixers count half.
    """
    before = fitted["final_weights"]
    final = np.zeros((len(before), more["more_final"].size), dtype=np.int32)
    final[:, :2] = before[:, :2]
    final[:, 2 : before.shape[1]] = before[:, 2:] >> 1
    final += more["more_final"]
    usual = final.sum(axis=0, dtype=np.int64) // len(final)
    return fitted | {
        "more_history": more["more_history"],
        "more_weights": _rows(more["more_weights"]),
        "final_weights": final,
        "more_final": np.broadcast_to(usual.astype(np.int32), (2, *final.shape)),
    }


def _rows(mixers: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return all rows of each mixer's weights, for one row each."""
    return np.repeat(mixers, ROWS_OF_MORE, axis=0)
