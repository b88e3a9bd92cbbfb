"""Code lengths beside file sizes, and corpora coded in chunks of 2,048 bytes.

There are two accounts. Both are made in memory by Python, without timing:

- whole files: -log2 P(file) under the model, beside the size of the .arz file;
- chunks: a corpus cut into chunks of 2,048 bytes, each coded alone, as in Table 1 of Deletang et
  al. 2024, "Language Modeling is Compression". They count the arithmetic coder's output alone; here
  are both that and the chunks with all their framing. gzip and lzma are Python's.

Their "adjusted" rate adds the model's own size:  (compressed + model) / raw.
"""

import gzip
import lzma
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import arzip
from arzip.streams.compressor import ArzipCompressor
from compressors import Compressor
from measuring import Item
from results import PREFIXES, Account

CHUNK = 2048
MOST_CHUNKS = 256
"""The most chunks taken of a corpus, evenly spread."""

LARGEST_WHOLE = 1 << 21
"""Bytes. Larger files have no account, because it would take as long as compressing."""


class Packing(NamedTuple):
    """The sizes of one packed piece."""

    compressed: int  # bytes
    model_bits: float
    payload_bits: float


class RoundTripError(Exception):
    """Decompression gave other bytes."""


LZMA2 = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "dict_size": 1 << 16}]
"""xz -9e with the dictionary that a chunk needs: setting up its usual 64 MiB takes long."""

LIBRARY: dict[str, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]] = {
    "gzip": (lambda data: gzip.compress(data, 9, mtime=0), gzip.decompress),
    "xz": (lambda data: lzma.compress(data, filters=LZMA2), lzma.decompress),
    "lzma2": (
        lambda data: lzma.compress(data, lzma.FORMAT_RAW, filters=LZMA2),
        lambda data: lzma.decompress(data, lzma.FORMAT_RAW, filters=LZMA2),
    ),
}
"""Python's compressors, as (compress, decompress). lzma2 is xz without a container."""


def chunks_of(paths: Sequence[Path]) -> list[bytes]:
    """Return at most MOST_CHUNKS of the files' chunks. A file's last chunk may be short."""
    places = [
        (path, start) for path in sorted(paths) for start in range(0, path.stat().st_size, CHUNK)
    ]
    count = min(MOST_CHUNKS, len(places))
    chosen = [places[k * len(places) // count] for k in range(count)]
    chunks = []
    for path, start in chosen:
        with path.open("rb") as file:
            file.seek(start)
            chunks.append(file.read(CHUNK))
    return chunks


def pack(name: str, model: str | None, data: bytes, *, verify: bool) -> Packing:
    """Compress and, to verify, decompress and compare. Return the sizes. Raises RoundTripError."""
    if model is None:
        compress, decompress = LIBRARY[name]
        packed = compress(data)
        bits = (0.0, 0.0)
    else:
        compressor, decompress = ArzipCompressor(model), arzip.decompress
        packed = compressor.compress(data) + compressor.flush()
        account = compressor.account
        bits = (account.code.model, account.code.payload)
    if verify and decompress(packed) != data:
        raise RoundTripError(name)
    return Packing(len(packed), *bits)


class Job(NamedTuple):
    """One account to be made, by a process of its own."""

    corpus: str
    file: str
    compressor: str
    version: str
    model: str | None
    chunk: int
    paths: tuple[Path, ...]

    @property
    def key(self) -> tuple[str, str, str, int]:
        return self.corpus, self.file, self.compressor, self.chunk


def jobs(
    items: Sequence[Item], compressors: Sequence[Compressor], done: Sequence[Account]
) -> list[Job]:
    """Return the accounts to be made: those not in `done`, or there of another version."""
    known = {(account.key, account.version) for account in done}
    models = [c for c in compressors if c.model is not None and c.threads == 1]
    who = [(c.name, c.version, c.model) for c in models]
    who += [(name, "python", None) for name in LIBRARY]
    wanted = []
    for corpus in dict.fromkeys(item.corpus for item in items):
        own = [item for item in items if item.corpus == corpus]
        paths = tuple(item.path for item in own)
        if corpus != PREFIXES:
            wanted += [Job(corpus, "", *names, CHUNK, paths) for names in who]
        wanted += [
            Job(item.corpus, item.name, c.name, c.version, c.model, 0, (item.path,))
            for item in own
            for c in models
            if item.size <= LARGEST_WHOLE
        ]
    return [job for job in wanted if (job.key, job.version) not in known]


def account(job: Job) -> Account:
    """Do the job; return the account. Raises RoundTripError."""
    pieces = chunks_of(job.paths) if job.chunk else [job.paths[0].read_bytes()]
    # Whole files are verified where they are timed; chunks only here.
    packings = [pack(job.compressor, job.model, piece, verify=job.chunk > 0) for piece in pieces]
    return Account(
        corpus=job.corpus,
        file=job.file,
        compressor=job.compressor,
        version=job.version,
        chunk=job.chunk,
        bytes=sum(map(len, pieces)),
        compressed=sum(packing.compressed for packing in packings),
        model_bits=round(sum(packing.model_bits for packing in packings), 3),
        payload_bits=sum(packing.payload_bits for packing in packings),
    )


def accounts(work: Sequence[Job], processes: int, keep: Callable[[Account], None]) -> None:
    """Do all jobs, `processes` at a time. Each account goes to `keep`."""
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for made in pool.map(account, work):
            keep(made)
