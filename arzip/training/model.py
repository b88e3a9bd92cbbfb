"""From a trained network to a model: the network beside the fitted parameters of a built-in one."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from arzip import models
from arzip.models import mixed
from arzip.models.parameters import NETWORK, PREFACE, Parameters
from arzip.training import export
from arzip.training.networks import Network

__all__ = ["write_model"]


def write_model(
    path: Path, network: Network, bits_per_byte: dict[str, float], preface: NDArray[np.uint8]
) -> None:
    """Write the model to `path`, named after it. Raises OSError, ModelError."""
    mixture = models.read("base" if "base" in models.names() else "swift")
    tensors = {
        name: tensor for name, tensor in mixture.tensors.items() if not name.startswith(NETWORK)
    }
    tensors |= {NETWORK + name: tensor for name, tensor in export.tensors(network).items()}
    if preface.size:
        tensors[PREFACE] = preface
    about = {
        "description": f"adaptive experts and a trained {network.config.architecture} of "
        f"{network.config.layers} x {network.config.hidden} units"
        + (f", after a preface of {preface.size:,} bytes" if preface.size else ""),
        "bits_per_byte": bits_per_byte,
    }
    made = Parameters(path.stem, mixture.version, tensors, (), about)
    mixed.write(path, made)
