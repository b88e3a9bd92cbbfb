"""Proof that what was written is what was read: it is decoded again and compared."""

import hashlib
from typing import TYPE_CHECKING

from arzip.cli.files import transfer
from arzip.cli.files.outputs import NewFile, Output
from arzip.cli.files.sources import CHUNK, Source, chunks
from arzip.cli.messages import RefusedError
from arzip.cli.progress import Meter, Step
from arzip.cli.settings import Settings

if TYPE_CHECKING:
    from arzip.codec import Model

__all__ = ["Witness", "compare", "confirm"]


class Witness:
    """Decodes what was written and compares it with what was read, by digest."""

    def __init__(self, model: "Model", threads: int) -> None:
        from arzip.streams.decompressor import ArzipDecompressor

        self.decoder = ArzipDecompressor(model=model, threads=threads)
        self._read = hashlib.blake2b()
        self._decoded = hashlib.blake2b()

    def read(self, data: bytes) -> None:
        """Take the next part of the original."""
        self._read.update(data)

    def wrote(self, data: bytes) -> None:
        """Take and decode the next part of the output."""
        # A bounded piece at a time: a few bytes may decode to any number.
        self._decoded.update(self.decoder.decompress(data, CHUNK))
        while not self.decoder.needs_input and not self.decoder.eof:
            self._decoded.update(self.decoder.decompress(b"", CHUNK))

    def confirm(self) -> None:
        """Raise RefusedError unless the whole output decodes to the whole original."""
        while not self.decoder.eof and (data := self.decoder.decompress(b"", CHUNK)):
            self._decoded.update(data)
        if not self.decoder.eof or self._decoded.digest() != self._read.digest():
            raise RefusedError("what was written does not decode to the input; try another disk")


def confirm(output: Output, witness: Witness, meter: Meter) -> None:
    """Raise RefusedError unless `output` decodes to what `witness` saw being compressed."""
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


def compare(output: Output, source: Source, begin: int, settings: Settings) -> None:
    """Raise RefusedError unless `source` from `begin`, decompressed again, is what `output` holds.

    Nothing is compared if one of them cannot be read again: the checksums did match.
    """
    if not isinstance(output, NewFile) or not source.file.seekable():
        return
    written = output.read_back()
    source.file.seek(begin)
    for data in transfer.decompressed(source.file, transfer.new_decompressor(settings)):
        if written.read(len(data)) != data:
            break
    else:
        if not written.read(1):
            return
    raise RefusedError("what was written is not what the input decodes to; try another disk")
