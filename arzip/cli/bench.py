"""`arzip bench`: arzip beside other compressors on one's own files, in memory, one at a time.

They run in this process through their Python packages, at their strongest usual setting, and each
round trip is compared. (benchmarks/compare.py measures programs instead, over whole corpora.)
"""

import dataclasses
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import click

from arzip.cli import options, sources
from arzip.cli.coding import load_prepared, watch_compiling
from arzip.cli.messages import RefusedError, Reporter, printable
from arzip.cli.options import Settings
from arzip.cli.progress import Meter, Step

Transform = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Tool:
    """A compressor as it is measured."""

    name: str
    settings: str
    compress: Transform
    decompress: Transform
    worked: Callable[[], int] = lambda: 0
    """Bytes of data that it has coded so far, where it can tell."""


@dataclass(frozen=True)
class Result:
    """What a tool made of a file; the names of the fields are those of the JSON."""

    tool: str
    settings: str
    compressed_bytes: int
    bits_per_byte: float
    compress_mb_s: float  # millions of bytes of the original a second
    decompress_mb_s: float


def gzip() -> Tool:
    import gzip

    return Tool("gzip", "-9", lambda data: gzip.compress(data, 9, mtime=0), gzip.decompress)


def bzip2() -> Tool:
    import bz2

    return Tool("bzip2", "-9", bz2.compress, bz2.decompress)


def xz() -> Tool:
    import lzma

    preset = 9 | lzma.PRESET_EXTREME
    return Tool("xz", "-9e", lambda data: lzma.compress(data, preset=preset), lzma.decompress)


def zstd() -> Tool:
    """Of the standard library, from Python 3.14 on, or else of the package zstandard."""
    try:
        zstd = import_module("compression.zstd")
    except ImportError:
        zstd = import_module("zstandard")
    return Tool("zstd", "-22", lambda data: bytes(zstd.compress(data, 22)), zstd.decompress)


def brotli() -> Tool:
    """Of either of its two packages."""
    try:
        brotli = import_module("brotli")
    except ImportError:
        brotli = import_module("brotlicffi")
    return Tool(
        "brotli",
        "-q 11 -w 24",
        lambda data: bytes(brotli.compress(data, quality=11, lgwin=24)),
        brotli.decompress,
    )


OTHERS: dict[str, Callable[[], Tool]] = {
    "gzip": gzip,
    "bzip2": bzip2,
    "xz": xz,
    "zstd": zstd,
    "brotli": brotli,
}
PACKAGES = {"zstd": "zstandard", "brotli": "brotli"}


class Names(click.ParamType[tuple[str, ...]]):
    """Names of other compressors, with commas between them."""

    name = "names"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        names = tuple(value.split(",")) if value else ()
        for name in names:
            if name not in OTHERS:
                self.fail(f"{name!r} is none of {', '.join(OTHERS)}", param, ctx)
        return names


@click.command(cls=options.Command, context_settings=options.HELP)
@options.required_files
@click.option(
    "--against",
    type=Names(),
    metavar="NAME,...",
    help=f"Compare with these of {', '.join(OTHERS)} [all that are installed].",
)
@options.coding_model
@options.threads
@options.json_output
@options.quiet
@options.progress
@click.pass_context
def bench(
    context: click.Context,
    /,
    files: Sequence[str],
    against: tuple[str, ...] | None,
    as_json: bool,
    **values: Any,
) -> None:
    """Compare arzip with other compressors on each FILE.

    Prints sizes, bits per byte and speeds in MB/s; every round trip is compared. Several models
    may be named, with commas between them.
    """
    settings = Settings(**values)
    reporter = Reporter(settings.quiet)
    rivals = others(against, reporter)
    context.exit(bench_files(files, rivals, settings, reporter, as_json=as_json))


