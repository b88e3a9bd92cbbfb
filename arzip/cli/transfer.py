"""The bytes of one file on their way from a source to an output, in bounded memory.

What is written can be proven: a `Witness` decodes it again and compares it with what was read.
"""

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from arzip.cli.messages import RefusedError
from arzip.cli.options import Settings
from arzip.cli.outputs import Output
from arzip.cli.progress import Meter
from arzip.cli.sources import CHUNK, Source, chunks

if TYPE_CHECKING:
    from arzip.codec import Model
    from arzip.density import Account, Report


class Witness:
    """Decodes what was written and compares it with what was read, by digest."""

    def __init__(self, model: "Model", threads: int) -> None:
        from arzip.stream import ArzipDecompressor

        self._decoder = ArzipDecompressor(model=model, threads=threads)
        self._read = hashlib.blake2b()
        self._decoded = hashlib.blake2b()

    def read(self, data: bytes) -> None:
        """More of the original."""
        self._read.update(data)

    def wrote(self, data: bytes) -> None:
        """More of what it was compressed to."""
        # A bounded piece at a time: a few bytes may decode to any number.
        self._decoded.update(self._decoder.decompress(data, CHUNK))
        while not self._decoder.needs_input and not self._decoder.eof:
            self._decoded.update(self._decoder.decompress(b"", CHUNK))

    def confirm(self) -> None:
        """Raises: RefusedError unless all that was written decodes to all that was read."""
        while not self._decoder.eof and (data := self._decoder.decompress(b"", CHUNK)):
            self._decoded.update(data)
        if not self._decoder.eof or self._decoded.digest() != self._read.digest():
            raise RefusedError("what was written does not decode to the input; try another disk")


def compress(
    source: Source,
    output: Output,
    *,
    model: "Model",
    settings: Settings,
    witness: Witness | None,
) -> "Account":
    """Compress all of `source` to `output`, under the eyes of `witness`, if any: see `confirm`."""
    from arzip.stream import DEFAULT_SEGMENT, ArzipCompressor

    size = settings.segment_size or DEFAULT_SEGMENT
    compressor = ArzipCompressor(model, threads=settings.threads, segment_size=size)
    # A file is judged by what the disk gives back; a pipe only by what it was given.
    inline = None if output.can_be_read_back else witness

    def write(data: bytes) -> None:
        output.file.write(data)
        if inline:
            inline.wrote(data)

    wanted = settings.shows_progress and not output.is_terminal
    with Meter(source.name, source.size, wanted=wanted) as meter:
        for chunk in chunks(source.file):
            if witness:
                witness.read(chunk)
            write(compressor.compress(chunk))
            meter.reach(compressor.account.size)
        write(compressor.flush())
    return compressor.account


def confirm(output: Output, witness: Witness, *, settings: Settings) -> None:
    """Raises: RefusedError unless `output` decodes to what `witness` saw being compressed."""
    if output.can_be_read_back:
        output.file.flush()
        size = output.file.tell()
        output.file.seek(0)
        with Meter(f"{output.name} (verify)", size, wanted=settings.shows_progress) as meter:
            for chunk in chunks(output.file):
                witness.wrote(chunk)
                meter.reach(output.file.tell())
    witness.confirm()


def evaluate(
    source: Source, *, model: "Model", settings: Settings, head: bytearray, most: int
) -> "Report":
    """Compress all of `source` to nowhere and say what its code length is made of.

    `head` gets the first bytes, at most `most`, for what else there is to be measured.
    """
    from arzip.stream import ArzipCompressor

    compressor = ArzipCompressor(model, threads=settings.threads)
    with Meter(source.name, source.size, wanted=settings.shows_progress) as meter:
        for chunk in chunks(source.file):
            head += chunk[: most - len(head)]
            compressor.compress(chunk)
            meter.reach(compressor.account.size)
        compressor.flush()
    return compressor.account.report(model.name)


def decompress(source: Source, output: Output | None, *, settings: Settings) -> int:
    """Decompress all frames of `source` to `output`, or to nowhere; returns how many bytes.

    Raises: ArzipError. What was written before that is good as far as it goes.
    """
    size = 0
    wanted = settings.shows_progress and not (output and output.is_terminal)
    with Meter(source.name, source.size, wanted=wanted) as meter:
        for data in decompressed(source.file, settings):
            if output:
                output.file.write(data)
            size += len(data)
            if source.size is not None:
                meter.reach(source.file.tell())
    return size


def decompressed(file: BinaryIO, settings: Settings) -> Iterator[bytes]:
    """What the frames in `file` restore to, a bounded piece at a time."""
    from arzip.files import ArzipFile

    with ArzipFile(
        file,
        model=settings.model,
        threads=settings.threads,
        max_size=settings.max_size,
        max_memory=settings.max_memory,
    ) as reader:
        while data := reader.read1(CHUNK):
            yield data


def compare(output: Output, source: Source, settings: Settings) -> None:
    """Raises: RefusedError unless `source`, decompressed again, is what `output` holds.

    Nothing is compared where one of them cannot be read a second time: the checksums did hold.
    """
    if not output.can_be_read_back or not source.file.seekable():
        return
    output.file.flush()
    output.file.seek(0)
    source.file.seek(0)
    for data in decompressed(source.file, settings):
        if output.file.read(len(data)) != data:
            break
    else:
        if not output.file.read(1):
            return
    raise RefusedError("what was written is not what the input decodes to; try another disk")
