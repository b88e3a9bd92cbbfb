"""The promises, each a function of arbitrary bytes that raises if arzip breaks it.

`container` holds arzip's reader against another one (reference_container.py), `decoder` does so
with the models that arzip has, `model_file` takes the bytes as a model. What arzip may raise is an
ArzipError; everything else is a finding.
"""

import io
import tempfile
from pathlib import Path

import numpy as np
import reference_container
from reference_container import RefusedError

import arzip
from arzip import codec, stream
from arzip.codec import Model
from arzip.container import MAGIC, Header, parse_segment
from arzip.errors import ArzipError, LimitError, ModelError
from arzip.models import parameters
from arzip.recovery import recover
from arzip.stream import FramesDecompressor

MOST_DATA = 1 << 14
"""Bytes that decoding may give: nothing here may take long."""

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


def model_file(data: bytes) -> Model | None:
    """Load `data` as a model and code with it; the model, None if it is refused."""
    with tempfile.NamedTemporaryFile(suffix=".safetensors") as file:
        file.write(data)
        file.flush()
        try:
            model = arzip.load_model(file.name)
            sample = b"a model that claims to be one has to code this"
            assert arzip.decompress(arzip.compress(sample, model=model), model=model) == sample
        except ModelError:
            return None
    return model


def _expected(data: bytes, model: Model | None) -> bytes | None:
    """What the other reader makes of `data`."""

    def decode(identity: bytes, payload: bytes, n: int) -> bytes:
        try:
            found = stream.Policy(model, None, None).model(identity)
            return codec.decode(found, codec.MODELLED, payload, n)
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
    return out + b"\x03" + index + reference_container.trailer(index, restored)


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


def signed_model(recipe: bytes, folder: Path) -> bytes:
    """A model file whose digest holds, its tensors cut from `recipe`.

    Each takes a byte that chooses its name, another its type, and up to 64 bytes.
    """
    like = parameters.read(Path(parameters.__file__).parent / "weights" / "swift.safetensors")
    tensors = dict(like.tensors)
    names = [*sorted(tensors), "network.output.weight", "network.layers.0.input", "x"]
    for first in range(0, len(recipe), 66):
        piece = recipe[first + 2 : first + 66]
        dtype = np.dtype(("i1", "u1", "i2", "u2", "i4", "f4")[recipe[first] % 6])
        values = np.frombuffer(piece[: len(piece) // dtype.itemsize * dtype.itemsize], dtype)
        name = names[recipe[first + 1] % len(names)] if len(recipe) > first + 1 else "x"
        old = tensors.get(name)
        if old is not None and old.dtype.itemsize == dtype.itemsize and values.size:
            values = np.resize(values, old.shape)  # of the shape that it should have
        tensors[name] = values
    path = folder / "made.safetensors"
    parameters.write(path, parameters.Parameters("made", like.version, tensors, like.answers, {}))
    return path.read_bytes()
