"""Bytes into files and out of them: all of them, or an error.

A raw file may take only part of the data, on a full disk, at a size limit or in a pipe, and only
the result of `write` tells. A non-blocking descriptor may take nothing, or have nothing yet, which
is not the end. All that arzip reads and writes goes through here, so that none of this passes for
success.
"""

import io
import operator
import select
import time
from typing import IO, TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

__all__ = ["Unbroken", "buffered", "read_all", "read_some", "write_all"]

PAUSE = 0.01  # seconds between two tries if there is no descriptor to wait for


def write_all(file: IO[bytes], data: "ReadableBuffer") -> None:
    """Write all of `data`; wait when the file would block.

    If `write` returns no number, as in many Python files, all was taken. But a raw file
    (io.RawIOBase) returns None if it took nothing. Raises OSError.
    """
    left = memoryview(data).cast("B")
    while left:
        try:
            written = _count(file.write(left), file, len(left))
        except BlockingIOError as error:
            written = getattr(error, "characters_written", 0)  # of a buffer
        if not 0 <= written <= len(left):
            raise OSError(f"the file did not say how much it took of {len(left)} bytes")
        left = left[written:]
        if not written:
            _wait(file, select.POLLOUT)


def read_some(file: IO[bytes], size: int) -> bytes:
    """Return at most `size` bytes, as soon as there are any; b"" at the end. Raises OSError."""
    while True:
        try:
            data: bytes | None = file.read(size)
        except BlockingIOError:
            data = None
        if data is not None:
            return data
        _wait(file, select.POLLIN)


def read_all(file: IO[bytes], size: int) -> bytes:
    """Return `size` bytes, fewer only at the end. Raises OSError."""
    data = read_some(file, size)
    if len(data) in (0, size):
        return data
    parts = [data]
    left = size - len(data)
    while left and (data := read_some(file, left)):
        parts.append(data)
        left -= len(data)
    return b"".join(parts)


def buffered(file: io.FileIO) -> BinaryIO:
    """Return the file under a buffer that loses nothing."""
    raw = Unbroken(file)
    if not file.writable():
        return io.BufferedReader(raw)
    return io.BufferedRandom(raw) if file.readable() else io.BufferedWriter(raw)


class Unbroken(io.RawIOBase):
    """A raw file whose `write` takes all data, and whose `read` waits for some.

    It belongs under io's buffers. From a descriptor that would block these get None, take it for
    the end or for a failure, and lose what the layers above had written.
    """

    def __init__(self, file: io.FileIO) -> None:
        super().__init__()
        self._file = file

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer).cast("B")
        data = read_some(self._file, len(view))
        view[: len(data)] = data
        return len(data)

    def write(self, data: "ReadableBuffer", /) -> int:
        write_all(self._file, data)
        return memoryview(data).nbytes

    def readable(self) -> bool:
        return self._file.readable()

    def writable(self) -> bool:
        return self._file.writable()

    def seekable(self) -> bool:
        return self._file.seekable()

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._file.seek(offset, whence)

    def truncate(self, size: int | None = None, /) -> int:
        return self._file.truncate(size)

    def fileno(self) -> int:
        return self._file.fileno()

    def isatty(self) -> bool:
        return self._file.isatty()

    def close(self) -> None:
        super().close()
        self._file.close()


def _count(returned: object, file: IO[bytes], size: int) -> int:
    """Return how many of `size` bytes were taken, going by what `write` returned."""
    is_raw = isinstance(file, io.RawIOBase)
    if returned is None and is_raw:
        return 0
    try:
        written = operator.index(returned)  # type: ignore[arg-type]
    except TypeError:
        return size
    # Only a raw file may take nothing and still take it later.
    return written if written or is_raw else -1


def _wait(file: IO[bytes], event: int) -> None:
    """Wait until the descriptor is ready for that; if there is none, for a moment."""
    try:
        descriptor = file.fileno()
    except (AttributeError, OSError, ValueError):
        time.sleep(PAUSE)
        return
    poll = select.poll()
    poll.register(descriptor, event)
    poll.poll()
