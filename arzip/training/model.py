"""A model made of a trained network and the fitted values of a built-in model."""

import math

import numpy as np
from numpy.typing import NDArray

from arzip.models import registry
from arzip.models.parameters import LONGEST_NAME, NETWORK, PREFACE, Parameters
from arzip.training import export
from arzip.training.networks import Network

__all__ = ["model_of"]


def model_of(
    network: Network, name: str, bits_per_byte: dict[str, float], preface: NDArray[np.uint8]
) -> Parameters:
    """Return the model, without its known answers; its name without unprintable characters.

    `bits_per_byte` is by source. Raises ModelError.
    """
    built_in = registry.read("base" if "base" in registry.names() else "swift")
    tensors = {
        name: tensor for name, tensor in built_in.tensors.items() if not name.startswith(NETWORK)
    }
    tensors |= {NETWORK + name: tensor for name, tensor in export.tensors(network).items()}
    if preface.size:
        tensors[PREFACE] = preface
    about = {
        "description": f"adaptive experts and a trained {network.config.architecture} of "
        f"{network.config.layers} x {network.config.hidden} units"
        + (f", after a preface of {preface.size:,} bytes" if preface.size else ""),
        "bits_per_byte": {
            name: bits for name, bits in bits_per_byte.items() if math.isfinite(bits)
        },
    }
    printed = "".join(char for char in name if char.isprintable())[:LONGEST_NAME]
    return Parameters(printed or "unnamed", built_in.version, tensors, (), about)
