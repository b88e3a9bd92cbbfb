"""arzip: a model predicts each byte of a file, an arithmetic coder turns predictions into bits.

The public API, shaped like the standard library's `lzma`: `compress` and `decompress` for bytes
in memory, `open` and `ArzipFile` for files, `ArzipCompressor` and `ArzipDecompressor` for
streams; `evaluate` for the account of what a file's code length is made of, `sample` for what the
model would write. Importing it is cheap: the model and the coder are loaded when there is work.
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
    from concurrent.futures import Executor

    from _typeshed import ReadableBuffer

    from arzip.codec import Model
    from arzip.density import Report
    from arzip.files import ArzipFile, open
    from arzip.integrations import register
    from arzip.recovery import recover
    from arzip.stream import ArzipCompressor, ArzipDecompressor

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
    "load_model",
    "open",
    "recover",
    "register",
    "sample",
]


def compress(
    data: "ReadableBuffer",
    *,
    model: "str | os.PathLike[str] | Model" = "base",
    threads: int | None = None,
    executor: "Executor | None" = None,
) -> bytes:
    """Compress a bytes-like object to one .arz frame.

    `model` is a name, the path of a model file, or a loaded model. `threads` segments of 32 MiB
    are coded at a time; 0 means one for each core. With an `executor` of concurrent.futures, its
    workers code them: processes, Dask's, MPI's. The frame is the same however it is made. Raises
    ModelError for an unknown model, WorkerError if a worker dies.
    """
    from arzip.stream import ArzipCompressor

    compressor = ArzipCompressor(model, threads=threads, executor=executor)
    return compressor.compress(data) + compressor.flush()


def decompress(
    data: "ReadableBuffer",
    *,
    model: "str | os.PathLike[str] | Model | None" = None,
    threads: int | None = None,
    executor: "Executor | None" = None,
    max_size: int | None = None,
    max_memory: int | None = None,
) -> bytes:
    """Restore the bytes of one or more .arz frames, one after the other.

    `model` is needed only for frames that were made with a model other than those that arzip has;
    `threads` and `executor` are as for `compress`.
    Raises FormatError for anything that is not .arz data, TruncatedError (an EOFError too) where
    it ends early, ChecksumError where it was changed, ModelError for a missing model, and
    LimitError where it would take more than `max_size` bytes of output or `max_memory` bytes of
    memory.
    """
    from arzip import stream

    return stream.decompress(
        data,
        model=model,
        threads=threads,
        executor=executor,
        max_size=max_size,
        max_memory=max_memory,
    )


def evaluate(
    data: "ReadableBuffer",
    *,
    model: "str | os.PathLike[str] | Model" = "base",
    threads: int | None = None,
    executor: "Executor | None" = None,
) -> "Report":
    """Compress `data` and say what its code length is made of. Raises ModelError as `compress`."""
    from arzip.stream import ArzipCompressor

    compressor = ArzipCompressor(model, threads=threads, executor=executor)
    compressor.compress(data)
    compressor.flush()
    return compressor.account.report(compressor.model.name)


def load_model(name_or_path: str | os.PathLike[str] = "base") -> "Model":
    """The model of that name, or in that file. Raises ModelError if it is unknown or damaged."""
    from arzip.models import load

    return load(name_or_path)


def sample(
    model: "str | os.PathLike[str] | Model" = "base",
    prompt: "ReadableBuffer" = b"",
    n: int = 100,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int = 0,
    greedy: bool = False,
    beam: int | None = None,
) -> bytes:
    """n bytes that the model expects after `prompt`, drawn at random: same seed, same bytes.

    `temperature` > 0 sharpens (below 1) or flattens the distribution; only the `top_k` likeliest
    bytes are drawn, and only the fewest whose probabilities sum to `top_p`. `greedy` takes the
    likeliest byte each time; `beam` searches for the likeliest bytes together, that many
    hypotheses at a time. Raises ValueError for what is out of its range, ModelError as `compress`.
    """
    from arzip import sampling

    how = sampling.Sampling(temperature, top_k, top_p, seed, greedy=greedy, beam=beam)
    model = load_model(model) if isinstance(model, str | os.PathLike) else model
    return b"".join(sampling.generate(model, bytes(memoryview(prompt)), n, how))


_HOMES = {
    "ArzipCompressor": "arzip.stream",
    "ArzipDecompressor": "arzip.stream",
    "ArzipFile": "arzip.files",
    "open": "arzip.files",
    "recover": "arzip.recovery",
    "register": "arzip.integrations",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
