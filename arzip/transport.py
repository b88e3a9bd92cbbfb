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
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["UnbrokenOutput", "flush_all", "read_all", "read_some", "write_all"]

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
            written = error.characters_written
        if not 0 <= written <= len(left):
            raise OSError(f"the file says that it took {written} bytes of {len(left)}")
        left = left[written:]
        if not written:
            _wait(file, select.POLLOUT)


def flush_all(file: IO[bytes]) -> None:
    """Flush the file's buffer, waiting where it would block. Raises OSError."""
    while True:
        try:
            file.flush()
        except BlockingIOError:
            _wait(file, select.POLLOUT)
        else:
            return


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


class UnbrokenOutput(io.RawIOBase):
    """A raw file for a BufferedWriter: each write takes all of its data.

    A BufferedWriter over a descriptor that would block gives up, and has then forgotten what a text
    layer above it gave it.
    """

    def __init__(self, file: io.RawIOBase) -> None:
        super().__init__()
        self._file: Any = file

    def writable(self) -> bool:
        return True

    def write(self, data: "ReadableBuffer", /) -> int:
        write_all(self._file, data)
        return memoryview(data).nbytes

    def fileno(self) -> int:
        return int(self._file.fileno())

    def isatty(self) -> bool:
        return bool(self._file.isatty())


def _count(returned: object, file: IO[bytes], size: int) -> int:
    """How many of `size` bytes were taken, going by what `write` returned."""
    if returned is None and isinstance(file, io.RawIOBase):
        return 0
    try:
        return operator.index(returned)  # type: ignore[arg-type]
    except TypeError:
        return size


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
