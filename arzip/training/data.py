"""Documents to train on: files and folders, packed, split and dealt out to lanes.

A file is a document; what is longer than DOCUMENT is cut. One of HELD_OUT documents is held out,
chosen by its content, so that the split is the same in every run and copies of a document are on
the same side. Each source (an argument of `arzip train`) is drawn from by the square root of its
size, so that small ones count; one that is named twice, twice as often.
"""

import gzip
import hashlib
import lzma
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Corpus", "Lanes", "read_corpus"]

DOCUMENT = 1 << 16
HELD_OUT = 50
OPENERS: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".xz": lzma.open}


@dataclass(frozen=True)
class Corpus:
    """Packed documents: document i of source s is data[starts[s][i] : starts[s][i + 1]]."""

    names: tuple[str, ...]
    data: NDArray[np.uint8]
    starts: tuple[NDArray[np.int64], ...]
    held_out: tuple[NDArray[np.uint8], ...]
    """One piece for each source."""

    @property
    def size(self) -> int:
        """Bytes to train on."""
        return int(self.data.size)


def read_corpus(sources: Sequence[Path], exclude: Sequence[str] = ()) -> Corpus:
    """Read the sources, but no file whose path matches one of the patterns `exclude` (fnmatch's).

    Raises ValueError if a source holds nothing to train on.
    """
    starts, held_out, position = [], [], 0
    # In a file, so that the system keeps in memory only what is read.
    with tempfile.TemporaryFile() as packed:
        for source in sources:
            offsets, aside = [position], []
            for document in _documents(source, exclude):
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
    return Corpus(tuple(map(str, sources)), data, tuple(starts), tuple(held_out))


def _documents(source: Path, exclude: Sequence[str]) -> Iterator[bytes]:
    for path in _files(source):
        if any(fnmatchcase(str(path), pattern) for pattern in exclude):
            continue
        try:
            with OPENERS.get(path.suffix, open)(path, "rb") as file:
                while document := file.read(DOCUMENT):
                    yield document
        except (OSError, EOFError, lzma.LZMAError):
            continue  # unreadable: there are others


def _files(source: Path) -> Iterator[Path]:
    if source.is_file():
        yield source
        return
    for folder, folders, files in os.walk(source):  # links are not followed: they may be loops
        folders.sort()
        for name in sorted(files):
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink():
                yield path


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
