"""The bytes of one file on their way from a source to an output, in bounded memory.

What is written can be proven: a `Witness` decodes it again and compares it with what was read.
"""

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from arzip.cli.messages import RefusedError
from arzip.cli.options import Settings
from arzip.cli.outputs import NewFile, Output
from arzip.cli.progress import Meter, Step
from arzip.cli.sources import CHUNK, Source, chunks

if TYPE_CHECKING:
    from arzip.codec import Model
    from arzip.density import Account, Report
    from arzip.streams.compressor import ArzipCompressor
    from arzip.streams.decompressor import ArzipDecompressor, FramesDecompressor


class Witness:
    """Decodes what was written and compares it with what was read, by digest."""

    def __init__(self, model: "Model", threads: int) -> None:
        from arzip.streams.decompressor import ArzipDecompressor

        self.decoder = ArzipDecompressor(model=model, threads=threads)
        self._read = hashlib.blake2b()
        self._decoded = hashlib.blake2b()

    def read(self, data: bytes) -> None:
        """More of the original."""
        self._read.update(data)

    def wrote(self, data: bytes) -> None:
        """More of what it was compressed to."""
        # A bounded piece at a time: a few bytes may decode to any number.
        self._decoded.update(self.decoder.decompress(data, CHUNK))
        while not self.decoder.needs_input and not self.decoder.eof:
            self._decoded.update(self.decoder.decompress(b"", CHUNK))

    def confirm(self) -> None:
        """Raises: RefusedError unless all that was written decodes to all that was read."""
        while not self.decoder.eof and (data := self.decoder.decompress(b"", CHUNK)):
            self._decoded.update(data)
        if not self.decoder.eof or self._decoded.digest() != self._read.digest():
            raise RefusedError("what was written does not decode to the input; try another disk")


def compress(
    source: Source,
    output: Output,
    *,
    model: "Model",
    settings: Settings,
    witness: Witness | None,
    meter: Meter,
) -> "Account":
    """Compress all of `source` to `output`, under the eyes of `witness`, if any: see `confirm`."""
    from arzip.streams.compressor import ArzipCompressor

    compressor = ArzipCompressor(
        model, threads=settings.threads, segment_size=settings.coding_segment_size
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


def coded_so_far(compressor: "ArzipCompressor") -> Step:
    """How far compressing is, counted in bytes of data."""
    size, coded = compressor.worked
    return Step(size, size, coded)


def decoded_so_far(decompressor: "ArzipDecompressor") -> Step:
    """How far decompressing is, counted in bytes of what is decompressed."""
    size, coded = decompressor.worked
    return Step(coded, size, coded)


def confirm(output: Output, witness: Witness, meter: Meter) -> None:
    """Raises: RefusedError unless `output` decodes to what `witness` saw being compressed."""
    if isinstance(output, NewFile):
        written = output.read_back()
        with meter.work(
            f"{output.name} (verify)", lambda: Step(witness.decoder.worked[0]), is_file=False
        ):
            for chunk in chunks(written):
                witness.wrote(chunk)
            witness.confirm()
    else:
        witness.confirm()


def evaluate(
    source: Source,
    *,
    model: "Model",
    settings: Settings,
    head: bytearray,
    most: int,
    meter: Meter,
) -> "Report":
    """Compress all of `source` to nowhere and say what its code length is made of.

    `head` gets the first bytes, at most `most`, for what else there is to be measured.
    """
    from arzip.streams.compressor import ArzipCompressor

    compressor = ArzipCompressor(model, threads=settings.threads)
    with meter.work(source.name, lambda: coded_so_far(compressor)):
        for chunk in chunks(source.file):
            head += chunk[: most - len(head)]
            compressor.compress(chunk)
        compressor.flush()
    return compressor.account.report(model.name)


def decompress(source: Source, output: Output | None, *, settings: Settings, meter: Meter) -> int:
    """Decompress all frames of `source` to `output`, or to nowhere; returns how many bytes.

    Raises: ArzipError. What was written before that is good as far as it goes.
    """
    decompressor = new_decompressor(settings)
    size = 0
    with meter.work(source.name, lambda: decoded_so_far(decompressor)):
        for data in decompressed(source.file, decompressor):
            if output:
                output.write(data)
            size += len(data)
    return size


def new_decompressor(settings: Settings) -> "FramesDecompressor":
    """One with the limits that were asked for."""
    from arzip.streams.decompressor import FramesDecompressor

    return FramesDecompressor(
        model=settings.model,
        threads=settings.threads,
        max_size=settings.max_size,
        max_memory=settings.max_memory,
    )


def decompressed(file: BinaryIO, decompressor: "FramesDecompressor") -> Iterator[bytes]:
    """What the frames in `file` restore to, a bounded piece at a time."""
    from arzip.streams.decompressor import READ_SIZE

    while True:
        packed = file.read(READ_SIZE) if decompressor.needs_input else b""
        ended = decompressor.needs_input and not packed
        data = decompressor.decompress(packed, CHUNK)
        if data:
            yield data
        elif ended:
            decompressor.finish()
            return


def is_compressed(file: BinaryIO) -> bool:
    """Whether a frame is what comes next in `file`, which has a buffer; nothing is read of it."""
    from arzip.format.layout import MAGIC

    peeked: bytes = file.peek(len(MAGIC))  # type: ignore[attr-defined]
    return peeked[: len(MAGIC)] == MAGIC


def copy(source: Source, output: Output) -> int:
    """Pass all of `source` on as it is; returns how many bytes."""
    size = 0
    for chunk in chunks(source.file):
        output.write(chunk)
        size += len(chunk)
    return size


def compare(output: Output, source: Source, settings: Settings) -> None:
    """Raises: RefusedError unless `source`, decompressed again, is what `output` holds.

    Nothing is compared where one of them cannot be read a second time: the checksums did hold.
    """
    if not isinstance(output, NewFile) or not source.file.seekable():
        return
    written = output.read_back()
    source.file.seek(0)
    for data in decompressed(source.file, new_decompressor(settings)):
        if written.read(len(data)) != data:
            break
    else:
        if not written.read(1):
            return
    raise RefusedError("what was written is not what the input decodes to; try another disk")
