"""Compress, decompress or test several files, as the settings say.

    status = Compress(settings).run(files)

An error with one file is reported, and work goes on with the next; the exit status tells the worst.
With several threads, small files are worked on side by side, and their messages come in order.
"""

import os
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, ClassVar

from arzip.cli import turns
from arzip.cli.files import outputs, sources, summaries, transfer, verification
from arzip.cli.files.outputs import NewFile, Output
from arzip.cli.files.sources import STDIN, STDIN_NAME, Source
from arzip.cli.loading import load_compiled
from arzip.cli.messages import RefusedError, new_reporter, printable
from arzip.cli.progress import Meter
from arzip.cli.settings import Settings

if TYPE_CHECKING:
    from arzip.codec import Model

__all__ = ["Compress", "Decompress", "Test"]

COMPRESSED_SHARE = 8
"""A compressed file of an eighth of a segment or more may have several segments."""


class Batch(ABC):
    """Work on several files. A subclass says what is done with one."""

    reads_compressed: ClassVar[bool]
    """Whether the inputs are compressed files."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._reporter = new_reporter(settings.quiet, settings.verbose)
        self._done: list[tuple[int, int | None]] = []
        """Of each finished file, bytes of data and, if it was compressed, of the output."""
        self._made = outputs.Made()

    def run(self, files: Sequence[str]) -> int:
        """Work on each file, or on standard input if there is none; return the exit status."""
        paths = list(
            sources.expand(
                files or [STDIN],
                self._settings,
                compressed=self.reads_compressed,
                on_error=self._reporter.unreadable,
            )
        )
        sizes = [sources.size_of(path) for path in paths]
        start = time.perf_counter()
        with Meter(self._total(sizes), wanted=self._shows_progress, files=len(paths)) as meter:
            for large, group in groupby(
                zip(paths, sizes, strict=True), lambda item: self._is_large(item[1])
            ):
                together = [path for path, _ in group]
                # A large file, or the only one, takes all threads; each of the others takes one.
                has_all = large or len(together) == 1
                settings = self._settings if has_all else replace(self._settings, threads=1)
                # A limit of memory holds for all files together, so one at a time gets it.
                alone = has_all or settings.max_memory
                at_a_time = 1 if alone else self._settings.all_threads
                if at_a_time == 1:
                    for path in together:
                        self.one_file(path, settings, meter)
                else:
                    works = [partial(self.one_file, path, settings, meter) for path in together]
                    turns.side_by_side(works, at_a_time)
        if len(paths) > 1:
            self._reporter.note(summaries.of_many(self._done, time.perf_counter() - start))
        return self._reporter.status

    @abstractmethod
    def one_file(self, path: str, settings: Settings, meter: Meter) -> None:
        """Work on one file, and report errors with it."""

    def _total(self, sizes: Sequence[int | None]) -> int | None:
        """Return how many bytes the meter counts, None if that is not known."""
        return sum(size or 0 for size in sizes) if None not in sizes else None

    def _is_large(self, size: int | None) -> bool:
        """Return whether a file of that size may have several segments."""
        share = COMPRESSED_SHARE if self.reads_compressed else 1
        return size is None or size * share > self._settings.most_in_one_segment

    @property
    def _shows_progress(self) -> bool:
        """Not if the output is shown on the same terminal."""
        shows_output = not self._settings.writes_files and sys.stdout.isatty()
        return self._settings.shows_progress and not shows_output

    def _watch(self, path: str) -> AbstractContextManager[None]:
        return self._reporter.watch(STDIN_NAME if path == STDIN else path)

    def _open(self, path: str, *, regular: bool) -> Source:
        """Open the input. It must be a regular file if `regular`, unless the user insists (-f)."""
        if path == STDIN:
            return sources.open_stdin(compressed=self.reads_compressed)
        if self._settings.force:
            return sources.open_source(path, may_recurse=True)
        removes = self._settings.remove and self._settings.writes_files
        return sources.open_source(path, regular=regular, sole=removes, may_recurse=True)

    def _refuse_to_replace(self, source: Source, output: Output) -> None:
        """Raise RefusedError if `output` would replace the input, or what this run has made."""
        outputs.refuse_to_replace(source.status, output)
        self._made.refuse(output)

    def _removes(self, source: Source, output: Output) -> bool:
        """Return whether --rm applies: as with gzip and xz, only if the output is a file."""
        return self._settings.remove and source.status is not None and isinstance(output, NewFile)

    def _finish(self, source: Source, output: Output) -> None:
        """Complete the output; with --rm, remove the input if it still is what was read."""
        self._made.commit(output, source.status)
        sources.require_unchanged(source)
        if self._removes(source, output):
            if not sources.is_in_place(source):
                raise RefusedError("was replaced while it was read, so it was kept")
            os.unlink(source.name)


class Compress(Batch):
    """Compress files, or standard input."""

    reads_compressed = False

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._loading = threading.Lock()
        self._loaded: Model | None = None

    def one_file(self, path: str, settings: Settings, meter: Meter) -> None:
        with self._watch(path):
            source = self._open(path, regular=settings.names_outputs)
            with source, outputs.open_output(path, settings, compressed=True) as output:
                self._refuse_to_replace(source, output)
                model = self._model()
                settings = transfer.within_memory(settings, model, source.size)
                witness = None
                if settings.verify or self._removes(source, output):
                    witness = verification.Witness(model, settings.threads)
                start = time.perf_counter()
                account = transfer.compress(
                    source, output, model=model, settings=settings, witness=witness, meter=meter
                )
                seconds = time.perf_counter() - start
                if witness:
                    verification.confirm(output, witness, meter)
                self._finish(source, output)
            self._done.append((account.size, account.file_bytes))
            summary = summaries.of_compressing(account, seconds)
            self._reporter.note(f"{printable(source.name)}: {summary}")

    def _total(self, sizes: Sequence[int | None]) -> int | None:
        total = super()._total(sizes)
        return 2 * total if total is not None and self._settings.verifies else total

    def _model(self) -> "Model":
        """Return the model, which is loaded when the first file needs it."""
        with self._loading:
            if self._loaded is None:
                self._loaded = load_compiled(self._settings.coding_model)
            return self._loaded


class Decompress(Batch):
    """Decompress files, or standard input."""

    reads_compressed = True

    def one_file(self, path: str, settings: Settings, meter: Meter) -> None:
        with self._watch(path):
            source = self._open(path, regular=settings.names_outputs)
            with source, outputs.open_output(path, settings, compressed=False) as output:
                self._refuse_to_replace(source, output)
                begin = source.tell()
                head = b""
                if settings.force and settings.stdout:
                    head = transfer.head_of(source)
                    if not transfer.is_compressed(head):
                        transfer.copy(source, output, head)  # as gzip, xz and zstd do
                        output.commit(source.status)
                        return
                start = time.perf_counter()
                size = transfer.decompress(
                    source, output, settings=settings, meter=meter, head=head
                )
                seconds = time.perf_counter() - start
                if settings.verify or self._removes(source, output):
                    verification.compare(output, source, begin, settings)
                self._finish(source, output)
            self._done.append((size, None))
            summary = summaries.of_decompressing(size, seconds)
            self._reporter.note(f"{printable(source.name)}: {summary}")


class Test(Batch):
    """Decompress files, or standard input, to nowhere."""

    reads_compressed = True

    def one_file(self, path: str, settings: Settings, meter: Meter) -> None:
        with self._watch(path):
            with self._open(path, regular=False) as source:
                size = transfer.decompress(source, None, settings=settings, meter=meter)
            self._done.append((size, None))
            self._reporter.note(f"{printable(source.name)}: {size:,} bytes, ok")
