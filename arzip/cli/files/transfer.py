"""The bytes of one file on their way from a source to an output, in bounded memory."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

from arzip.cli.files.outputs import NewFile, Output
from arzip.cli.files.sources import CHUNK, Source, chunks
from arzip.cli.messages import RefusedError
from arzip.cli.progress import Meter, Step
from arzip.cli.settings import Settings
from arzip.levels import LEVELS
from arzip.system import transport

if TYPE_CHECKING:
    from arzip.cli.files.verification import Witness
    from arzip.codec import Model
    from arzip.density import Account
    from arzip.streams.compressor import ArzipCompressor
    from arzip.streams.decompressor import ArzipDecompressor, FramesDecompressor

__all__ = [
    "coded_so_far",
    "compress",
    "copy",
    "decoded_so_far",
    "decompress",
    "decompressed",
    "head_of",
    "is_compressed",
    "measure",
    "new_decompressor",
    "within_memory",
]

SMALLEST_SEGMENT = 1 << 16
DEFLATE_RATIO = 1032
"""Bytes that a byte of a deflate stream stands for, at most."""


def compress(
    source: Source,
    output: Output,
    *,
    model: "Model",
    settings: Settings,
    witness: "Witness | None",
    meter: Meter,
) -> "Account":
    """Compress all of `source` to `output`, and return an account of the code length.

    The witness, if any, sees the input and, unless it can be read back later, the output.
    """
    from arzip.streams.compressor import ArzipCompressor

    compressor = ArzipCompressor(
        model,
        threads=settings.threads,
        segment_size=settings.segment_for(source.size),
        unpack=settings.unpack,
    )
    # A file is judged by what the disk gives back; a pipe only by what it was given.
    inline = None if isinstance(output, NewFile) else witness

    def write(data: bytes) -> None:
        output.write(data)
        if inline:
            inline.wrote(data)

    with meter.work(source.name, lambda: coded_so_far(compressor)):
        for chunk in chunks(source.file):
            if witness:
                witness.read(chunk)
            write(compressor.compress(chunk))
        write(compressor.flush())
    return compressor.account


def decompress(
    source: Source,
    output: Output | None,
    *,
    settings: Settings,
    meter: Meter,
    head: bytes = b"",
) -> int:
    """Decompress all frames of `source` to `output`, or to nowhere; return the size of the data.

    `head` is what was read of it already. Raises: ArzipError. What was written before that is
    correct as far as it goes.
    """
    decompressor = new_decompressor(settings)
    size = 0
    with meter.work(source.name, lambda: decoded_so_far(decompressor)):
        for data in decompressed(source.file, decompressor, head):
            if output:
                output.write(data)
            size += len(data)
    return size


def measure(
    source: Source,
    compressors: "Sequence[ArzipCompressor]",
    meter: Meter,
    look: Callable[[], Step],
    *,
    head: int = 0,
) -> bytes:
    """Compress all of `source` with each compressor, to nowhere; return its first `head` bytes.

    The compressors' accounts then tell the code lengths. `look` returns how far the work is.
    """
    first = bytearray()
    with meter.work(source.name, look):
        for chunk in chunks(source.file):
            first += chunk[: head - len(first)]
            for compressor in compressors:
                compressor.compress(chunk)
        for compressor in compressors:
            compressor.flush()
    return bytes(first)


def copy(source: Source, output: Output, head: bytes) -> None:
    """Copy all of `source` to `output`, first the `head` that was read of it already."""
    output.write(head)
    for chunk in chunks(source.file):
        output.write(chunk)


def decompressed(
    file: BinaryIO, decompressor: "FramesDecompressor", head: bytes = b""
) -> Iterator[bytes]:
    """Yield the data of the frames in `file`, behind a `head` of it, a bounded piece at a time."""
    from arzip.streams.decompressor import READ_SIZE

    while True:
        packed = (head or file.read(READ_SIZE)) if decompressor.needs_input else b""
        head = b""
        ended = decompressor.needs_input and not packed
        data = decompressor.decompress(packed, CHUNK)
        if data:
            yield data
        elif ended:
            decompressor.finish()
            return


def new_decompressor(settings: Settings) -> "FramesDecompressor":
    """Return a decompressor with the limits in the settings."""
    from arzip.streams.decompressor import FramesDecompressor

    return FramesDecompressor(
        model=settings.model,
        threads=settings.threads,
        max_size=settings.max_size,
        max_memory=settings.max_memory,
    )


def within_memory(settings: Settings, model: "Model", size: int | None) -> Settings:
    """Return settings that compress `size` bytes within the limit of memory.

    They have fewer threads first, then leave compressed streams as they are, then have smaller
    segments. Raises: RefusedError if that is not enough.
    """
    from arzip.codec import MOST_PLAIN, REPACKING

    limit, segment, threads = (
        settings.max_memory,
        settings.segment_for(size),
        settings.all_threads,
    )
    unpack = settings.unpack
    if limit is None:
        return settings

    def needed() -> int:
        # Each thread has a segment, its payload and the model's memory, and one segment waits.
        n = segment if size is None else max(1, min(segment, size))
        plain = min(MOST_PLAIN, DEFLATE_RATIO * n) if unpack else n
        unpacking = 8 * plain + REPACKING if unpack else 0
        return threads * (model.memory_needed(plain) + 2 * n + unpacking) + n

    while needed() > limit and threads > 1:
        threads -= 1
    unpack = unpack and needed() <= limit
    while needed() > limit and segment > SMALLEST_SEGMENT:
        segment //= 2
    if needed() > limit:
        hint = "" if model.name == LEVELS[1] else "; use a smaller model (-1)"
        raise RefusedError(
            f"compressing takes {needed():,} bytes of memory at least, more than the limit of "
            f"{limit:,}{hint}"
        )
    return replace(settings, threads=threads, unpack=unpack, segment_size=segment)


def head_of(source: Source) -> bytes:
    """Read as many bytes of `source` as `is_compressed` needs; fewer at its end."""
    from arzip.format.layout import MAGIC

    return transport.read_all(source.file, len(MAGIC))


def is_compressed(head: bytes) -> bool:
    """Return whether a file that begins so begins with a frame."""
    from arzip.format.layout import MAGIC

    return head == MAGIC


def coded_so_far(compressor: "ArzipCompressor") -> Step:
    """Return how far compressing is, counted in bytes of data."""
    size, coded = compressor.worked
    return Step(size, size, coded)


def decoded_so_far(decompressor: "ArzipDecompressor") -> Step:
    """Return how far decompressing is, counted in bytes of the compressed file."""
    size, coded = decompressor.worked
    return Step(coded, size, coded)
