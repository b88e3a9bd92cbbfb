"""`arzip bench`: arzip compared with other compressors on given files, in memory, one at a time.

They run in this process through their Python packages, at their strongest usual setting, and each
round trip is compared. (benchmarks/ measures programs instead, over whole corpora.)
"""

import dataclasses
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import click

from arzip.cli import options
from arzip.cli.command import named
from arzip.cli.files import sources
from arzip.cli.loading import load_compiled
from arzip.cli.messages import RefusedError, Reporter, new_reporter, printable
from arzip.cli.progress import Meter, Step
from arzip.cli.settings import Settings
from arzip.levels import LEVELS

__all__ = ["OTHERS", "PACKAGES", "Tool", "arzip_with", "command", "measure", "others"]

Transform = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Tool:
    """A compressor as it is measured."""

    name: str
    settings: str
    compress: Transform
    decompress: Transform
    worked: Callable[[], int] = lambda: 0
    """Returns how many bytes of data it has coded so far, if it can tell."""


@dataclass(frozen=True)
class Result:
    """How a tool compresses a file. The names of the fields are those of the JSON."""

    tool: str
    settings: str
    compressed_bytes: int
    bits_per_byte: float
    compress_mb_s: float  # millions of bytes of the original a second
    decompress_mb_s: float


def _gzip() -> Tool:
    import gzip

    return Tool("gzip", "-9", lambda data: gzip.compress(data, 9, mtime=0), gzip.decompress)


def _bzip2() -> Tool:
    import bz2

    return Tool("bzip2", "-9", bz2.compress, bz2.decompress)


def _xz() -> Tool:
    import lzma

    preset = 9 | lzma.PRESET_EXTREME
    return Tool("xz", "-9e", lambda data: lzma.compress(data, preset=preset), lzma.decompress)


def _zstd() -> Tool:
    """Use the standard library, from Python 3.14 on, or else the package zstandard."""
    try:
        zstd = import_module("compression.zstd")
    except ImportError:
        zstd = import_module("zstandard")
    return Tool("zstd", "-22", lambda data: bytes(zstd.compress(data, 22)), zstd.decompress)


def _brotli() -> Tool:
    """Use either of its two packages."""
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
    "gzip": _gzip,
    "bzip2": _bzip2,
    "xz": _xz,
    "zstd": _zstd,
    "brotli": _brotli,
}
PACKAGES = {"zstd": "zstandard", "brotli": "brotli"}


class Names(click.ParamType[tuple[str, ...]]):
    """Names of other compressors, separated by commas."""

    name = "names"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        names = tuple(value.split(",")) if value else ()
        for name in names:
            if name not in OTHERS:
                self.fail(f"{name!r} is none of {', '.join(OTHERS)}", param, ctx)
        return names


@named("bench")
@options.required_files
@click.option(
    "--against",
    type=Names(),
    metavar="NAME,...",
    help=f"Compare with these of {', '.join(OTHERS)} [all installed ones].",
)
@options.coding_model
@options.threads
@options.json_output
@options.quiet
@options.progress
@click.pass_context
def command(
    context: click.Context,
    /,
    files: Sequence[str],
    against: tuple[str, ...] | None,
    as_json: bool,
    **values: Any,
) -> None:
    """Compare arzip with other compressors on each FILE.

    Prints sizes, bits per byte and speeds in MB/s; every round trip is compared. Takes all levels'
    models, unless a level says which, or -m, with commas between several.
    """
    settings = Settings(**values)
    reporter = new_reporter(settings.quiet)
    rivals = others(against, reporter)
    context.exit(_bench(files, rivals, settings, reporter, as_json=as_json))


def others(names: tuple[str, ...] | None, reporter: Reporter) -> list[Tool]:
    """Return the compressors of these names, or all installed ones: the rest is announced.

    Raises: click.UsageError if one was named and is not installed.
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


def _bench(
    files: Sequence[str],
    rivals: Sequence[Tool],
    settings: Settings,
    reporter: Reporter,
    *,
    as_json: bool,
) -> int:
    """Print a table, or a JSON object a line, for each file; return the exit status."""
    models = settings.model.split(",") if settings.model else list(dict.fromkeys(LEVELS.values()))
    tools = [*(arzip_with(name, settings.threads) for name in models), *rivals]
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
                _print_table(source.name, len(data), results)
    return reporter.status


def arzip_with(name: str, threads: int) -> Tool:
    """Return arzip with the model of that name, compiled. Raises ModelError."""
    from arzip.streams.compressor import ArzipCompressor
    from arzip.streams.decompressor import FramesDecompressor

    model = load_compiled(name)
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
    """Measure both directions, once. Raises RefusedError if the data does not come back."""
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


def _print_table(name: str, size: int, results: Sequence[Result]) -> None:
    """Print the results for one file, a line for each tool."""
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
