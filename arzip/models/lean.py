"""Reading leanly: a model without a network has fewer contexts and phases of some readings.

They are the first ones, and start as they do where there are all. `swift` is to be quick: what is
left out here takes a tenth to a quarter of the time, and is worth 0.3 % of text, and of others.
"""

import numpy as np

from arzip.models.bits.state import COUNTS, after_counts, shapes
from arzip.models.model import Bank
from arzip.readings.reading import LEAN, Reading

__all__ = ["leaned"]


def leaned(packed: Bank, reading: Reading) -> Bank:
    """Return as much of a bank, as a file has it, as a lean model starts from."""
    usual, size = reading.size(), reading.size(LEAN)
    first, _, guesses = after_counts(usual)
    contexts = [COUNTS + k * usual.contexts + i for k in range(3) for i in range(size.contexts)]
    kept = [*range(COUNTS), *contexts, *range(first, guesses + usual.guesses)]
    shape = shapes(size)
    weights = np.zeros(shape["weights"], dtype=packed["weights"].dtype)
    weights[:, : len(kept)] = packed["weights"][: len(weights), kept]
    return packed | {
        "history_map": packed["history_map"][: shape["history_map"][0]],
        "weights": weights,
        "final_weights": packed["final_weights"][:, : shape["final_weights"][1]],
    }
