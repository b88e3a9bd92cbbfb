"""Bytes into files and out of them: all of them, or an error.

A raw file takes part of what it is given, and says so only by what `write` returns: at the end of a
disk, at a limit of size, in a pipe. A descriptor that does not block takes nothing, or has nothing
yet, and neither is the end. All that arzip reads and writes goes through here, so that none of this
is ever taken for success.
"""

import io
import operator
import select
import time
from typing import IO, TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

__all__ = ["Unbroken", "buffered", "read_all", "read_some", "write_all"]

PAUSE = 0.01  # seconds between two tries where there is no descriptor to wait for


def write_all(file: IO[bytes], data: "ReadableBuffer") -> None:
    """Write all of `data`, waiting where the file would block.

    A file that returns no number from `write`, as many in Python do, is believed to have taken all;
    but a raw one (io.RawIOBase) says by None that it took nothing. Raises OSError.
    """
    left = memoryview(data).cast("B")
    while left:
        try:
            written = _count(file.write(left), file, len(left))
        except BlockingIOError as error:
            written = getattr(error, "characters_written", 0)  # a buffer takes a part
        if not 0 <= written <= len(left):
            raise OSError(f"the file did not say how much it took of {len(left)} bytes")
        left = left[written:]
        if not written:
            _wait(file, select.POLLOUT)


def read_some(file: IO[bytes], size: int) -> bytes:
    """At most `size` bytes, what is there; waits until something is. b"" is the end.

    Raises OSError.
    """
    while True:
        try:
            data: bytes | None = file.read(size)
        except BlockingIOError:
            data = None
        if data is not None:
            return data
        _wait(file, select.POLLIN)


def read_all(file: IO[bytes], size: int) -> bytes:
    """`size` bytes, fewer only at the end. Raises OSError."""
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
    """The file under a buffer that loses nothing."""
    raw = Unbroken(file)
    if not file.writable():
        return io.BufferedReader(raw)
    return io.BufferedRandom(raw) if file.readable() else io.BufferedWriter(raw)


class Unbroken(io.RawIOBase):
    """A raw file whose `write` takes all that it is given, and whose `read` waits for something.

    Under io's buffers: these take None from a descriptor that would block for an end or for a
    failure, and lose what the layers above had written.
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
    """How many of `size` bytes were taken, going by what `write` returned."""
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
    """Until the descriptor is ready for that; a moment where there is none."""
    try:
        descriptor = file.fileno()
    except (AttributeError, OSError, ValueError):
        time.sleep(PAUSE)
        return
    poll = select.poll()
    poll.register(descriptor, event)
    poll.poll()
