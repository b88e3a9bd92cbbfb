"""A compressed file read as any raw file is: from front to back, and from any other place.

`RawReader` is what lies under the buffer of an ArzipFile. It has two ways to read: `_Forward`
decodes from front to back, by threads and ahead of the reader. `SegmentReader` decodes one segment
at a time, found where format/locate.py says.
"""

import io
from functools import cached_property
from typing import IO, TYPE_CHECKING

from arzip.errors import TruncatedError
from arzip.format.layout import ENDS_EARLY, open_body
from arzip.format.locate import Located, Segments, locate
from arzip.streams.decompressor import READ_SIZE, FramesDecompressor, restore
from arzip.streams.policy import Policy
from arzip.system import transport

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["RawReader", "SegmentReader", "Source"]


class Source:
    """The compressed file, from where it stands when it is given."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        # As with lzma, a file needs no more than `read`.
        self.is_seekable = hasattr(file, "seekable") and file.seekable()
        self._begin = file.tell() if self.is_seekable else 0

    @property
    def size(self) -> int:
        """Bytes in a seekable file."""
        return self._file.seek(0, io.SEEK_END) - self._begin

    def read_some(self, offset: int) -> bytes:
        """Return what comes at that place, as soon as some of it is there; b"" at the end."""
        self._seek(offset)
        return transport.read_some(self._file, READ_SIZE)

    def read_all(self, offset: int, size: int) -> bytes:
        """Return `size` bytes from there on, fewer only at the end."""
        self._seek(offset)
        return transport.read_all(self._file, size)

    def _seek(self, offset: int) -> None:
        if self.is_seekable:
            self._file.seek(self._begin + offset)


class RawReader(io.RawIOBase):
    """The data of a compressed file, as a raw file that ends before a fault: see `failure`."""

    def __init__(self, file: IO[bytes], decompressor: FramesDecompressor) -> None:
        super().__init__()
        source = Source(file)
        self._seekable = source.is_seekable
        self._decompressor = decompressor
        self._forward = _Forward(source, decompressor)
        self._elsewhere = SegmentReader(source, decompressor.policy)
        self._position = 0

        self.failure: Exception | None = None
        """Why the data ended, until `fail` raises it. If `readinto` raised it, the buffer above
        would forget the data before the fault."""

    def fail(self) -> None:
        """Raise the failure, if there is one."""
        failure, self.failure = self.failure, None
        if failure is not None:
            raise failure

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._seekable

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Fill the buffer, in part; return how many bytes, 0 at the end or at a fault."""
        self.fail()
        view = memoryview(buffer).cast("B")
        try:
            data = self._read(len(view))
        except Exception as error:
            self.failure = error
            return 0
        view[: len(data)] = data
        self._position += len(data)
        return len(data)

    def _read(self, size: int) -> bytes:
        if self._position == self._forward.position:
            return self._forward.read(size)
        again = self._forward.read_again(self._position, size)
        return self._elsewhere.read(self._position, size) if again is None else again

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place, or to the nearest within the data, without decoding; return it."""
        if not self._seekable:
            raise io.UnsupportedOperation("the compressed file is not seekable")
        if whence == io.SEEK_CUR:
            offset += self._position
        elif whence == io.SEEK_END:
            offset += self._elsewhere.size
        elif whence != io.SEEK_SET:
            raise ValueError(f"invalid whence: {whence}")
        reached = max(self._position, self._forward.position)
        self.failure = None
        self._position = max(0, offset if offset <= reached else min(offset, self._elsewhere.size))
        return self._position

    def close(self) -> None:
        self._decompressor.close()
        super().close()


class _Forward:
    """Reads from front to back."""

    def __init__(self, source: Source, decompressor: FramesDecompressor) -> None:
        self._source = source
        self._decompressor = decompressor
        self._fed = 0  # bytes of the file that the decompressor was given
        self.position = 0
        """In the data."""

    def read(self, size: int) -> bytes:
        """Return more of the data, at most `size` bytes; b"" at the end."""
        data = b""
        while size and not data:
            raw = b""
            ended = False
            if self._decompressor.needs_input:
                raw = self._source.read_some(self._fed)
                self._fed += len(raw)
                ended = not raw
            data = self._decompressor.decompress(raw, size)
            if ended and not data:
                self._decompressor.finish()
                break
        self.position += len(data)
        return data

    def read_again(self, position: int, size: int) -> bytes | None:
        """Return at most `size` bytes of the segment at hand; None if `position` is not in it."""
        used, data = self._decompressor.segment
        at = position - (self.position - used)
        return data[at : at + size] if 0 <= at < len(data) else None


class SegmentReader:
    """Reads from any place in a seekable file, and keeps the segment that was read last."""

    def __init__(self, source: Source, policy: Policy) -> None:
        self._source = source
        self._policy = policy
        self._start, self._data = 0, b""  # of the segment that was read last

    @cached_property
    def located(self) -> Segments:
        """All segments of the file."""
        return locate(self._source.read_all, self._source.size, self._policy.max_memory)

    @property
    def size(self) -> int:
        """Bytes of data in all. Raises LimitError if these are too many."""
        self._policy.check_size(self.located.size)
        return self.located.size

    def read(self, position: int, size: int) -> bytes:
        """Return at most `size` bytes of the segment at the position; b"" after the last."""
        if not 0 <= position - self._start < len(self._data):
            if position == self.size:
                return b""
            self._decode(self.located.at(position))
        at = position - self._start
        return self._data[at : at + size]

    def _decode(self, located: Located) -> None:
        model = self._policy.model(located.header.identity)
        allowed = self._policy.check_memory(model, located.segment, beside=self.located.memory)
        self._start, self._data = 0, b""  # so that its memory can be used
        body = self._source.read_all(located.body, located.segment.body_size)
        if len(body) < located.segment.body_size:
            raise TruncatedError(ENDS_EARLY)
        self._data = restore(model, open_body(located.segment, body), allowed.room)
        self._start = located.start
