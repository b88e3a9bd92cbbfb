"""What is inside files that are compressed already: taken apart, put together again, compared.

python benchmarks/unpack.py FILE...              by kind: how much is inside, and what must be told
python benchmarks/unpack.py -m swift FILE...     and what the files become
"""

import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

import arzip
from arzip import codec, unpacking


@dataclass
class Sum:
    """Of the files of one kind."""

    files: int = 0
    opened: int = 0  # files in which something was found
    size: int = 0
    opened_size: int = 0
    plain: int = 0  # bytes of the opened files, with what is inside
    told: float = 0.0  # bytes
    seconds: float = 0.0
    as_is: int = 0  # bytes that the model makes of the files
    packed: int = 0  # and of what is inside


@click.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("-m", "--model", help="Compress too, with this model.")
def main(files: tuple[Path, ...], model: str | None) -> None:
    """Take each of FILES apart, compare what comes back, and print a table by kind."""
    sums: dict[str, Sum] = defaultdict(Sum)
    for path in files:
        try:
            data = path.read_bytes()
        except OSError as error:
            print(f"{path}: {error}", file=sys.stderr)
            continue
        _add(sums[path.suffix.lower()], data, model)
    print("| kind | files | opened | bytes of these | inside | told | MB/s |", end="")
    print(" as they are | arzip |" if model else "")
    print("|---|" + "---|" * (8 if model else 6))
    for kind, of_kind in sorted(sums.items()):
        speed = of_kind.size / of_kind.seconds / 1e6
        print(
            f"| {kind} | {of_kind.files:,} | {of_kind.opened:,} | {of_kind.opened_size:,} | "
            f"{of_kind.plain:,} | {of_kind.told:,.0f} | {speed:.1f} |",
            end=f" {of_kind.as_is:,} | {of_kind.packed:,} |\n" if model else "\n",
        )


def _add(of_kind: Sum, data: bytes, model: str | None) -> None:
    """Count one file. What is unpacked was compared with the data already."""
    start = time.perf_counter()
    unpacked = unpacking.unpack(data, codec.MOST_PLAIN)
    of_kind.seconds += time.perf_counter() - start
    of_kind.files += 1
    of_kind.size += len(data)
    if unpacked is None:
        return
    of_kind.opened += 1
    of_kind.opened_size += len(data)
    of_kind.plain += unpacked.plain.size
    bits = 0.0

    def count(left: np.ndarray, freq: np.ndarray) -> None:
        nonlocal bits
        bits += float((24 - np.log2(freq)).sum())

    unpacking.tell(unpacked, count)
    of_kind.told += bits / 8
    if model:
        packed = arzip.compress(data, model=model)
        assert arzip.decompress(packed) == data
        of_kind.packed += len(packed)
        of_kind.as_is += len(arzip.compress(data, model=model, unpack=False))


if __name__ == "__main__":
    main()
