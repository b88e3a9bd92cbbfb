"""Documents to train on: files and folders, packed, split and dealt out to lanes.

A file is a document, cut into several if it is longer than DOCUMENT. One of HELD_OUT documents is
held out, chosen by its content: every run splits alike, and copies of a document stay on one side.
A source (an argument of `arzip train`) is drawn in proportion to the square root of its size, so
that small ones count. A source that is named twice is drawn twice as often.
"""

import bz2
import contextlib
import gzip
import hashlib
import lzma
import stat
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "DOCUMENT",
    "UNREADABLE",
    "Corpus",
    "Lanes",
    "files",
    "is_public",
    "open_unpacked",
    "read_corpus",
]

DOCUMENT = 1 << 16  # bytes
HELD_OUT = 50
UNREADABLE = (OSError, EOFError, lzma.LZMAError, zlib.error)
"""The errors of all openers, for a file that is damaged or cannot be read."""
OPENERS: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".xz": lzma.open, ".bz2": bz2.open}


@dataclass(frozen=True)
class Corpus:
    """Packed documents: document i of source s is data[starts[s][i] : starts[s][i + 1]]."""

    names: tuple[str, ...]
    data: NDArray[np.uint8]
    starts: tuple[NDArray[np.int64], ...]
    held_out: tuple[NDArray[np.uint8], ...]
    """One piece for each source."""
    is_public: bool = False
    """Whether all users may read all of the files."""

    @property
    def size(self) -> int:
        """Bytes to train on."""
        return int(self.data.size)


def read_corpus(sources: Sequence[Path], exclude: Sequence[str] = ()) -> Corpus:
    """Return the documents of all files in the sources whose paths match no pattern in `exclude`.

    The patterns are fnmatch's. Raises ValueError if a source has nothing to train on.
    """
    starts, held_out, position, public = [], [], 0, True
    # In a file, so that memory holds only the parts in use.
    with tempfile.TemporaryFile() as packed:
        for source in sources:
            offsets, aside = [position], []
            for path in files(source, exclude):
                for document in _documents(path):
                    public = public and is_public(path)
                    digest = hashlib.sha256(document).digest()
                    if int.from_bytes(digest[:4]) % HELD_OUT == 0:
                        aside.append(document)
                    else:
                        packed.write(document)
                        position += len(document)
                        offsets.append(position)
            if len(offsets) < 2:
                raise ValueError(f"{source} has nothing to train on")
            starts.append(np.array(offsets, dtype=np.int64))
            held_out.append(np.frombuffer(b"".join(aside), dtype=np.uint8))
        packed.flush()
        data = np.memmap(packed, dtype=np.uint8, mode="r", shape=(position,))
    return Corpus(tuple(map(str, sources)), data, tuple(starts), tuple(held_out), public)


def is_public(path: Path) -> bool:
    """Return whether all users may read the file, and so may read a file made from it."""
    try:
        return bool(path.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False


def _documents(path: Path) -> Iterator[bytes]:
    """Yield the documents of one file, as far as it can be read."""
    with contextlib.suppress(*UNREADABLE), open_unpacked(path) as file:
        while document := file.read(DOCUMENT):
            yield document


def files(source: Path, exclude: Sequence[str] = ()) -> Iterator[Path]:
    """Yield the file, or those in the folder in order. Leave out links, which may be loops."""
    if source.is_file():
        paths: Iterable[Path] = [source]
    else:
        paths = sorted(path for path in source.rglob("*") if not path.is_symlink())
    for path in paths:
        if path.is_file() and not any(fnmatchcase(str(path), pattern) for pattern in exclude):
            yield path


def open_unpacked(path: Path) -> BinaryIO:
    """Return the file opened for reading, unpacked if its name ends as one of OPENERS."""
    opened: BinaryIO = OPENERS.get(path.suffix, open)(path, "rb")
    return opened


class Lanes:
    """Documents side by side: each lane reads one to its end, then another at random.

    The first ones begin anywhere, so that a short run sees all parts of its data alike.
    """

    def __init__(self, corpus: Corpus, lanes: int, seed: int) -> None:
        self._corpus = corpus
        self._rng = np.random.default_rng(seed)
        sizes = np.array([starts[-1] - starts[0] for starts in corpus.starts], dtype=np.float64)
        self._weights = np.sqrt(sizes) / np.sqrt(sizes).sum()
        self._ranges = np.zeros((lanes, 2), dtype=np.int64)  # the rest of each document

    def next(self, steps: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
        """Return bytes (T, B), how many of each lane count (B), and which documents are new (B)."""
        lanes = len(self._ranges)
        data = np.zeros((steps, lanes), dtype=np.int64)
        new = self._ranges[:, 0] == self._ranges[:, 1]
        for empty in np.flatnonzero(new):
            start, end = self._draw()
            if self._ranges[empty, 1] == 0:
                start = int(self._rng.integers(start, end))
            self._ranges[empty] = start, end
        counts = np.minimum(steps, self._ranges[:, 1] - self._ranges[:, 0])
        for lane, (start, count) in enumerate(zip(self._ranges[:, 0], counts, strict=True)):
            data[:count, lane] = self._corpus.data[start : start + count]
        self._ranges[:, 0] += counts
        return data, counts, new

    def _draw(self) -> tuple[int, int]:
        starts = self._corpus.starts[self._rng.choice(len(self._weights), p=self._weights)]
        document = self._rng.integers(len(starts) - 1)
        return int(starts[document]), int(starts[document + 1])

    def state(self) -> dict[str, Any]:
        """Return all that a checkpoint needs to go on exactly from here."""
        return {"rng": self._rng.bit_generator.state, "ranges": self._ranges.tolist()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a place that state() returned."""
        self._rng.bit_generator.state = state["rng"]
        self._ranges = np.array(state["ranges"], dtype=np.int64)
