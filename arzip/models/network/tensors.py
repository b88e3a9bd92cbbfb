"""What a network's tensors must be, so that no sum of them leaves its 32 bits."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arzip.errors import ModelError
from arzip.models.numbers.intrinsics import LARGEST_PAIR

__all__ = [
    "LARGEST_CELL",
    "LARGEST_SUM",
    "MOST_LAYERS",
    "check_pairs",
    "check_sums",
    "check_tensors",
]

MOST_LAYERS = 16

LARGEST_SUM = (1 << 26) - 1
"""In Q12 of a row: sums of a few of them stay in 32 bits."""

LARGEST_CELL = 16 << 15
"""An LSTM's cell is cut to +-16, in Q15."""

LARGEST_SCALE = (1 << 19) - 1
"""Eight: what becomes of a row's scale, for its products, stays in 32 bits."""


def check_tensors(
    tensors: Mapping[str, NDArray[Any]],
    wanted: Mapping[str, tuple[type[np.generic], tuple[int, ...]]],
) -> None:
    """Raise ModelError unless the tensors are those, and cells within their bounds."""
    for name in sorted(set(tensors) | set(wanted)):
        if name not in wanted:
            raise ModelError(f"the network has an unknown tensor {name}")
        if name not in tensors:
            raise ModelError(f"the network lacks the tensor {name}")
        dtype, shape = wanted[name]
        tensor = tensors[name]
        if tensor.dtype != dtype or tensor.shape != shape:
            raise ModelError(
                f"the network's {name} is {tensor.dtype} of shape {tensor.shape}, where "
                f"{np.dtype(dtype)} of shape {shape} is due"
            )
        if (
            name.endswith("start_cell")
            and not (np.abs(tensor.astype(np.int64)) <= LARGEST_CELL).all()
        ):
            raise ModelError(f"the network's {name} is not within +-16")


def check_sums(tensors: Mapping[str, NDArray[Any]], scales: Iterable[str]) -> None:
    """Raise ModelError if a sum of the matrices with these scales, and a bias, may leave its 32
    bits, for a vector within +-1, or +-8 where it is a projection.
    """
    for name in scales:
        matrix = tensors[name.replace(".scale", ".weight").removesuffix("_scale")]
        projected = name.endswith("recurrent_scale") and "layers.0.project" in tensors
        sums = np.abs(matrix.astype(np.int64)).sum(axis=1) << (15 if projected else 12)
        products = sums * np.abs(tensors[name].astype(np.int64)) >> 16
        biases = np.abs(tensors[name.removesuffix("scale") + "bias"].astype(np.int64))
        scaled = np.abs(tensors[name].astype(np.int64)) <= LARGEST_SCALE
        if not (scaled & (products + biases < LARGEST_SUM)).all():
            raise ModelError(f"the network's {name} or its biases are too large for 32 bits")


def check_pairs(tensors: Mapping[str, NDArray[Any]]) -> None:
    """Raise ModelError if neighbouring weights of a row are too large together for 16 bits."""
    for name, tensor in tensors.items():
        if tensor.dtype == np.int8:
            sizes = np.abs(tensor.astype(np.int16))
            sizes = np.pad(sizes, ((0, 0), (0, sizes.shape[1] % 2)))
            if (sizes[:, ::2] + sizes[:, 1::2]).max(initial=0) > LARGEST_PAIR:
                raise ModelError(
                    f"the network's {name} has neighbouring weights of more than {LARGEST_PAIR}"
                )