def others(names: tuple[str, ...] | None, reporter: Reporter) -> list[Tool]:
    """The compressors of these names, or all that are installed: the reporter tells of the rest.

    Raises: click.UsageError for one that was named and is not installed.
    """
    tools, missing = [], []
    for name in OTHERS if names is None else names:
        try:
            tools.append(OTHERS[name]())
        except ImportError:
            missing.append(name)
    if missing:
        packages = " ".join(PACKAGES.get(name, name) for name in missing)
        message = f"{' and '.join(missing)}: not installed; pip install {packages}"
        if names is not None:
            raise click.UsageError(message)
        reporter.announce(f"not compared with {message}")
    return tools


def bench_files(
    files: Sequence[str],
    rivals: Sequence[Tool],
    settings: Settings,
    reporter: Reporter,
    *,
    as_json: bool,
) -> int:
    """Print a table, or a JSON object a line, for each file; returns the exit status."""
    watch_compiling(reporter)
    tools = [
        *(arzip_with(name, settings.threads) for name in settings.coding_model.split(",")),
        *rivals,
    ]
    for path in files:
        with reporter.watch(path), sources.open_input(path) as source:
            data = b"".join(sources.chunks(source.file))
            total = 2 * len(data) * len(tools)  # both directions
            with Meter(total, wanted=settings.shows_progress) as meter:
                results = [measure(tool, data, source.name, meter) for tool in tools]
            if as_json:
                rows = [dataclasses.asdict(result) for result in results]
                click.echo(json.dumps({"file": source.name, "bytes": len(data), "results": rows}))
            else:
                print_table(source.name, len(data), results)
    return reporter.status


def arzip_with(name: str, threads: int) -> Tool:
    """arzip with the model of that name, compiled. Raises ModelError."""
    from arzip.streams.compressor import ArzipCompressor
    from arzip.streams.decompressor import FramesDecompressor

    model = load_prepared(name)
    model.prove("decode")
    coders: list[ArzipCompressor | FramesDecompressor] = []

    def compress(data: bytes) -> bytes:
        coders.append(compressor := ArzipCompressor(model, threads=threads))
        return compressor.compress(data) + compressor.flush()

    def decompress(frame: bytes) -> bytes:
        coders.append(decompressor := FramesDecompressor(model=model, threads=threads))
        return decompressor.decompress(frame) + decompressor.finish()

    def worked() -> int:
        return sum(coder.worked[0] for coder in coders)

    return Tool("arzip", f"-m {model.name}", compress, decompress, worked)


def measure(tool: Tool, data: bytes, name: str, meter: Meter) -> Result:
    """Both directions, once. Raises RefusedError if the data does not come back."""
    before, passes = tool.worked(), 0

    def look() -> Step:
        return Step(max(passes * len(data), tool.worked() - before))

    with meter.work(f"{name}: {tool.name}", look):
        start = time.perf_counter()
        compressed = tool.compress(data)
        middle = time.perf_counter()
        passes = 1
        restored = tool.decompress(compressed)
        end = time.perf_counter()
        passes = 2
    if restored != data:
        raise RefusedError(f"{tool.name} {tool.settings} did not restore it: no figures are given")
    return Result(
        tool=tool.name,
        settings=tool.settings,
        compressed_bytes=len(compressed),
        bits_per_byte=8 * len(compressed) / len(data) if data else 0.0,
        compress_mb_s=len(data) / 1e6 / (middle - start),
        decompress_mb_s=len(data) / 1e6 / (end - middle),
    )


def print_table(name: str, size: int, results: Sequence[Result]) -> None:
    """What the tools made of one file, a line each."""
    click.echo(f"{printable(name)}: {size:,} bytes")
    row = "  {:<20} {:>15} {:>10} {:>15} {:>17}"
    click.echo(row.format("", "Bytes", "Bits/byte", "Compress MB/s", "Decompress MB/s"))
    for result in results:
        click.echo(
            row.format(
                f"{result.tool} {result.settings}",
                f"{result.compressed_bytes:,}",
                f"{result.bits_per_byte:.4f}",
                f"{result.compress_mb_s:,.3f}",
                f"{result.decompress_mb_s:,.3f}",
            )
        )
