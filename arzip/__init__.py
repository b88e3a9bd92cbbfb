"""arzip: a model predicts each byte of a file, an arithmetic coder turns predictions into bits.

The public API is shaped like the standard library's `lzma`: `compress` and `decompress` for bytes
in memory, `open` and `ArzipFile` for files, `ArzipCompressor` and `ArzipDecompressor` for streams.
The models tell about data too: `evaluate` returns the parts of its code length, `score`,
`score_lines` and `inspect` show where it surprises them, `sample` draws what they would write.
Importing arzip is cheap: the model and the coder are loaded when they are needed.

    files, arguments, errors    the public functions' files, what they take, what they raise
    levels, arrays, parts       what a caller or a file says of data: a model, numbers, pictures
    streams/, format/           data of any length in frames; these as bytes
    codec, coder                one segment, coded by a model's predictions; the arithmetic coder
    compressibility             whether a model is tried on it
    photographs, histogram      the scans in it, how often its bytes occur
    unpacking/                  what is compressed in it already, undone
    readings/, models/          how its bytes are read; what predicts them
    engine/                     keeps the compiled code of these
    density, analysis/          what data costs, and why; what a model would write
    recovery/                   what a damaged file still holds
    training/                   networks and fitted values made from data
    cli/, __main__              the shell commands
    integrations/, system/      other packages, and the operating system
"""

import os

from arzip.errors import (
    ArzipError,
    ChecksumError,
    FormatError,
    LimitError,
    ModelError,
    TruncatedError,
    WorkerError,
)

TYPE_CHECKING = False  # as type checkers know it; typing takes longer to import than all of this
if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor
    from typing import Any

    from _typeshed import ReadableBuffer

    from arzip.analysis import evaluate, inspect, sample, score, score_lines
    from arzip.codec import Model
    from arzip.files import ArzipFile, open
    from arzip.integrations import register
    from arzip.models.model import ReadingModel
    from arzip.recovery import recover
    from arzip.streams.compressor import ArzipCompressor
    from arzip.streams.decompressor import ArzipDecompressor

__version__ = "0.1.0"

__all__ = [
    "ArzipCompressor",
    "ArzipDecompressor",
    "ArzipError",
    "ArzipFile",
    "ChecksumError",
    "FormatError",
    "LimitError",
    "ModelError",
    "TruncatedError",
    "WorkerError",
    "__version__",
    "compress",
    "decompress",
    "evaluate",
    "inspect",
    "load_model",
    "open",
    "recover",
    "register",
    "sample",
    "score",
    "score_lines",
]


def compress(
    data: "ReadableBuffer",
    level: int | None = None,
    *,
    model: "str | os.PathLike[str] | Model | None" = None,
    threads: int | None = None,
    executor: "Executor | None" = None,
    unpack: bool = True,
    itemsize: int | None = None,
    shape: "Sequence[int] | None" = None,
) -> bytes:
    """Return a bytes-like object, compressed to one .arz frame.

    A `level` from 1 to 9, by default 6, names a model, as in the shell. In its place, `model` is a
    name, the path of a model file, or a loaded model. `threads` segments of 32 MiB are coded at a
    time; 0 means one for each core. With an `executor` of concurrent.futures, its workers code
    them: processes, Dask's, MPI's. The frame is the same however it is made. Where the data holds
    deflate streams, as gzip, ZIP, PNG and PDF do, what is inside is compressed, unless `unpack` is
    false. Arrays of numbers are read as such: an array says itself what its items are; of bytes
    say it by `itemsize`, in bytes, and `shape`, of which the last number counts what lies side by
    side. Raises ModelError for an unknown model, ValueError for a model and a level together or a
    shape that does not fit, WorkerError if a worker dies.
    """
    from arzip.streams.compressor import compressed

    frame, _ = compressed(
        data,
        level,
        model=model,
        threads=threads,
        executor=executor,
        unpack=unpack,
        itemsize=itemsize,
        shape=shape,
    )
    return frame


def decompress(
    data: "ReadableBuffer",
    *,
    model: "str | os.PathLike[str] | Model | None" = None,
    threads: int | None = None,
    executor: "Executor | None" = None,
    max_size: int | None = None,
    max_memory: int | None = None,
) -> bytes:
    """Return the data of one or more .arz frames, one after the other.

    `model` is needed only for frames that were made with a custom model; `threads` and `executor`
    are as for `compress`. Raises FormatError for anything that is not .arz data, TruncatedError
    (also an EOFError) if it ends early, ChecksumError if it was changed, ModelError for a missing
    model, and LimitError if it would take more than `max_size` bytes of output or `max_memory`
    bytes of memory.
    """
    from arzip.streams import decompressor

    return decompressor.decompress(
        data,
        model=model,
        threads=threads,
        executor=executor,
        max_size=max_size,
        max_memory=max_memory,
    )


def load_model(name_or_path: str | os.PathLike[str] = "base") -> "ReadingModel[Any]":
    """Return the model of a name or file. Raises ModelError if it is unknown or damaged."""
    if not isinstance(name_or_path, str | os.PathLike):
        raise TypeError(f"model must be a name or a path, not {type(name_or_path).__name__}")
    from arzip.models.registry import load

    return load(name_or_path)


_HOMES = {
    "ArzipCompressor": "arzip.streams.compressor",
    "ArzipDecompressor": "arzip.streams.decompressor",
    "ArzipFile": "arzip.files",
    "evaluate": "arzip.analysis",
    "inspect": "arzip.analysis",
    "open": "arzip.files",
    "recover": "arzip.recovery",
    "register": "arzip.integrations",
    "sample": "arzip.analysis",
    "score": "arzip.analysis",
    "score_lines": "arzip.analysis",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
