"""A model's parameters in a file: safetensors, with a digest that is the model's identity.

No code is ever loaded from such a file. Tensors named `bank.field` hold 16-bit numbers, those
named `network.` and a name of recurrent.py or transformer.py a network, `preface` holds bytes. The
digest is over the model's name, version and kind and every tensor's name, type, shape and bytes.
Other metadata (a description, the known answers) is not part of it.

A file may name another model, whose file lies beside it, for all tensors that it lacks: `base` has
those of `swift`, where its network stays out. The digest covers them as if they were its own.
"""

import hashlib
import json
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arzip.errors import ModelError
from arzip.models.bits.state import more_shapes, shapes
from arzip.readings.reading import Reading
from arzip.system.newfile import NewFile

__all__ = [
    "LONGEST_NAME",
    "NETWORK",
    "PREFACE",
    "Parameters",
    "claimed_identity",
    "pack",
    "read",
    "to_bytes",
    "widened",
    "write",
]

TYPES: dict[str, type[np.uint16 | np.int16]] = {
    "history_map": np.uint16,
    "match_map": np.uint16,
    "weights": np.int16,
    "final_weights": np.int16,
    "more_history": np.uint16,
    "more_weights": np.int16,
    "more_final": np.int16,
}
"""Of a field's tensor. With the shift the type is also its range, and the range that coding needs:
a map's entry is a probability from 0 to below 1, whose upper bits are an index into a table; a
weight is at most 2**20, so that its products with inputs below 2**11 fit in 32 bits; a final weight
at most 2**19, and its products have 64."""

SHIFTS = {
    "history_map": 6,
    "match_map": 6,
    "weights": 5,
    "final_weights": 4,
    "more_history": 6,
    "more_weights": 5,
    "more_final": 4,
}
"""A field is its tensor times 2**shift: 16 bits carry all that was learned."""

NETWORK = "network."
"""Starts the names of the network's tensors."""

PREFACE = "preface"
"""The name of the tensor that holds a text to read before each segment."""

LONGEST_PREFACE = 1 << 20

LARGEST_FILE = 1 << 30
"""Bytes. The largest network that may be takes half of that."""

STORED_TYPES = ("I8", "U8", "I16", "U16", "I32")
"""As safetensors calls what tensors may hold. No others are read: some of them numpy lacks."""

LONGEST_NAME = 255
"""Characters."""

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
    shares: str = ""
    """The model beside it, if any, whose tensors a file does not repeat."""
    kind: str = "hybrid"
    """What computes it: see model.ReadingModel.KIND."""

    @cached_property
    def digest(self) -> str:
        """SHA-256, in hex."""
        kind = "" if self.kind == Parameters.kind else f" {self.kind}"
        state = hashlib.sha256(f"{self.name} {self.version}{kind}\n".encode())
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
        """The tensors of the network, none if there is none."""
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

    def tensor(self, name: str, dtype: "np.dtype[Any]", shape: tuple[int, ...]) -> NDArray[Any]:
        """Return a tensor. Raises ModelError if it is missing, or of another type or shape."""
        tensor = self.tensors.get(name)
        if tensor is None or tensor.dtype != dtype or tensor.shape != shape:
            raise ModelError(f"model {self.name!r} lacks a {name} that fits: it is unfit")
        return tensor

    def bank(self, wanted: str, else_: str, field: str = "weights") -> str:
        """Return the name of a bank, or of another one where that one's field is missing."""
        return wanted if f"{wanted}.{field}" in self.tensors else else_

    def packed(self, reading: Reading, bank: str, *, more: bool = False) -> dict[str, NDArray[Any]]:
        """Return the fields of a state from which this reading starts, as the file has them.

        They are as large as the reading needs; or those of reading it broadly, if there is `more`.

        `bank` is the reading's name, with WITH_NETWORK for the values to start from beside one.

        Raises ModelError if one is missing, or of another type or shape.
        """
        wanted = more_shapes(reading) if more else shapes(reading.size())
        return {
            field: self.tensor(f"{bank}.{field}", np.dtype(TYPES[field]), shape)
            for field, shape in wanted.items()
        }

    def check_names(self, banks: Iterable[str]) -> None:
        """Raise ModelError if a tensor is not of these banks, the network or the preface."""
        known = {PREFACE, *(f"{bank}.{field}" for bank in banks for field in TYPES)}
        for name in self.tensors:
            if name not in known and not name.startswith(NETWORK):
                raise ModelError(f"model {self.name!r} has an unknown tensor {name!r}: it is unfit")


def widened(packed: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.int32]]:
    """Return fields as coding needs them."""
    return {name: tensor.astype(np.int32) << SHIFTS[name] for name, tensor in packed.items()}


def pack(fields: Mapping[str, NDArray[np.int32]], bank: str) -> dict[str, NDArray[Any]]:
    """Return the tensors of one bank: widened() undoes it, except for the bits shifted out."""
    packed: dict[str, NDArray[Any]] = {}
    for field, value in fields.items():
        bounds = np.iinfo(np.dtype(TYPES[field]))
        values = value >> SHIFTS[field]
        packed[f"{bank}.{field}"] = values.clip(bounds.min, bounds.max).astype(TYPES[field])
    return packed


