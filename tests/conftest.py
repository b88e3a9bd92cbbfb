"""Shared by tests: a small exact model for testing what surrounds models, and peak memory."""

import shutil
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from types import SimpleNamespace

import hypothesis
import numba
import numpy as np
import pytest
from numpy.typing import NDArray

import arzip
import arzip.models.lowering  # compiling imports it, even after `registry` replaced the package
from arzip import coder
from arzip.codec import Prediction, Session
from arzip.errors import FormatError, ModelError
from arzip.parts import Part
from arzip.readings import Chosen

# The first call of a compiled function takes seconds. Examples are the same in every run, so that a
# failure is due to a change. `--hypothesis-profile explore` tries others.
hypothesis.settings.register_profile("arzip", deadline=None, derandomize=True)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=2000)
hypothesis.settings.load_profile("arzip")


def _installed() -> bool:
    try:
        return distribution("arzip").locate_file("arzip").samefile(Path(arzip.__file__).parent)
    except (PackageNotFoundError, FileNotFoundError):
        return False


INSTALLED = _installed()
"""Whether this arzip was installed, with the files that go beside the package."""

UNITS = (1 << 24) - 2  # the sum of the 256 frequencies


USUAL_WEIGHT = 8


class Counts:
    """A Model: byte frequencies, updated after every block. A decoder is told a byte's weight."""

    name = "counts"

    def __init__(
        self, identity: bytes = b"cnts", block: int = 128, weight: int = USUAL_WEIGHT
    ) -> None:
        self.identity = identity
        self._block = block
        self._weight = weight

    def memory_needed(self, n: int) -> int:
        return 10_000 + 10 * n

    def encode(self, data: NDArray[np.uint8], parts: Sequence[Part] = ()) -> Iterator[Prediction]:
        intervals = coder.byte_intervals(bytes([self._weight]), USUAL_WEIGHT)
        yield Prediction(*intervals, float((24 - np.log2(intervals[1])).sum()), None)
        counts = np.ones(256, dtype=np.int64)
        left, freq, nll = [], [], 0.0
        for first in range(0, data.size, self._block):
            block = data[first : first + self._block]
            frequencies = quantise(counts)
            left.append(starts(frequencies)[block])
            freq.append(frequencies[block])
            nll -= float(np.log2(counts[block] / counts.sum()).sum())
            counts += self._weight * np.bincount(block, minlength=256)
        yield Prediction(
            np.concatenate(left).astype(np.uint32),
            np.concatenate(freq).astype(np.uint32),
            nll,
        )

    def decode(
        self, words: NDArray[np.uint32], n: int, decoder: NDArray[np.uint64] | None = None
    ) -> Iterator[NDArray[np.uint8]]:
        if decoder is None:
            decoder = np.zeros(4, dtype=np.uint64)
        weight = coder.next_byte(words, decoder, USUAL_WEIGHT)
        if not 1 <= weight <= 100:
            raise FormatError("impossible weight")
        yield decode(words, decoder, n, self._block, weight)

    def session(self) -> "CountsSession":
        return CountsSession(self._block, self._weight)


class CountsSession:
    """The same model, byte by byte."""

    def __init__(self, block: int, weight: int) -> None:
        self._block, self._weight = block, weight
        self._counts = np.ones(256, dtype=np.int64)
        self._new: list[int] = []

    def conditionals(self) -> NDArray[np.uint32]:
        return quantise(self._counts).astype(np.uint32)

    def observe(self, byte: int) -> None:
        self._new.append(byte)
        if len(self._new) == self._block:
            self._counts += self._weight * np.bincount(self._new, minlength=256)
            self._new.clear()


def quantise(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return frequencies of at least 1 that sum to UNITS, nearly in proportion to the counts."""
    frequencies = 1 + counts * (UNITS - 256) // counts.sum()
    frequencies[counts.argmax()] += UNITS - frequencies.sum()
    return frequencies


def starts(frequencies: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the start of each byte's interval."""
    return 1 + np.cumsum(frequencies) - frequencies


@numba.njit(nogil=True)
def decode(
    words: NDArray[np.uint32], state: NDArray[np.uint64], n: int, block: int, weight: int
) -> NDArray[np.uint8]:
    """Return the n bytes that Counts.encode coded: the loop takes turns with the coder.

    Every process compiles it: numpy's own functions would take three times as long.
    """
    counts = np.ones(256, dtype=np.int64)
    frequencies = np.zeros(256, dtype=np.int64)
    out = np.zeros(n, dtype=np.uint8)
    for t in range(n):
        if t % block == 0:
            for k in range(max(0, t - block), t):
                counts[out[k]] += weight
            total, most, rest = 0, 0, UNITS
            for k in range(256):
                total += counts[k]
                if counts[k] > counts[most]:
                    most = k
            for k in range(256):
                frequencies[k] = 1 + counts[k] * (UNITS - 256) // total
                rest -= frequencies[k]
            frequencies[most] += rest
        target = np.int64(coder.target(state))
        byte, left = 0, 1
        while byte < 255 and left + frequencies[byte] <= target:
            left += frequencies[byte]
            byte += 1
        coder.advance(words, state, np.uint32(left), np.uint32(frequencies[byte]))
        out[t] = byte
    return out


def peak_memory(work: Callable[[], object]) -> int:
    """Return the most bytes that were allocated at a time while `work` was called."""
    work()  # loads modules and compiles
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def assert_looking_ahead_changes_nothing(chosen: Chosen, data: NDArray[np.uint8]) -> Session:
    """Assert it of coding data in a reading: all conditionals sum up, and are those without.

    Returns the session that looked.
    """
    swift = arzip.load_model("swift")
    looking, blind = (swift.session(reading=chosen, size=data.size) for _ in range(2))
    for byte in data.tolist():
        freq = looking.conditionals()
        assert int(freq.sum()) == (1 << 24) - 2
        looking.observe(byte)
        assert (blind.conditionals() == freq).all()
        blind.observe(byte)
    return looking


@pytest.fixture(scope="session")
def model() -> Counts:
    return Counts()


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch, model: Counts) -> SimpleNamespace:
    """Have `model` replace arzip's models, under the name "base"."""

    def load(name: str = "base") -> Counts:
        if name != "base":
            raise ModelError(f"unknown model {name!r}")
        return model

    def by_identity(identity: bytes, given: Counts | None) -> Counts:
        if identity == model.identity:
            return model
        raise ModelError(f"made with a model (identity {identity.hex()}) that is not here")

    models = SimpleNamespace(load=load, by_identity=by_identity)
    monkeypatch.setitem(sys.modules, "arzip.models.registry", models)
    return models


@pytest.fixture(scope="session")
def failing(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the path of a library that makes system calls fail: see failing.c."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("needs Linux and a C compiler")
    library = tmp_path_factory.mktemp("failing") / "failing.so"
    source = Path(__file__).with_name("failing.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return str(library)
