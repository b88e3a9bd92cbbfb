"""Reading and writing whole: files that take a part, give a part, or have nothing yet."""

import errno
import io
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arzip.system import transport

faults = st.lists(st.integers(1, 9) | st.just(None) | st.just("blocks"), max_size=20)
"""What each call does: take or give that many bytes, return None, or raise BlockingIOError."""


class Moody(io.RawIOBase):
    """A raw file that does as it is told, and after that as it should."""

    def __init__(self, data: bytes, faults: list[Any]) -> None:
        super().__init__()
        self.data = bytearray(data)
        self._faults = [*reversed(faults)]

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def _mood(self, size: int) -> int | None:
        mood = self._faults.pop() if self._faults else size
        if mood == "blocks":
            raise BlockingIOError(errno.EAGAIN, "not now")
        return mood if mood is None else min(mood, size)

    def write(self, data: Any, /) -> Any:
        size = self._mood(len(data))
        self.data += data[:size] if size else b""
        return size

    def read(self, size: int = -1, /) -> Any:
        size = self._mood(size)  # type: ignore[assignment]
        if size is None:
            return None
        given = bytes(self.data[:size])
        del self.data[:size]
        return given


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "PAUSE", 0.0)


@given(st.binary(max_size=60), faults)
def test_all_is_written(data: bytes, faults: list[Any]) -> None:
    file = Moody(b"", faults)
    transport.write_all(file, data)  # type: ignore[arg-type]
    assert file.data == data


@given(st.binary(max_size=60), faults, st.integers(1, 70))
def test_all_is_read(data: bytes, faults: list[Any], size: int) -> None:
    file = Moody(data, faults)
    assert transport.read_all(file, size) == data[:size]  # type: ignore[arg-type]
    rest = b"".join(iter(lambda: transport.read_some(file, 7), b""))  # type: ignore[arg-type]
    assert rest == data[size:]


@given(st.binary(max_size=60), faults)
def test_buffers_lose_nothing(data: bytes, faults: list[Any]) -> None:
    file = Moody(b"", faults)
    writer = io.BufferedWriter(transport.Unbroken(file), 4)  # type: ignore[arg-type]
    writer.write(data)
    writer.flush()
    assert file.data == data
    file = Moody(data, faults)
    assert io.BufferedReader(transport.Unbroken(file), 4).read() == data  # type: ignore[arg-type]


class Taking:
    """A file as people write them: `write` returns what they liked it to."""

    def __init__(self, returned: Any) -> None:
        self.data = b""
        self._returned = returned

    def write(self, data: Any) -> Any:
        self.data += bytes(data)
        return self._returned


@pytest.mark.parametrize("returned", [None, "yes", 5.0])
def test_a_file_that_does_not_count_is_believed(returned: Any) -> None:
    file: Any = Taking(returned)
    transport.write_all(file, b"hello")
    assert file.data == b"hello"


@pytest.mark.parametrize("returned", [-1, 0, 6])
def test_a_file_that_counts_wrongly_is_not(returned: int) -> None:
    file: Any = Taking(returned)
    with pytest.raises(OSError, match="how much it took of 5 bytes"):
        transport.write_all(file, b"hello")


def test_a_descriptor_is_waited_for() -> None:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    data = bytes(300_000)

    def write() -> None:
        with open(writing, "wb", buffering=0) as pipe:
            time.sleep(0.05)
            transport.write_all(pipe, data)

    thread = threading.Thread(target=write)
    thread.start()
    with open(reading, "rb", buffering=0) as pipe:
        start = time.thread_time()
        assert transport.read_all(pipe, 400_000) == data
        assert time.thread_time() - start < 0.05, "it waits without work"
    thread.join()


def test_what_fails_fails() -> None:
    with open("/dev/full", "wb", buffering=0) as full, pytest.raises(OSError, match="No space"):
        transport.write_all(full, b"hello")


@pytest.mark.parametrize("mode", ["r", "w", "r+"])
def test_a_buffer_suits_its_file(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"before")
    with transport.buffered(io.FileIO(path, mode)) as file:
        assert (file.readable(), file.writable()) == (mode != "w", mode != "r")
        if mode == "r":
            assert (file.read(2), file.seek(1), file.read()) == (b"be", 1, b"efore")
        else:
            file.write(b"after")
        raw = file.raw  # type: ignore[attr-defined]
    assert raw.closed and raw._file.closed
    assert path.read_bytes() == {"r": b"before", "w": b"after", "r+": b"aftere"}[mode]
