"""The next byte's probabilities, as a binary tree of sums.

    p(w_{t+1} | w_<=t) = Softmax(logits)

The softmax is left as weights, whole numbers of 2**-28, and their sums over the nodes of the byte's
binary tree: node k has the children 2k and 2k + 1, byte b is the leaf 256 + b. So `node_odds` gives
the mixer a prediction of each bit.
"""

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i32
from arzip.models.network.functions import log_odds, weight

__all__ = ["BYTES", "node_odds", "softmax"]

BYTES = 256


@compiled
def softmax(logits: NDArray[np.int32], tree: NDArray[np.int64]) -> None:
    """Set the tree: e^(logit - largest logit) in units of 2**-28, at least 1, and their sums."""
    largest = logits[0]
    for j in range(BYTES):
        largest = max(largest, logits[j])
    leaves = tree[BYTES:]
    for j in range(BYTES):
        leaves[j] = weight(i32(largest - logits[j]))
    size = BYTES
    while size > 1:  # level by level, whose sums do not depend on each other
        below, size = tree[size : 2 * size], size >> 1
        level = tree[size : 2 * size]
        for k in range(size):
            level[k] = below[2 * k] + below[2 * k + 1]


@compiled
def node_odds(tree: NDArray[np.int64], partial: int) -> int:
    """Return log-odds in Q8, within +-2047, that the next bit is 1, after the bits of `partial`.

    These follow a leading 1, as in state.py: `partial` is a node of the tree.
    """
    return log_odds(tree[2 * partial + 1], tree[2 * partial])
