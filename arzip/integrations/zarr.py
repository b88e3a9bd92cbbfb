"""zarr: the codec `arzip` of arrays of format 3, which is zarr's default, found by its entry point.

    zarr.create_array(..., compressors={"name": "arzip", "configuration": {"level": 6}})

Arrays of format 2 take the codec of numcodecs.py. Chunks are coded in threads.
"""

import asyncio
import math
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from zarr.abc.codec import BytesBytesCodec

import arzip
from arzip.levels import stored_name

if TYPE_CHECKING:
    from zarr.core.array_spec import ArraySpec
    from zarr.core.buffer import Buffer

__all__ = ["ArzipCodec"]

NAME = "arzip"


@dataclass(frozen=True, init=False)
class ArzipCodec(BytesBytesCodec):
    """Compresses each chunk to a frame.

    `model` is the name of a model or the path of a model file; `level` names one in its place. The
    name or path is written to the array's metadata, so readers need a model file at the same path.
    """

    is_fixed_size = False

    model: str

    def __init__(
        self, *, model: str | os.PathLike[str] | None = None, level: int | None = None
    ) -> None:
        object.__setattr__(self, "model", stored_name(model, level))

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Return the codec that metadata describe. Raises TypeError, ValueError."""
        return cls(**data.get("configuration", {}))

    def to_dict(self) -> dict[str, Any]:
        """Return the metadata that describe it."""
        return {"name": NAME, "configuration": {"model": self.model}}

    def compute_encoded_size(self, input_byte_length: int, chunk_spec: "ArraySpec") -> int:
        """Raise NotImplementedError: sizes are known only when chunks are compressed."""
        raise NotImplementedError

    async def _encode_single(self, chunk_data: "Buffer", chunk_spec: "ArraySpec") -> "Buffer":
        return await asyncio.to_thread(self._encode_sync, chunk_data, chunk_spec)

    async def _decode_single(self, chunk_data: "Buffer", chunk_spec: "ArraySpec") -> "Buffer":
        return await asyncio.to_thread(self._decode_sync, chunk_data, chunk_spec)

    def _encode_sync(self, chunk_data: "Buffer", chunk_spec: "ArraySpec") -> "Buffer":
        data, dtype, shape = (
            chunk_data.to_bytes(),
            chunk_spec.dtype.to_native_dtype(),
            chunk_spec.shape,
        )
        known: dict[str, Any] = {}
        if dtype.kind in "iuf" and dtype.itemsize * math.prod(shape) == len(data):
            known = {"itemsize": dtype.itemsize, "shape": shape}
        frame = arzip.compress(data, model=self.model, **known)
        return chunk_spec.prototype.buffer.from_bytes(frame)

    def _decode_sync(self, chunk_data: "Buffer", chunk_spec: "ArraySpec") -> "Buffer":
        content = arzip.decompress(chunk_data.to_bytes(), model=self.model)
        return chunk_spec.prototype.buffer.from_bytes(content)
