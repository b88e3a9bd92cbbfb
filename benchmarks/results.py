"""The measurements in CSV files: a line for each file, compressor and repeat."""

import csv
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import click

OK, MISSING = "ok", "not installed"

PREFIXES = "prefixes"
"""The corpus of files' beginnings, for plots only."""


@dataclass(frozen=True)
class Row:
    """One compressor on one file, once."""

    corpus: str
    file: str
    compressor: str
    version: str
    repeat: int
    """1, 2, ..."""
    status: str
    """OK, MISSING, or the failure."""
    bytes: int
    compressed: int = 0
    compress_seconds: float = 0.0
    decompress_seconds: float = 0.0
    compress_peak: int = 0
    """Peak resident bytes of the largest process; 0 if unknown."""
    decompress_peak: int = 0
    model_bytes: int = 0
    """Bytes of trained parameters that the decoder needs."""
    package_bytes: int = 0
    """Bytes of the decoder without parameters; see compressors.py."""

    @property
    def key(self) -> tuple[str, str, str, int]:
        return self.corpus, self.file, self.compressor, self.repeat

    @property
    def is_ok(self) -> bool:
        return self.status == OK

    @property
    def bits_per_byte(self) -> float:
        return 8 * self.compressed / self.bytes if self.bytes else 0.0


@dataclass(frozen=True)
class Account:
    """One compressor's code lengths: of a whole file, or of a corpus in chunks."""

    corpus: str
    file: str
    """The file, or "" for the whole corpus."""
    compressor: str
    version: str
    chunk: int
    """Bytes of a chunk, each coded alone; 0 for whole files."""
    bytes: int
    compressed: int
    """With all framing."""
    model_bits: float
    """-log2 P under the real-valued model; 0.0 if unknown."""
    payload_bits: float
    """The arithmetic coder's output, without a container; 0.0 if unknown."""

    @property
    def key(self) -> tuple[str, str, str, int]:
        return self.corpus, self.file, self.compressor, self.chunk


Line = TypeVar("Line", Row, Account)

DERIVED: dict[str, Callable[[Row], float]] = {
    "bits_per_byte": lambda row: round(row.bits_per_byte, 5),
    "compress_kb_per_s": lambda row: kilobytes_per_second(row.bytes, row.compress_seconds),
    "decompress_kb_per_s": lambda row: kilobytes_per_second(row.bytes, row.decompress_seconds),
}
"""Columns of the CSV that are computed from the others."""


def kilobytes_per_second(size: int, seconds: float) -> float:
    return round(size / 1000 / seconds, 2) if seconds else 0.0


def read(path: Path, kind: type[Line]) -> list[Line]:
    """Return the file's lines, the last one of each key.

    Raises click.ClickException for a file with other columns.
    """
    if not path.exists():
        return []
    types: dict[str, Any] = {field.name: field.type for field in fields(kind)}
    with path.open(newline="") as file:
        reader = csv.DictReader(file)
        if not set(types) <= set(reader.fieldnames or ()):
            raise click.ClickException(
                f"{path}: has other columns; name another file, or remove it"
            )
        lines = [
            kind(**{name: convert(cells[name]) for name, convert in types.items()})
            for cells in reader
        ]
    return list({line.key: line for line in lines}.values())


def write(path: Path, lines: Iterable[Line], kind: type[Line]) -> None:
    """Replace the file by these lines, in order of their keys."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        names = [field.name for field in fields(kind)]
        writer = csv.DictWriter(file, [*names, *(DERIVED if kind is Row else ())])
        writer.writeheader()
        writer.writerows(map(_cells, sorted(lines, key=lambda line: line.key)))


def append(path: Path, line: Line) -> None:
    """Add a line to a file that `write` made, at once, so that an interrupted run can go on."""
    cells = _cells(line)
    with path.open("a", newline="") as file:
        csv.DictWriter(file, list(cells)).writerow(cells)


def _cells(line: Line) -> dict[str, Any]:
    cells = asdict(line)
    if isinstance(line, Row):
        cells |= {name: derive(line) for name, derive in DERIVED.items()}
    return cells


@dataclass(frozen=True)
class Summary:
    """All repeats of a compressor on a file: medians, and their spread."""

    first: Row
    compress_seconds: float
    decompress_seconds: float
    spread: float
    """(slowest - fastest) / median of compressing; 0 for a single repeat."""

    @property
    def is_ok(self) -> bool:
        return self.first.is_ok


def summaries(rows: Sequence[Row]) -> list[Summary]:
    """Return a summary for each file and compressor. It has failed if one repeat has."""
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.corpus, row.file, row.compressor), []).append(row)
    return [_summary(group) for group in groups.values()]


def _summary(rows: list[Row]) -> Summary:
    failed = [row for row in rows if not row.is_ok]
    times = [row.compress_seconds for row in rows]
    middle = statistics.median(times)
    return Summary(
        first=(failed or rows)[0],
        compress_seconds=middle,
        decompress_seconds=statistics.median(row.decompress_seconds for row in rows),
        spread=(max(times) - min(times)) / middle if middle else 0.0,
    )
