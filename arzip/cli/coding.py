"""FILE after FILE: what compressing, decompressing and testing do with each, and say of it.

An error with one file is reported and the next gets its turn; the exit status tells of the worst.
With several threads several files are worked on at a time, and one after the other seems to be.
"""

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property, partial
from itertools import groupby
from typing import TYPE_CHECKING

from arzip.cli import outputs, sources, transfer, turns
from arzip.cli.messages import RefusedError, Reporter, printable
from arzip.cli.options import Settings
from arzip.cli.outputs import STDOUT, NewFile, Output
from arzip.cli.progress import Meter
from arzip.cli.sources import STDIN, Source
from arzip.engine import notices

if TYPE_CHECKING:
    from arzip.codec import Model
    from arzip.density import Account

COMPRESSED_SHARE = 8
"""From an eighth of a segment on, a compressed file may have several."""

SMALLEST_SEGMENT = 1 << 16


def watch_compiling(reporter: Reporter) -> None:
    """Tell the user if models have to be compiled and that takes a while."""
    notices.when_compiling(reporter.announce)


def load_prepared(name: str) -> "Model":
    """The model, compiled: so that what it then takes is its own time."""
    from arzip.models import registry

    model = registry.load(name)
    model.prove("encode")
    return model


class Coding:
    """One run of arzip over files; each public method returns the exit status."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._reporter = Reporter(settings.quiet, settings.verbose)
        self._loading = threading.Lock()
        # Of each file that is done: its bytes, and those that they were compressed to.
        self._done: list[tuple[int, int | None]] = []
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
    def _loaded_model(self) -> "Model":
        return load_prepared(self._settings.coding_model)

    def _model(self) -> "Model":
        """The model to compress with, loaded when the first file needs it."""
        with self._loading:
            return self._loaded_model

    def _each(self, files: Sequence[str], work: "Work", *, compressed: bool) -> int:
        paths = list(
            sources.expand(
                files or [STDIN],
                self._settings,
                compressed=compressed,
                on_error=self._reporter.unreadable,
            )
        )
        sizes = [sources.size_of(path) for path in paths]
        total = sum(size or 0 for size in sizes) if None not in sizes else None
        if total is not None and not compressed and self._settings.verifies:
            total *= 2
        start = time.perf_counter()
        with Meter(total, wanted=self._shows_progress, files=len(paths)) as meter:

            def do(path: str, settings: Settings) -> None:
                with self._reporter.watch("(stdin)" if path == STDIN else path):
                    work(path, settings, meter)

            for alone, group in groupby(
                zip(paths, sizes, strict=True),
                lambda item: self._is_large(item[1], compressed=compressed),
            ):
                # What has several segments takes all threads; of the rest, each takes one.
                settings = self._settings if alone else replace(self._settings, threads=1)
                # And what all may take together is for one of them.
                at_a_time = 1 if alone or settings.max_memory else self._settings.all_threads
                turns.side_by_side([partial(do, path, settings) for path, _ in group], at_a_time)
        if len(paths) > 1:
            self._reporter.note(total_of(self._done, time.perf_counter() - start))
        return self._reporter.status

    def _is_large(self, size: int | None, *, compressed: bool) -> bool:
        """Whether a file may have several segments."""
        share = COMPRESSED_SHARE if compressed else 1
        return size is None or size * share > self._settings.coding_segment_size

    @property
    def _shows_progress(self) -> bool:
        """Unless what is written would be shown on the same terminal."""
        return self._settings.shows_progress and not (
            not self._writes_a_file and sys.stdout.isatty()
        )

    def _open(self, path: str, settings: Settings, *, compressed: bool, named: bool) -> Source:
        """`named` is whether the output goes by the name of the input."""
        if path == STDIN:
            return sources.open_stdin(compressed=compressed)
        if settings.force:
            return sources.open_source(path)
        removes = settings.remove and self._writes_a_file
        return sources.open_source(path, regular=named, sole=removes)

    def _output_for(self, source: Source, path: str, *, compress: bool) -> Output:
        settings = self._settings
        if settings.output is not None:
            output = outputs.open_named(
                settings.output,
                compressed=compress,
                force=settings.force,
                sparse=settings.sparse and not compress,
            )
        elif settings.stdout or path == STDIN:
            output = outputs.open_named(STDOUT, compressed=compress, force=settings.force)
        else:
            rename = outputs.compressed_name if compress else outputs.decompressed_name
            name = rename(path, settings.suffix)
            name = outputs.placed(name, settings.output_dir_flat, settings.output_dir_mirror)
            output = NewFile(name, force=settings.force, sparse=settings.sparse and not compress)
        return output

    @property
    def _writes_a_file(self) -> bool:
        """Whether the output goes to a file."""
        return not self._settings.stdout and self._settings.output != STDOUT

    @property
    def _names_outputs(self) -> bool:
        """Whether the output goes by the name of the input."""
        return not self._settings.stdout and self._settings.output is None

    def _compress(self, path: str, settings: Settings, meter: Meter) -> None:
        source = self._open(path, settings, compressed=False, named=self._names_outputs)
        with source, self._output_for(source, path, compress=True) as output:
            outputs.refuse_to_replace(source.status, output)
            model = self._model()
            settings = within_memory(settings, model, source.size)
            witness = None
            if settings.verify or self._removes(source, output):
                witness = transfer.Witness(model, settings.threads)
            start = time.perf_counter()
            account = transfer.compress(
                source, output, model=model, settings=settings, witness=witness, meter=meter
            )
            seconds = time.perf_counter() - start
            if witness:
                transfer.confirm(output, witness, meter)
            output.commit(source.status)
            sources.require_unchanged(source)
            self._remove_if_asked(source, output)
        self._done.append((account.size, account.file_bytes))
        self._reporter.note(f"{printable(source.name)}: {summary(account, seconds)}")

    def _decompress(self, path: str, settings: Settings, meter: Meter) -> None:
        source = self._open(path, settings, compressed=True, named=self._names_outputs)
        with source, self._output_for(source, path, compress=False) as output:
            outputs.refuse_to_replace(source.status, output)
            if settings.force and settings.stdout and not transfer.is_compressed(source.file):
                transfer.copy(source, output)  # as gzip, xz and zstd do
                output.commit(source.status)
                return
            start = time.perf_counter()
            size = transfer.decompress(source, output, settings=settings, meter=meter)
            seconds = time.perf_counter() - start
            if settings.verify or self._removes(source, output):
                transfer.compare(output, source, settings)
            output.commit(source.status)
            sources.require_unchanged(source)
            self._remove_if_asked(source, output)
        self._done.append((size, None))
        self._reporter.note(f"{printable(source.name)}: {size:,} bytes{speed(size, seconds)}")

    def _test(self, path: str, settings: Settings, meter: Meter) -> None:
        with self._open(path, settings, compressed=True, named=False) as source:
            size = transfer.decompress(source, None, settings=settings, meter=meter)
        self._done.append((size, None))
        self._reporter.note(f"{printable(source.name)}: {size:,} bytes, ok")

    def _removes(self, source: Source, output: Output) -> bool:
        """Whether --rm applies: as with gzip and xz, not where the output is no file."""
        return self._settings.remove and source.status is not None and isinstance(output, NewFile)

    def _remove_if_asked(self, source: Source, output: Output) -> None:
        """Remove the source of a finished output, unless it is no longer what was read."""
        if self._removes(source, output):
            if not sources.is_in_place(source):
                raise RefusedError("was replaced while it was read, so it was kept")
            os.unlink(source.name)


Work = Callable[[str, Settings, Meter], None]


def within_memory(settings: Settings, model: "Model", size: int | None) -> Settings:
    """What to compress with so that it takes no more memory than is allowed: first with fewer
    threads, then by smaller segments. Raises: RefusedError if that does not do.
    """
    limit, segment, threads = (
        settings.max_memory,
        settings.coding_segment_size,
        settings.all_threads,
    )
    if limit is None:
        return settings

    def needed() -> int:
        # Each thread has a segment, its payload and the model's memory, and one segment waits.
        n = segment if size is None else max(1, min(segment, size))
        return threads * (model.memory_needed(n) + 2 * n) + n

    while needed() > limit and threads > 1:
        threads -= 1
    while needed() > limit and segment > SMALLEST_SEGMENT:
        segment //= 2
    if needed() > limit:
        raise RefusedError(
            f"compressing takes {needed():,} bytes of memory at least, more than the limit of "
            f"{limit:,}; use a smaller model (-1)"
        )
    return replace(settings, threads=threads, segment_size=segment)


def total_of(done: Sequence[tuple[int, int | None]], seconds: float) -> str:
    """What became of several files together."""
    size = sum(size for size, _ in done)
    coded = [coded for _, coded in done if coded is not None]
    files = f"{len(done):,} file{'' if len(done) == 1 else 's'}"
    if not coded:
        return f"{files}: {size:,} bytes{speed(size, seconds)}"
    share = f" ({100 * sum(coded) / size:.2f} %)" if size else ""
    return f"{files}: {size:,} -> {sum(coded):,} bytes{share}{speed(size, seconds)}"


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
