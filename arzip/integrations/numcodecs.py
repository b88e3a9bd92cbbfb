"""numcodecs: the codec `arzip`, found by its entry point; zarr's arrays of format 2 take it.

zarr.create_array(..., zarr_format=2, compressors=numcodecs.get_codec({"id": "arzip"}))
"""

import os
from typing import Any, ClassVar

from numcodecs.abc import Codec
from numcodecs.compat import ensure_bytes, ensure_contiguous_ndarray, ndarray_copy

import arzip
from arzip.levels import stored_name

__all__ = ["Arzip"]


class Arzip(Codec):  # type: ignore[misc]
    """Compresses each chunk to a frame.

    `model` is the name of a model or the path of a model file; `level` names one in its place. The
    name or path is written to the array's metadata, so readers need a model file at the same path.
    """

    codec_id: ClassVar[str] = "arzip"

    def __init__(
        self, model: str | os.PathLike[str] | None = None, level: int | None = None
    ) -> None:
        self.model = stored_name(model, level)

    def encode(self, buf: Any) -> bytes:
        """Return the frame of a chunk. Raises arzip.ModelError for an unknown model."""
        array = ensure_contiguous_ndarray(buf, flatten=False)
        return arzip.compress(array.T if array.flags.f_contiguous else array, model=self.model)

    def decode(self, buf: Any, out: Any = None) -> Any:
        """Return the chunk's bytes, in `out` if it is given. Raises arzip.ArzipError."""
        return ndarray_copy(arzip.decompress(ensure_bytes(buf), model=self.model), out)
