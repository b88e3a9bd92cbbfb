"""Documents to train on: files and folders, packed, split and dealt out to lanes.

A file is a document; what is longer than DOCUMENT is cut. One of HELD_OUT documents is held out,
chosen by its content, so that the split is the same in every run and copies of a document are on
the same side. Each source (an argument of `arzip train`) is drawn from by the square root of its
size, so that small ones count; one that is named twice, twice as often.
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

__all__ = ["UNREADABLE", "Corpus", "Lanes", "files", "is_public", "open_unpacked", "read_corpus"]

DOCUMENT = 1 << 16
HELD_OUT = 50
UNREADABLE = (OSError, EOFError, lzma.LZMAError, zlib.error)
"""What reading a file raises that is damaged or not to be had, through whichever opener."""
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
    """Whether everybody may read all of the files."""

    @property
    def size(self) -> int:
        """Bytes to train on."""
        return int(self.data.size)


def read_corpus(sources: Sequence[Path], exclude: Sequence[str] = ()) -> Corpus:
    """Read the sources, but no file whose path matches one of the patterns `exclude` (fnmatch's).

    Raises ValueError if a source holds nothing to train on.
    """
    starts, held_out, position, public = [], [], 0, True
    # In a file, so that the system keeps in memory only what is read.
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
    """Whether everybody may read the file; what holds some of it should be no wider."""
    try:
        return bool(path.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False


def _documents(path: Path) -> Iterator[bytes]:
    """Of one file, as far as it can be read: there are others."""
    with contextlib.suppress(*UNREADABLE), open_unpacked(path) as file:
        while document := file.read(DOCUMENT):
            yield document


def files(source: Path, exclude: Sequence[str] = ()) -> Iterator[Path]:
    """The file, or those of the folder in order; no links, which may be loops, nor the excluded."""
    if source.is_file():
        paths: Iterable[Path] = [source]
    else:
        paths = sorted(path for path in source.rglob("*") if not path.is_symlink())
    for path in paths:
        if path.is_file() and not any(fnmatchcase(str(path), pattern) for pattern in exclude):
            yield path


def open_unpacked(path: Path) -> BinaryIO:
    """Open a file for reading, through gzip, xz or bzip2 if its name ends so."""
    opened: BinaryIO = OPENERS.get(path.suffix, open)(path, "rb")
    return opened


class Lanes:
    """Documents side by side: each lane reads one to its end, then another at random."""

    def __init__(self, corpus: Corpus, lanes: int, seed: int) -> None:
        self._corpus = corpus
        self._rng = np.random.default_rng(seed)
        sizes = np.array([starts[-1] - starts[0] for starts in corpus.starts], dtype=np.float64)
        self._weights = np.sqrt(sizes) / np.sqrt(sizes).sum()
        self._ranges = np.zeros((lanes, 2), dtype=np.int64)  # what is left of each document

    def next(self, steps: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
        """Bytes (T, B), how many of each lane count (B), and which lanes begin a document (B)."""
        lanes = len(self._ranges)
        data = np.zeros((steps, lanes), dtype=np.int64)
        new = self._ranges[:, 0] == self._ranges[:, 1]
        for empty in np.flatnonzero(new):
            self._ranges[empty] = self._draw()
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
        """What continues this exactly, for a checkpoint."""
        return {"rng": self._rng.bit_generator.state, "ranges": self._ranges.tolist()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where state() was taken."""
        self._rng.bit_generator.state = state["rng"]
        self._ranges = np.array(state["ranges"], dtype=np.int64)