def to_bytes(parameters: Parameters, beside: Mapping[str, NDArray[Any]] | None = None) -> bytes:
    """Return the file, with its digest and known answers, without the tensors that are `beside`."""
    from safetensors.numpy import save

    metadata = {
        "name": parameters.name,
        "version": str(parameters.version),
        "digest": parameters.digest,
        "answers": json.dumps([answer.hex() for answer in parameters.answers]),
        "about": json.dumps(dict(parameters.about)),
    }
    if parameters.kind != Parameters.kind:
        metadata["kind"] = parameters.kind
    if beside is None:
        beside = {}
    else:
        metadata["shares"] = parameters.shares
    own = {
        name: np.asarray(tensor)
        for name, tensor in parameters.tensors.items()
        if name not in beside or not np.array_equal(beside[name], tensor)
    }
    return save(own, metadata)


def write(path: Path, parameters: Parameters, *, replace: bool = False) -> None:
    """Write the file, whole or not at all.

    Raises FileExistsError if it exists and is not to be replaced, OSError, and ModelError if the
    model that it shares tensors with is not beside it.
    """
    beside = _read_beside(path, parameters.shares) if parameters.shares else None
    with NewFile(os.fspath(path), replace=replace) as new:
        new.file.write(to_bytes(parameters, beside))
        new.commit()


def read(path: Path) -> Parameters:
    """Read a file and check its digest.

    Raises ModelError if it is damaged or no model, OSError if it cannot be read.
    """
    metadata, tensors = _read(path)
    try:
        shares = metadata.get("shares", "")
        if shares:
            tensors = _read_beside(path, _file_name(shares)) | tensors
        parameters = Parameters(
            name=_name(metadata["name"]),
            version=_version(metadata["version"]),
            tensors=tensors,
            answers=_answers(json.loads(metadata["answers"])),
            about=_about(json.loads(metadata["about"])),
            shares=shares,
            kind=metadata.get("kind", Parameters.kind),
        )
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise _damaged(path) from error
    if parameters.digest != metadata.get("digest"):
        raise ModelError(f"{path} is damaged: its digest does not match; restore it from a copy")
    return parameters


def _read(path: Path) -> tuple[dict[str, str], dict[str, NDArray[Any]]]:
    """Return what is in a file. Raises ModelError, OSError as `read` does."""
    from safetensors import SafetensorError, safe_open

    if path.stat().st_size > LARGEST_FILE:
        raise ModelError(f"{path} is not a model of arzip's: it is larger than any")
    try:
        with safe_open(path, framework="numpy") as file:
            tensors = {name: _tensor(file, name) for name in file.keys()}  # noqa: SIM118
            return file.metadata() or {}, tensors
    except (SafetensorError, TypeError, ValueError) as error:
        raise _damaged(path) from error


def _read_beside(path: Path, name: str, depth: int = 2) -> dict[str, NDArray[Any]]:
    """Return the tensors of a model in the same folder, and of one that it shares with in turn.

    Raises ModelError, ValueError, OSError.
    """
    if depth == 0:
        raise ValueError("too many models that share tensors")
    beside = path.with_name(f"{name}.safetensors")
    try:
        metadata, tensors = _read(beside)
    except FileNotFoundError as error:
        raise ModelError(f"{path} needs {beside} beside it: restore it from a copy") from error
    if shares := metadata.get("shares", ""):
        tensors = _read_beside(beside, _file_name(shares), depth - 1) | tensors
    return tensors


def _damaged(path: Path) -> ModelError:
    return ModelError(f"{path} is not a model of arzip's, or is damaged")


def _name(name: str) -> str:
    """Return it. Raises ValueError unless it is one line that can be printed."""
    if not (0 < len(name) <= LONGEST_NAME and name.isprintable()):
        raise ValueError("no name for a model")
    return name


def _file_name(name: str) -> str:
    """Return it. Raises ValueError unless it names a file in the same folder."""
    if Path(name).name != name:
        raise ValueError("no name of a file")
    return _name(name)


def _version(digits: str) -> int:
    """Return it as a number. Raises ValueError unless it is written as `write` does."""
    version = int(digits)
    if str(version) != digits:
        raise ValueError("no version of a model")
    return version


def _tensor(file: Any, name: str) -> NDArray[Any]:
    """Return a tensor. Raises ValueError if no model has tensors of its type."""
    if file.get_slice(name).get_dtype() not in STORED_TYPES:
        raise ValueError(f"no type for the tensor {name}")
    tensor: NDArray[Any] = file.get_tensor(name)
    return tensor


def _answers(answers: object) -> tuple[bytes, ...]:
    """Return them as bytes. Raises ValueError, TypeError unless they are hexadecimal texts."""
    if not isinstance(answers, list):
        raise ValueError("no list of answers")
    return tuple(bytes.fromhex(answer) for answer in answers)


def _about(about: object) -> dict[str, object]:
    """Return it. Raises ValueError unless it is texts and figures by name, or tables of such."""
    if not isinstance(about, dict):
        raise ValueError("no description of a model")
    for value in about.values():
        entries = value.values() if isinstance(value, dict) else (value,)
        if not all(isinstance(entry, str | int) or _is_figure(entry) for entry in entries):
            raise ValueError("no description of a model")
    return about


def _is_figure(entry: object) -> bool:
    return isinstance(entry, float) and math.isfinite(entry)


def claimed_identity(path: Path) -> bytes:
    """Return the identity that a file claims, and `read` checks. Raises ModelError as it does."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            return bytes.fromhex(file.metadata()["digest"])[:IDENTITY_BYTES]
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise _damaged(path) from error
