"""`arzip list` and `arzip -l`: what is in .arz files, read from their headers without decoding."""

import dataclasses
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import click

from arzip.cli import options
from arzip.cli.command import named
from arzip.cli.files import sources
from arzip.cli.files.sources import STDIN
from arzip.cli.files.summaries import of_found
from arzip.cli.messages import RefusedError, Reporter, printable
from arzip.cli.settings import Settings

if TYPE_CHECKING:
    from arzip.format.locate import Located

__all__ = ["command", "list_files"]

LONGEST_LIST = 1 << 18  # bytes of a payload in which all of its spans are told
WHOLE, LOW_HALF = "XXH64", "XXH64/32"


@dataclass(frozen=True)
class Listed:
    """What is in one file. The names of the fields are those of the JSON."""

    file: str
    frames: int
    segments: int
    file_bytes: int
    bytes: int
    ratio: float  # file_bytes / bytes; 0 for an empty original
    models: list[str]  # names, or identities in hexadecimal if arzip lacks the model
    methods: dict[str, int]  # how many segments are coded by each method
    checks: list[str]  # checksums of the data: XXH64, or its low 32 bits
    inside: int  # bytes of plain data in segments that were unpacked
    found: dict[str, int]  # how many streams of each kind these hold
    readings: dict[str, int] | None = None  # with -v: the bytes that are read in each way


@named("list")
@options.required_files
@options.recursive
@options.json_output
@click.option("-v", "--verbose", count=True, help="Tell how many bytes are read in which way.")
@options.quiet
@click.pass_context
def command(context: click.Context, /, files: Sequence[str], as_json: bool, **values: Any) -> None:
    """List what is in each FILE, without decoding it."""
    context.exit(list_files(files, Settings(**values), as_json=as_json))


def list_files(files: Sequence[str], settings: Settings, *, as_json: bool) -> int:
    """Print a table or a JSON array of the files; return the exit status."""
    reporter = Reporter(settings.quiet)
    listed = []
    paths = sources.expand(
        files or [STDIN], settings, compressed=True, on_error=reporter.unreadable
    )
    for path in paths:
        with reporter.watch(path):
            if path == STDIN:
                raise RefusedError("standard input cannot be listed; name a FILE")
            listed.append(_examine(path, readings=settings.verbose > 0))
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(row) for row in listed], indent=2))
    elif listed:
        _print_table(listed)
    return reporter.status


def _examine(path: str, *, readings: bool) -> Listed:
    """Return what the headers of the file say. Raises: SkippedError, OSError, ArzipError."""
    from arzip import codec
    from arzip.files import segments
    from arzip.models.registry import catalogue

    names = {
        codec.MODELLED: "modelled",
        codec.STORED: "stored",
        codec.RUN: "run",
        codec.UNPACKED: "unpacked",
    }
    known = {model["identity"]: str(model["name"]) for model in catalogue()}
    frames, inside = 0, 0
    methods, found, read = Counter[str](), Counter[str](), Counter[str]()
    models, checks = set[str](), set[str]()
    with sources.open_source(path, may_recurse=True) as source:
        all_segments = segments(source.file)
        for located in all_segments:
            frames += located.segment.number == 1
            inside += located.segment.plain_size
            found.update(located.segment.found)
            methods[names[located.segment.method]] += 1
            checks.add(WHOLE if located.header.long else LOW_HALF)
            if located.header.identity is not None:
                identity = located.header.identity.hex()
                models.add(known.get(identity, identity))
            if readings and codec.needs_model(located.segment.method):
                read.update(_readings(source.file, located))
        file_bytes = source.size or 0
    return Listed(
        file=path,
        frames=frames,
        segments=len(all_segments),
        file_bytes=file_bytes,
        bytes=all_segments.size,
        ratio=round(file_bytes / all_segments.size, 4) if all_segments.size else 0.0,
        models=sorted(models),
        methods=dict(methods),
        checks=sorted(checks),
        inside=inside,
        found=dict(found),
        readings=dict(read) if readings else None,
    )


def _readings(file: IO[bytes], located: "Located") -> Counter[str]:
    """Return how many bytes of a segment are read in each way. Raises OSError, ArzipError."""
    import numpy as np

    from arzip import coder
    from arzip.models.model import spans_in

    file.seek(located.body)
    words = coder.to_words(file.read(min(located.segment.coded_size, LONGEST_LIST)))
    read = Counter[str]()
    n = located.segment.plain_size or located.segment.size
    for chosen, size in spans_in(words, n, np.zeros(4, dtype=np.uint64)):
        read[chosen.reading.name] += size
    return read


def _print_table(listed: Sequence[Listed]) -> None:
    """Print the files as `xz --list` does, and a total if there are several."""
    rows = list(listed)
    if len(rows) > 1:
        rows.append(_total(rows))
    widths = "{:>6} {:>8} {:>15} {:>15} {:>6}  {:<10} {:<8}  {}"
    headings = "Frames", "Segments", "Compressed", "Uncompressed", "Ratio", "Model", "Check", "File"
    click.echo(widths.format(*headings))
    for row in rows:
        click.echo(
            widths.format(
                row.frames,
                row.segments,
                f"{row.file_bytes:,}",
                f"{row.bytes:,}",
                f"{row.ratio:.3f}" if row.bytes else "---",
                ",".join(row.models) or "none",
                ",".join(row.checks),
                printable(row.file),
            )
        )
        if row.readings:
            parts = sorted(row.readings.items(), key=lambda part: -part[1])
            if row.inside:
                click.echo(f"       {of_found(row.found)}, {row.inside:,} bytes inside")
            click.echo("       " + ", ".join(f"{name}: {size:,}" for name, size in parts))


def _total(rows: Sequence[Listed]) -> Listed:
    file_bytes = sum(row.file_bytes for row in rows)
    size = sum(row.bytes for row in rows)
    return Listed(
        file=f"{len(rows)} files",
        frames=sum(row.frames for row in rows),
        segments=sum(row.segments for row in rows),
        file_bytes=file_bytes,
        bytes=size,
        ratio=file_bytes / size if size else 0.0,
        models=sorted({name for row in rows for name in row.models}),
        methods={},
        checks=sorted({name for row in rows for name in row.checks}),
        inside=sum(row.inside for row in rows),
        found={},
    )
