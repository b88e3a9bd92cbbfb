"""The promises, each a function of arbitrary bytes that raises if arzip breaks it.

`container` holds arzip's reader against another one (reference_container.py), `decoder` does so
with the models that arzip has, `unpacker` and `packer` take the bytes as compressed data and as
what is told of some, `model_file` takes them as a model. What arzip may raise is an
ArzipError; everything else is a finding.
"""

import contextlib
import io
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import reference_container
import reference_recurrent
import reference_transformer
from numpy.typing import NDArray
from reference_container import RefusedError

import arzip
from arzip import codec, coder, unpacking
from arzip.codec import Model
from arzip.errors import ArzipError, FormatError, LimitError, ModelError
from arzip.format.layout import MAGIC, Header, parse_segment
from arzip.models import parameters, registry
from arzip.models.parameters import NETWORK, PREFACE, Parameters
from arzip.recovery import recover
from arzip.streams.decompressor import FramesDecompressor
from arzip.streams.policy import Policy
from arzip.unpacking import search

MOST_DATA = 1 << 14
"""Bytes that decoding may give: nothing here may take long."""

MOST_PLAIN = 1 << 18
"""Bytes that unpacking may give."""

SWIFT = registry.read("swift")
NETWORKS: tuple[dict[str, NDArray[Any]], ...] = (
    {},
    reference_recurrent.random_tensors("gru", 2, 12, seed=1),
    reference_recurrent.random_tensors("lstm", 2, 12, seed=2),
    reference_transformer.random_tensors(1, 16, 2, 16, seed=3),
)
MODELS = [
    {**SWIFT.tensors, **{NETWORK + name: tensor for name, tensor in network.items()}}
    for network in NETWORKS
]
TYPES = ("i1", "u1", "i2", "u2", "f2", "i4", "u4", "f4", "i8", "?")

_LONG = Header(True, None, b"", b"")


def container(data: bytes, model: Model) -> bytes | None:
    """Read `data` in every way there is; the result, None if it is refused."""
    expected = _expected(data, model)
    assert _whole(data, model) == expected
    assert _pieces(data, model) == expected
    # Who seeks does not read what no segment needs, such as the check of the whole.
    assert expected in (None, _sought(data, model))
    # And who takes what can be had of a damaged file gets at least all of a whole one.
    assert expected in (None, _recovered(data, model))
    return expected


def decoder(data: bytes) -> bytes | None:
    """Decode `data` with the models that arzip has; the result, None if it is refused."""
    expected = _expected(data, None)
    assert _whole(data, None) == expected
    return expected


def unpacker(data: bytes) -> bytes | None:
    """Unpack `data`; its plain data, None if nothing in it can be. What can be comes back."""
    unpacked = unpacking.unpack(data, MOST_PLAIN)
    if unpacked is None:
        assert search.take_apart(data, MOST_PLAIN, []) is None
        return None
    assert unpacked.plain.size <= MOST_PLAIN
    return unpacked.plain.tobytes()


def packer(data: bytes) -> bytes | None:
    """Pack what the first bytes of `data` tell, of the others; None if that is refused."""
    words, decoder = coder.to_words(data[:64]), np.zeros(4, dtype=np.uint64)
    coder.start(words, decoder)
    try:
        return unpacking.packed(data[64:], words, decoder, MOST_DATA, MOST_DATA)
    except FormatError:
        return None


def model_file(data: bytes) -> Model | None:
    """Load `data` as a model and code with it; the model, None if it is refused.

    What is loaded has the types and shapes that compiled code relies on, and no other tensors.
    """
    with tempfile.NamedTemporaryFile(suffix=".safetensors") as file:
        file.write(data)
        file.flush()
        try:
            model = arzip.load_model(file.name)
            types = _types(parameters.read(Path(file.name)).tensors)
            assert any(types.items() <= good.items() for good in GOOD_TYPES)
            sample = b"a model that claims to be one has to code this"
            assert arzip.decompress(arzip.compress(sample, model=model), model=model) == sample
        except ModelError:
            return None
    return model


def _types(tensors: Mapping[str, NDArray[Any]]) -> dict[str, tuple[np.dtype[Any], object]]:
    """Of each tensor its type and shape; of a preface any length will do."""
    return {
        name: (tensor.dtype, tensor.ndim if name == PREFACE else tensor.shape)
        for name, tensor in tensors.items()
    }


GOOD_TYPES = [_types({**tensors, PREFACE: np.zeros(0, np.uint8)}) for tensors in MODELS]


def _expected(data: bytes, model: Model | None) -> bytes | None:
    """What the other reader makes of `data`."""

    def decode(identity: bytes, payload: bytes, n: int, p: int) -> bytes:
        try:
            found = Policy(model, None, None).model(identity)
            return codec.decode(found, codec.UNPACKED if p else codec.MODELLED, payload, n, p)
        except ArzipError:
            raise RefusedError from None

    try:
        return reference_container.read(data, decode, MOST_DATA)
    except RefusedError:
        return None


