"""FILE after FILE: what compressing, decompressing and testing do with each, and say of it.

An error with one file is reported and the next gets its turn; the exit status tells of the worst.
"""

import os
import time
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from arzip.cli import outputs, sources, transfer
from arzip.cli.messages import RefusedError, Reporter, printable
from arzip.cli.options import Settings
from arzip.cli.outputs import STDOUT, NewFile, Output
from arzip.cli.sources import STDIN, Source
from arzip.engine import notices

if TYPE_CHECKING:
    from arzip.codec import Model
    from arzip.density import Account


def watch_compiling(reporter: Reporter) -> None:
    """Tell the user if models have to be compiled and that takes a while."""
    notices.when_compiling(reporter.announce)


def load_prepared(name: str) -> "Model":
    """The model, compiled: so that what it then takes is its own time."""
    from arzip import models

    model = models.load(name)
    model.prove("encode")
    return model


class Coding:
    """One run of arzip over files; each public method returns the exit status."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._reporter = Reporter(settings.quiet, settings.verbose)
        watch_compiling(self._reporter)

    def compress(self, files: Sequence[str]) -> int:
        """Compress each file, or standard input."""
        return self._each(files, self._compress, compressed=False)

    def decompress(self, files: Sequence[str]) -> int:
        """Decompress each file, or standard input."""
        return self._each(files, self._decompress, compressed=True)

    def test(self, files: Sequence[str]) -> int:
        """Decompress each file, or standard input, to nowhere."""
        return self._each(files, self._test, compressed=True)

    @cached_property
    def _model(self) -> "Model":
        """The model to compress with."""
        return load_prepared(self._settings.coding_model)

    def _each(self, files: Sequence[str], work: Callable[[str], None], *, compressed: bool) -> int:
        for path in sources.expand(
            files or [STDIN],
            self._settings,
            compressed=compressed,
            on_error=self._reporter.unreadable,
        ):
            with self._reporter.watch("(stdin)" if path == STDIN else path):
                work(path)
        return self._reporter.status

    def _open(self, path: str, *, compressed: bool, strict: bool) -> Source:
        if path == STDIN:
            return sources.open_stdin(compressed=compressed)
        return sources.open_source(path, strict=strict and not self._settings.force)

    def _output_for(self, source: Source, path: str, *, compress: bool) -> Output:
        settings = self._settings
        if settings.output is not None and not settings.stdout:
            output = outputs.open_named(settings.output, compressed=compress, force=settings.force)
        elif settings.stdout or path == STDIN:
            output = outputs.open_named(STDOUT, compressed=compress, force=settings.force)
        else:
            rename = outputs.compressed_name if compress else outputs.decompressed_name
            output = NewFile(rename(path), force=settings.force)
        return output

    @property
    def _writes_a_file(self) -> bool:
        """Whether the output goes to a file."""
        return not self._settings.stdout and self._settings.output != STDOUT

    def _compress(self, path: str) -> None:
        settings = self._settings
        source = self._open(path, compressed=False, strict=self._writes_a_file)
        with source, self._output_for(source, path, compress=True) as output:
            outputs.refuse_to_replace(source.status, output)
            model = self._model
            witness = None
            if settings.verify or self._removes(source, output):
                witness = transfer.Witness(self._model, settings.threads)
            start = time.perf_counter()
            account = transfer.compress(
                source, output, model=model, settings=settings, witness=witness
            )
            seconds = time.perf_counter() - start
            if witness:
                transfer.confirm(output, witness, settings=settings)
            output.commit(source.status)
            sources.require_unchanged(source)
            self._remove_if_asked(source, output)
        self._reporter.note(f"{printable(source.name)}: {summary(account, seconds)}")

    def _decompress(self, path: str) -> None:
        settings = self._settings
        source = self._open(path, compressed=True, strict=self._writes_a_file)
        with source, self._output_for(source, path, compress=False) as output:
            outputs.refuse_to_replace(source.status, output)
            start = time.perf_counter()
            size = transfer.decompress(source, output, settings=settings)
            seconds = time.perf_counter() - start
            if settings.verify or self._removes(source, output):
                transfer.compare(output, source, settings)
            output.commit(source.status)
            sources.require_unchanged(source)
            self._remove_if_asked(source, output)
        self._reporter.note(f"{printable(source.name)}: {size:,} bytes{speed(size, seconds)}")

    def _test(self, path: str) -> None:
        with self._open(path, compressed=True, strict=False) as source:
            size = transfer.decompress(source, None, settings=self._settings)
        self._reporter.note(f"{printable(source.name)}: {size:,} bytes, ok")

    def _removes(self, source: Source, output: Output) -> bool:
        """Whether --rm applies: as with gzip and xz, not where the output is no file."""
        return self._settings.remove and source.status is not None and output.can_be_read_back

    def _remove_if_asked(self, source: Source, output: Output) -> None:
        """Remove the source of a finished output, unless it is no longer what was read."""
        if self._removes(source, output):
            if not sources.is_in_place(source):
                raise RefusedError("was replaced while it was read, so it was kept")
            os.unlink(source.name)


def summary(account: "Account", seconds: float) -> str:
    """What a file was compressed to, how close to the model that is, and how fast it went."""
    if not account.size:
        return f"0 -> {account.file_bytes} bytes"
    report = account.report("")
    share = 100 * account.file_bytes / account.size
    return (
        f"{account.size:,} -> {account.file_bytes:,} bytes ({share:.2f} %), "
        f"{report.achieved:.4f} bits/byte = {report.cross_entropy:.4f} of the model "
        f"+ {report.achieved - report.cross_entropy:.4f}{speed(account.size, seconds)}"
    )


def speed(size: int, seconds: float) -> str:
    """How fast `size` bytes went by, where there were enough to tell."""
    return f", {size / 1e6 / seconds:.2f} MB/s" if size and seconds > 0 else ""
