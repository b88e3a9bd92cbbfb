"""The networks, as one type: made from its tensors, and stepped by compiled code.

To the rest of the model a network is its weights and its activations, of which `hidden[-1]`,
`vector`, `sums` (its last 256) and `tree` mean the same in all of them.
"""

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from arzip.models.network import recurrent, transformer

__all__ = ["Activations", "Network", "Weights", "network_of", "step"]

Network = recurrent.Recurrent | transformer.Transformer
Weights = recurrent.Weights | transformer.Weights
Activations = recurrent.Activations | transformer.Activations


def network_of(tensors: Mapping[str, NDArray[Any]]) -> Network:
    """Return the network with these tensors. Raises ModelError if they are none's."""
    if "embedding" in tensors:
        return transformer.Transformer(tensors)
    return recurrent.Recurrent(tensors)


def step(weights: Any, activations: Any, byte: int) -> None:
    """Take `byte` as the next one; then the activations' tree predicts the one after it.

    numba chooses when it compiles: see lowering.py.
    """
    if isinstance(weights, transformer.Weights):
        transformer.step(weights, activations, byte)
    else:
        recurrent.step(weights, activations, byte)