def _whole(data: bytes, model: Model | None) -> bytes | None:
    try:
        return arzip.decompress(data, model=model, max_size=MOST_DATA)
    except ArzipError:
        return None


def _pieces(data: bytes, model: Model) -> bytes | None:
    """A few bytes at a time, and no more than a few of what they restore to."""
    size = 1 + len(data) % 7
    decompressor = FramesDecompressor(model=model, max_size=MOST_DATA)
    out = []
    try:
        for first in range(0, len(data), size):
            out.append(decompressor.decompress(data[first : first + size], 100))
            while not decompressor.needs_input:
                out.append(decompressor.decompress(b"", 100))
        out.append(decompressor.finish())
    except ArzipError:
        return None
    return b"".join(out)


def _sought(data: bytes, model: Model) -> bytes | None:
    """From the end to the start, by the index where there is one."""
    out = []
    try:
        with arzip.open(io.BytesIO(data), model=model, max_size=MOST_DATA) as file:
            at = file.seek(0, io.SEEK_END)
            while at:
                size = min(at, 4000)
                at -= size
                file.seek(at)
                out.append(file.read(size))
    except ArzipError:
        return None
    return b"".join(reversed(out))


def _recovered(data: bytes, model: Model) -> bytes | None:
    try:
        pieces = list(recover(data, model=model, max_size=MOST_DATA))
        more = list(recover(data, model=model, max_size=MOST_DATA, unverified=True))
    except LimitError:
        return None
    # In the order of the file, and what is left of the lost never takes the place of the whole.
    assert all(0 <= piece.begin <= piece.end <= len(data) for piece in pieces)
    assert [piece.data for piece in pieces] == [piece.data for piece in more]
    assert all(len(piece.unverified) <= (piece.size or 0) for piece in more)
    assert all(0 <= piece.likely <= len(piece.unverified) for piece in more)
    return b"".join(piece.data or b"" for piece in pieces)


def signed_frame(recipe: bytes, identity: bytes) -> bytes:
    """A long frame whose checks hold, however odd what is in it: behind them nothing is tried else.

    `recipe` has the segments, headers and payloads, each after a byte that says how long it is.
    """
    header = MAGIC + b"\x18" + identity
    out, index, restored, at = header + reference_container.check(header), b"", b"", 0
    count = 0
    while at < len(recipe):
        segment = recipe[at + 1 : at + 1 + recipe[at]]
        at += 1 + recipe[at]
        raw, data = _segment(segment)
        out += segment + reference_container.check(segment) + reference_container.check(data)
        index += raw
        restored += data
        count += 1
    index = bytes([count & 127]) + index
    return out + b"\x04" + index + reference_container.trailer(index, restored)


def _segment(segment: bytes) -> tuple[bytes, bytes]:
    """Its header, if that is one, and its data, if no model is needed to know that."""
    try:
        header = parse_segment(segment, _LONG, 1)
    except ArzipError:
        return b"", b""
    payload = segment[len(header.raw) :]
    if header.method == codec.RUN and header.size <= MOST_DATA:
        return header.raw, payload[:1] * header.size
    return header.raw, payload if header.method == codec.STORED else b""


def signed_model(recipe: bytes) -> bytes:
    """A model file whose digest holds, its tensors cut from `recipe`, so that those are tried.

    The first byte chooses the network and whether the known answers are made anew. Then each tensor
    takes a byte that chooses its name, another that chooses what is changed of it, and up to 64
    bytes: its type alone, its values, or all of it.
    """
    first = recipe[0] if recipe else 0
    tensors = dict(MODELS[first % len(MODELS)])
    names = [*sorted(tensors), PREFACE, "network.layers.1.recurrent", "x"]
    for at in range(1, len(recipe) - 1, 66):
        name, change = names[recipe[at] % len(names)], recipe[at + 1]
        old = tensors.get(name)
        dtype = np.dtype(TYPES[change % len(TYPES)])
        if old is not None and change & 0x80:
            dtype = old.dtype
        piece = recipe[at + 2 : at + 66]
        values = np.frombuffer(piece[: len(piece) // dtype.itemsize * dtype.itemsize], dtype)
        if old is not None and old.dtype.itemsize == dtype.itemsize and change & 0x40:
            tensors[name] = old.view(dtype) if values.size == 0 else np.resize(values, old.shape)
        else:
            tensors[name] = values
    made = Parameters("made", SWIFT.version, tensors, SWIFT.answers, {})
    if first & 0x80:
        with contextlib.suppress(ModelError):
            made = registry.proven(made)
    return parameters.to_bytes(made)
