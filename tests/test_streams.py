"""Both directions together: the same arguments, the same refusals, bounded memory."""

import inspect
import sys
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from conftest import Counts, peak_memory
from numpy.typing import NDArray
from streaming import SEGMENT, TEXT, compress, random_bytes

from arzip.codec import Prediction
from arzip.errors import ModelError
from arzip.streams.compressor import ArzipCompressor
from arzip.streams.decompressor import ArzipDecompressor, decompress


def test_threads_have_bounds(model: Counts) -> None:
    assert ArzipCompressor(model, threads=0).compress(b"") == b""
    for make in (ArzipCompressor, ArzipDecompressor):
        with pytest.raises(ValueError, match="threads"):
            make(model=model, threads=-1)


@pytest.mark.parametrize("option", ["threads", "max_size", "max_memory", "segment_size"])
@pytest.mark.parametrize("value", [2.5, "2"])
def test_numbers_are_whole(model: Counts, option: str, value: object) -> None:
    for make in (ArzipCompressor, ArzipDecompressor):
        if option in inspect.signature(make).parameters:
            with pytest.raises(TypeError, match=f"{option} must be a whole number, not "):
                make(model=model, **{option: value})


def test_what_is_no_executor(model: Counts) -> None:
    for make in (ArzipCompressor, ArzipDecompressor):
        with pytest.raises(TypeError, match=r"executor must be one .* not int"):
            make(model=model, executor=4)


@pytest.mark.parametrize("make", [ArzipCompressor, ArzipDecompressor])
def test_what_is_no_model(make: Any) -> None:
    with pytest.raises(TypeError, match="model must be a name, a path or a loaded model, not int"):
        make(model=6)


@pytest.mark.parametrize("data", ["text", None, 5, [1, 2]])
def test_what_is_not_bytes(model: Counts, data: Any) -> None:
    said = f"a bytes-like object is required, not {type(data).__name__!r}"
    with pytest.raises(TypeError, match=said):
        ArzipCompressor(model).compress(data)
    with pytest.raises(TypeError, match=said):
        ArzipDecompressor(model=model).decompress(data)


def test_what_they_look_like(model: Counts) -> None:
    compressor = ArzipCompressor(model, segment_size=SEGMENT)
    assert repr(compressor) == "<arzip.ArzipCompressor model='counts': 0 bytes in, 0 out>"
    frame = compressor.compress(TEXT) + compressor.flush()
    shown = f"<arzip.ArzipCompressor model='counts': {len(TEXT):,} bytes in, {len(frame):,} out>"
    assert repr(compressor) == shown
    decompressor = ArzipDecompressor(model=model)
    assert repr(decompressor) == "<arzip.ArzipDecompressor: 0 bytes in, 0 out>"
    decompressor.decompress(frame, 100)
    assert repr(decompressor) == f"<arzip.ArzipDecompressor: {len(frame):,} bytes in, 100 out>"
    decompressor.decompress(b"")
    shown = f"<arzip.ArzipDecompressor: {len(frame):,} bytes in, {len(TEXT):,} out, at the end>"
    assert repr(decompressor) == shown


class Together(Counts):
    """Works only while two segments are worked on at the same time."""

    def __init__(self) -> None:
        super().__init__()
        self._barrier = threading.Barrier(2, timeout=20)

    def encode(self, data: NDArray[np.uint8]) -> Iterator[Prediction]:
        self._barrier.wait()
        return super().encode(data)

    def decode(self, words: NDArray[np.uint32], n: int) -> Iterator[NDArray[np.uint8]]:
        self._barrier.wait()
        return super().decode(words, n)


def test_threads_work_at_the_same_time() -> None:
    model = Together()
    data = TEXT[: 2 * SEGMENT] + TEXT[: 2 * SEGMENT]
    compressor = ArzipCompressor(model, segment_size=SEGMENT, threads=2)
    frame = compressor.compress(data) + compressor.flush()
    decompressor = ArzipDecompressor(model=model, threads=2)
    assert decompressor.decompress(frame) == data


def test_memory_does_not_grow_with_the_stream(model: Counts) -> None:
    size = 1 << 18
    data = random_bytes(size)

    def work() -> None:
        compressor = ArzipCompressor(model, segment_size=size)
        decompressor = ArzipDecompressor(model=model)
        for _ in range(40):
            restored = decompressor.decompress(compressor.compress(data))
            assert restored in (b"", data)
        assert decompressor.decompress(compressor.flush()) == data
        assert decompressor.eof

    assert peak_memory(work) < 20 * size


def test_models_may_be_given_by_name(model: Counts, registry: SimpleNamespace) -> None:
    compressor = ArzipCompressor("base")
    frame = compressor.compress(TEXT) + compressor.flush()
    assert frame == compress(model, TEXT, 1 << 24)
    assert decompress(frame) == decompress(frame, model="base") == TEXT
    for make in (ArzipCompressor, ArzipDecompressor):
        with pytest.raises(ModelError, match="unknown"):
            make(model="nonesuch")


def test_data_without_a_model_needs_none(model: Counts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "arzip.models.registry", None)
    for data in (b"", b"z" * 1000, random_bytes(1000)):
        assert decompress(compress(model, data, 1 << 20)) == data
