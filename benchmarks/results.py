"""What was measured: a line of the CSV for each file, compressor and repeat."""

import csv
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import click

OK, MISSING = "ok", "not installed"

PREFIXES = "prefixes"
"""The corpus of beginnings of files: for plots only."""


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
    """OK, MISSING, or what went wrong."""
    bytes: int
    compressed: int = 0
    compress_seconds: float = 0.0
    decompress_seconds: float = 0.0
    compress_peak: int = 0
    """Bytes of memory, resident at once, of the largest process; 0 if unknown."""
    decompress_peak: int = 0
    model_bytes: int = 0
    """Bytes of trained parameters that the decoder needs."""
    package_bytes: int = 0
    """Bytes of the decoder without them; see compressors.py."""

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
    """One compressor's code lengths over a corpus: of a whole file, or of chunks of it."""

    corpus: str
    file: str
    """One file, or "" for all."""
    compressor: str
    version: str
    chunk: int
    """Bytes coded at a time, each time anew; 0 for whole files."""
    bytes: int
    compressed: int
    """With all framing."""
    model_bits: float
    """-log2 P under the real-valued model; 0.0 where a compressor does not say."""
    payload_bits: float
    """What the arithmetic coder made, without a container; 0.0 where a compressor does not say."""

    @property
    def key(self) -> tuple[str, str, str, int]:
        return self.corpus, self.file, self.compressor, self.chunk


Record = TypeVar("Record", Row, Account)

DERIVED: dict[str, Callable[[Row], float]] = {
    "bits_per_byte": lambda row: round(row.bits_per_byte, 5),
    "compress_kb_per_s": lambda row: kilobytes_per_second(row.bytes, row.compress_seconds),
    "decompress_kb_per_s": lambda row: kilobytes_per_second(row.bytes, row.decompress_seconds),
}
"""Columns of the CSV that follow from the others."""


def kilobytes_per_second(size: int, seconds: float) -> float:
    return round(size / 1000 / seconds, 2) if seconds else 0.0


def read(path: Path, kind: type[Record]) -> list[Record]:
    """The file's records, the last one of each key.

    Raises click.ClickException for a file of other columns.
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
        records = [
            kind(**{name: convert(line[name]) for name, convert in types.items()})
            for line in reader
        ]
    return list({record.key: record for record in records}.values())


def write(path: Path, records: Iterable[Record], kind: type[Record]) -> None:
    """Replace the file by these records, in order of their keys."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        names = [field.name for field in fields(kind)]
        writer = csv.DictWriter(file, [*names, *(DERIVED if kind is Row else ())])
        writer.writeheader()
        writer.writerows(map(_cells, sorted(records, key=lambda record: record.key)))


def append(path: Path, record: Record) -> None:
    """Add a record to a file that `write` made, at once, so that an interrupted run can go on."""
    cells = _cells(record)
    with path.open("a", newline="") as file:
        csv.DictWriter(file, list(cells)).writerow(cells)


def _cells(record: Record) -> dict[str, Any]:
    cells = asdict(record)
    if isinstance(record, Row):
        cells |= {name: derive(record) for name, derive in DERIVED.items()}
    return cells


@dataclass(frozen=True)
class Summary:
    """All repeats of a compressor on a file: medians, and how far apart they lie."""

    first: Row
    compress_seconds: float
    decompress_seconds: float
    spread: float
    """(slowest - fastest) / median of compressing; 0 for a single repeat."""

    @property
    def is_ok(self) -> bool:
        return self.first.is_ok


def summaries(rows: Sequence[Row]) -> list[Summary]:
    """A summary for each file and compressor. One repeat that fails is what counts."""
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
