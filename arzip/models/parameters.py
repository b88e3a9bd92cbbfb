"""A model's parameters in a file: safetensors, with a digest that is the model's identity.

No code is ever loaded from such a file. Tensors are named `kind.field` and hold 16-bit numbers, or
`network.` and a name of neural.py or transformer.py; `preface` holds bytes. The digest is over the
model's name and version and every tensor's name, type, shape and bytes. What the metadata adds (a
description, the known answers) is not part of it.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arzip.errors import ModelError
from arzip.models.state import shape_of

__all__ = [
    "NETWORK",
    "PREFACE",
    "SHIFTS",
    "Parameters",
    "claimed_identity",
    "pack",
    "read",
    "write",
]

SHIFTS = {"history_map": 6, "match_map": 6, "weights": 5, "final_weights": 4}
"""A field is its tensor times 2**shift: 16 bits carry all that was learned."""

NETWORK = "network."
"""Starts the names of the neural expert's tensors."""

PREFACE = "preface"
"""The name of the tensor that holds a text to read before each segment."""

LONGEST_PREFACE = 1 << 20

IDENTITY_BYTES = 4


@dataclass(frozen=True)
class Parameters:
    """What a file holds."""

    name: str
    version: int
    tensors: Mapping[str, NDArray[Any]]
    answers: tuple[bytes, ...]
    """What the model codes its own samples to."""
    about: Mapping[str, object]
    """For people: a description, the training data, bits/byte."""

    @cached_property
    def digest(self) -> str:
        """SHA-256, in hex."""
        state = hashlib.sha256(f"{self.name} {self.version}\n".encode())
        for name, tensor in sorted(self.tensors.items()):
            state.update(f"{name} {tensor.dtype.str} {tensor.shape}\n".encode())
            state.update(tensor.tobytes())
        return state.hexdigest()

    @property
    def identity(self) -> bytes:
        """The first bytes of the digest, as files carry them."""
        return bytes.fromhex(self.digest)[:IDENTITY_BYTES]

    @property
    def network(self) -> dict[str, NDArray[Any]]:
        """The tensors of the neural expert, if there is one: those of neural.tensors_of."""
        return {
            name.removeprefix(NETWORK): tensor
            for name, tensor in self.tensors.items()
            if name.startswith(NETWORK)
        }

    @property
    def preface(self) -> NDArray[np.uint8]:
        """The text to read before each segment of text; most models have none: no bytes.

        Raises ModelError if it is something else, or too long.
        """
        preface = self.tensors.get(PREFACE, np.zeros(0, dtype=np.uint8))
        if preface.dtype != np.uint8 or preface.ndim != 1 or preface.size > LONGEST_PREFACE:
            raise ModelError(f"model {self.name!r} has a preface that does not fit: it is unfit")
        return preface.copy()

    def fields(self, kind: str) -> dict[str, NDArray[np.int32]]:
        """The fields of a state of this kind, as coding needs them.

        Raises ModelError if one is missing or of another shape.
        """
        fields = {}
        for field, shift in SHIFTS.items():
            tensor = self.tensors.get(f"{kind}.{field}")
            if tensor is None or tensor.dtype.itemsize != 2 or tensor.shape != shape_of(field):
                raise ModelError(
                    f"model {self.name!r} lacks a {kind}.{field} that fits: it is unfit"
                )
            fields[field] = tensor.astype(np.int32) << shift
        return fields


def pack(fields: Mapping[str, NDArray[np.int32]], kind: str) -> dict[str, NDArray[Any]]:
    """The tensors of one kind: fields() undoes it, but for the bits shifted out."""
    packed: dict[str, NDArray[Any]] = {}
    for field, shift in SHIFTS.items():
        dtype = np.uint16 if field.endswith("map") else np.int16
        bounds = np.iinfo(dtype)
        packed[f"{kind}.{field}"] = (
            (fields[field] >> shift).clip(bounds.min, bounds.max).astype(dtype)
        )
    return packed


def write(path: Path, parameters: Parameters) -> None:
    """Write the file, its digest and known answers with it, whole or not at all. Raises OSError."""
    from safetensors.numpy import save

    metadata = {
        "name": parameters.name,
        "version": str(parameters.version),
        "digest": parameters.digest,
        "answers": json.dumps([answer.hex() for answer in parameters.answers]),
        "about": json.dumps(dict(parameters.about)),
    }
    packed = save({name: np.asarray(t) for name, t in parameters.tensors.items()}, metadata)
    temporary = path.with_name(f".{path.name}.arz-tmp")
    with temporary.open("wb") as file:
        file.write(packed)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def read(path: Path) -> Parameters:
    """Read a file and check its digest. Raises ModelError if it is damaged or no model."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            parameters = Parameters(
                name=metadata["name"],
                version=int(metadata["version"]),
                tensors={name: file.get_tensor(name) for name in file.keys()},  # noqa: SIM118
                answers=tuple(bytes.fromhex(hexed) for hexed in json.loads(metadata["answers"])),
                about=json.loads(metadata["about"]),
            )
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path} is not a model of arzip's, or is damaged") from error
    if parameters.digest != metadata.get("digest"):
        raise ModelError(f"{path} is damaged: its digest does not match; restore it from a copy")
    return parameters


def claimed_identity(path: Path) -> bytes:
    """The identity that a file says it has, which `read` checks. Raises ModelError as it does."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            return bytes.fromhex(file.metadata()["digest"])[:IDENTITY_BYTES]
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path} is not a model of arzip's, or is damaged") from error
