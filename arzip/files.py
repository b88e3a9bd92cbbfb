"""Compressed files: `ArzipFile` and `open`, shaped after the standard library's lzma.

A file object is a thin layer: writing goes through an ArzipCompressor; reading through a buffer
over `_Reader`, which decodes from front to back with a decompressor, and elsewhere by where
container.py locates the segments.
"""

import builtins
import io
import os
import threading
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from functools import cached_property
from types import TracebackType
from typing import IO, TYPE_CHECKING, Literal, NoReturn, TypedDict, TypeVar, Unpack, cast, overload

from arzip import container
from arzip.container import Located, Segments
from arzip.density import Account
from arzip.errors import ArzipError, TruncatedError
from arzip.stream import (
    READ_SIZE,
    ArzipCompressor,
    FramesDecompressor,
    ModelLike,
    as_view,
    refuse_to_pickle,
    restore,
)
from arzip.system import transport

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

__all__ = ["ArzipFile", "open", "segments"]


Read = TypeVar("Read", bytes, int)

MODES = ("r", "rb", "w", "wb", "x", "xb", "a", "ab")


class _Reader(io.RawIOBase):
    """What an ArzipFile reads from, under its buffer.

    It decodes from front to back, by threads and ahead of the reader. Elsewhere, after a seek, it
    decodes one segment at a time.
    """

    def __init__(self, file: IO[bytes], decompressor: FramesDecompressor) -> None:
        super().__init__()
        self._file = file
        self._decompressor = decompressor
        # As with lzma, a file needs no more than `read`.
        self._seekable = hasattr(file, "seekable") and file.seekable()
        self._begin = file.tell() if self._seekable else 0
        self._fed = 0  # bytes of the file that the decompressor was given
        self._streamed = 0  # bytes of data that it gave
        self._position = 0
        self._segment = 0, b""  # where the last one decoded elsewhere starts, and its data

        self.failure: Exception | None = None
        """Why the data ended, until that is raised. If it were at once, the buffer over this would
        forget what it has: what precedes the fault."""

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
        """As for any raw file, but that a fault is the end of the data first: see `failure`."""
        self.fail()
        view = memoryview(buffer).cast("B")
        in_front = self._position == self._streamed
        try:
            data = self._read_on(len(view)) if in_front else self._read_elsewhere(len(view))
        except Exception as error:
            self.failure = error
            return 0
        view[: len(data)] = data
        self._position += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go there, or to the nearest place that there is; what lies between is not decoded."""
        if not self._seekable:
            raise io.UnsupportedOperation("the compressed file is not seekable")
        if whence == io.SEEK_CUR:
            offset += self._position
        elif whence == io.SEEK_END:
            offset += self._size
        elif whence != io.SEEK_SET:
            raise ValueError(f"invalid whence: {whence}")
        reached = max(self._position, self._streamed)
        self.failure = None
        self._position = max(0, offset if offset <= reached else min(offset, self._size))
        return self._position

    def _read_on(self, size: int) -> bytes:
        """At most `size` bytes more from the decompressor; b"" at the end."""
        data = b""
        while size and not data:
            raw = b""
            ended = False
            if self._decompressor.needs_input:
                raw = self._read_on_file()
                self._fed += len(raw)
                ended = not raw
            data = self._decompressor.decompress(raw, size)
            if ended and not data:
                self._decompressor.finish()
                break
        self._streamed += len(data)
        return data

    def _read_elsewhere(self, size: int) -> bytes:
        """At most `size` bytes from the segment at the position; b"" after the last."""
        used, current = self._decompressor.segment
        for start, data in (self._segment, (self._streamed - used, current)):
            at = self._position - start
            if 0 <= at < len(data):
                return data[at : at + size]
        if self._position == self._size:
            return b""
        self._segment = self._decode(self.located.at(self._position))
        return self._read_elsewhere(size)

    def _decode(self, located: Located) -> tuple[int, bytes]:
        policy = self._decompressor.policy
        model = policy.model(located.header.identity)
        policy.check_memory(model, located.segment, beside=self.located.memory)
        self._segment = 0, b""  # so that its memory can be used
        body = self._read_file(located.body, located.segment.body_size)
        if len(body) < located.segment.body_size:
            raise TruncatedError(container.ENDS_EARLY)
        return located.start, restore(model, container.open_body(located.segment, body))

    @cached_property
    def located(self) -> Segments:
        size = self._file.seek(0, io.SEEK_END) - self._begin
        return container.locate(self._read_file, size, self._decompressor.policy.max_memory)

    @property
    def _size(self) -> int:
        """Bytes of data in all."""
        self._decompressor.policy.check_size(self.located.size)
        return self.located.size

    def close(self) -> None:
        self._decompressor.close()
        super().close()

    def _read_on_file(self) -> bytes:
        """What comes next in the file, as soon as some of it is there; b"" at the end."""
        if self._seekable:
            self._file.seek(self._begin + self._fed)
        return transport.read_some(self._file, READ_SIZE)

    def _read_file(self, offset: int, size: int) -> bytes:
        """`size` bytes of the file from there on, fewer only at its end."""
        if self._seekable:
            self._file.seek(self._begin + offset)
        return transport.read_all(self._file, size)


class ArzipFile(io.BufferedIOBase):
    """A file that is compressed as it is written, and restored as it is read.

    `filename` is a path, or a binary file that stays open when this one is closed; `mode` is one
    of "r", "w", "x" and "a", which may end in "b". Appending adds a frame. A file opened for
    reading may hold any number of frames, and is seekable if the compressed file is. `model`,
    `threads` and `executor` as for ArzipCompressor and ArzipDecompressor, `level` and
    `segment_size` for writing only, `max_size` and `max_memory` for reading only. Several threads
    may share a file. Raises OSError, ModelError for an unknown model, and ValueError for options
    that are out of their range or for the other direction.
    """

    # Until the file is open, so that a failure to open it can be closed.
    _buffer: io.BufferedReader | None = None
    _compressor: ArzipCompressor | None = None
    _failure: BaseException | None = None
    _owned = False

    def __init__(
        self,
        filename: "FileLike",
        mode: str = "r",
        *,
        model: ModelLike | None = None,
        level: int | None = None,
        threads: int | None = None,
        executor: Executor | None = None,
        segment_size: int | None = None,
        max_size: int | None = None,
        max_memory: int | None = None,
    ) -> None:
        if mode not in MODES:
            raise ValueError(f"invalid mode: {mode!r}")
        self.mode = mode.removesuffix("b") + "b"
        self._written = 0
        self._lock = threading.Lock()  # around what is written; a BufferedReader has its own
        if self.mode == "rb":
            self._refuse("writing", level=level, segment_size=segment_size)
            decompressor = FramesDecompressor(
                model=model,
                threads=threads,
                executor=executor,
                max_size=max_size,
                max_memory=max_memory,
            )
            self._open_file(filename)
            self._reader = _Reader(self._file, decompressor)
            self._buffer = io.BufferedReader(self._reader)
        else:
            self._refuse("reading", max_size=max_size, max_memory=max_memory)
            # Made before the file is, so that a model that does not exist leaves no empty file.
            compressor = ArzipCompressor(
                model,
                level=level,
                threads=threads,
                executor=executor,
                segment_size=segment_size,
            )
            self._open_file(filename)
            self._compressor = compressor

    def _refuse(self, direction: str, **options: int | None) -> None:
        """Raise ValueError if an option is given that is for the other direction."""
        for name, value in options.items():
            if value is not None:
                raise ValueError(f"{name} is for {direction}, and the mode is {self.mode!r}")

    def _open_file(self, filename: "FileLike") -> None:
        if isinstance(filename, str | bytes | os.PathLike):
            self._file = cast(IO[bytes], builtins.open(filename, self.mode))  # noqa: SIM115
            self._owned = True
        elif hasattr(filename, "read") or hasattr(filename, "write"):
            self._file = filename
        else:
            raise TypeError("filename must be a path or a binary file")
        self.name = getattr(self._file, "name", "")

    def close(self) -> None:
        """End the frame that was written; close the file if its path was given.

        Raises OSError, and ArzipError if writing failed before: the file is then not complete.
        """
        if self.closed:
            return
        try:
            if self._compressor:
                with self._writing() as compressor:
                    transport.write_all(self._file, compressor.flush())
            elif self._buffer:
                self._buffer.close()
        finally:
            self._release()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None and error is self._failure:
            self._release()  # `close` would only raise another error in its place
        else:
            self.close()

    def _release(self) -> None:
        try:
            if self._owned:
                self._file.close()
        finally:
            super().close()

    def __repr__(self) -> str:
        if not hasattr(self, "name"):
            return f"<arzip.{type(self).__name__} unopened>"
        model = f" model={self._compressor.model.name!r}" if self._compressor else ""
        closed = " closed" if self.closed else ""
        return f"<arzip.{type(self).__name__} name={self.name!r} mode={self.mode!r}{model}{closed}>"

    def __reduce__(self) -> NoReturn:
        refuse_to_pickle(self)

    def fileno(self) -> int:
        """The compressed file's descriptor."""
        self._check_open()
        return self._file.fileno()

    def readable(self) -> bool:
        """Whether the file was opened for reading."""
        self._check_open()
        return self._buffer is not None

    def writable(self) -> bool:
        """Whether the file was opened for writing."""
        self._check_open()
        return self._compressor is not None

    def seekable(self) -> bool:
        """Whether `seek` works: when reading, if the compressed file is seekable."""
        return self.readable() and self._reading.seekable()

    def read(self, size: int | None = -1) -> bytes:
        """At most `size` bytes, all that are left if it is negative; b"" at the end.

        Raises FormatError, ChecksumError, ModelError or LimitError after what precedes the fault
        was read; at once if all is to be read.
        """
        size = -1 if size is None else size
        data = self._reading.read(size)
        return self._given(data, missing=size < 0 or (size > 0 and not data))

    def read1(self, size: int = -1) -> bytes:
        """At most `size` bytes, what is at hand if there is any; b"" at the end."""
        data = self._reading.read1(io.DEFAULT_BUFFER_SIZE if size < 0 else size)
        return self._given(data, missing=size != 0 and not data)

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Fill `buffer`; return how many bytes that took, fewer only at the end or a fault."""
        size = self._reading.readinto(buffer)
        return self._given(size, missing=not size and memoryview(buffer).nbytes > 0)

    def readline(self, size: int | None = -1) -> bytes:
        """The rest of the line with its end, at most `size` bytes if that is not negative."""
        line = self._reading.readline(-1 if size is None else size)
        return self._given(line, missing=size != 0 and not line)

    def peek(self, size: int = -1) -> bytes:
        """Some of what comes next, at least one byte except at the end; the position stays."""
        data = self._reading.peek(size)
        return self._given(data, missing=not data)

    def _given(self, result: Read, missing: bool) -> Read:
        """The result, unless something that was asked for is missing because of a fault."""
        if missing:
            self._reader.fail()
        return result

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place in the data, or the nearest there is, and return it.

        Reading there takes as long as decoding one segment.
        """
        return self._reading.seek(offset, whence)

    def tell(self) -> int:
        """How many bytes of data precede the position."""
        self._check_open()
        return self._buffer.tell() if self._buffer else self._written

    def write(self, data: "ReadableBuffer") -> int:
        """Compress `data`; return its size. Some of what it becomes is written by `close` only."""
        self._check_open()
        if self._compressor is None:
            raise io.UnsupportedOperation("the file is not open for writing")
        view = as_view(data)
        with self._writing() as compressor:
            transport.write_all(self._file, compressor.compress(view))
            self._written += view.nbytes
        return view.nbytes

    @contextmanager
    def _writing(self) -> Iterator[ArzipCompressor]:
        """Around what one thread may write at a time, and nobody after it failed halfway."""
        assert self._compressor is not None
        with self._lock:
            if self._failure is not None:
                raise ArzipError("an earlier write failed: the file is not complete")
            try:
                yield self._compressor
            except BaseException as error:
                self._failure = error
                raise

    @property
    def account(self) -> Account | None:
        """What was written, and what it is made of; None when reading."""
        return self._compressor.account if self._compressor else None

    @property
    def _reading(self) -> io.BufferedReader:
        self._check_open()
        if self._buffer is None:
            raise io.UnsupportedOperation("the file is not open for reading")
        return self._buffer

    def _check_open(self) -> None:
        if self.closed:
            raise ValueError("I/O operation on closed file")


FileLike = str | bytes | os.PathLike[str] | os.PathLike[bytes] | IO[bytes]


class Options(TypedDict, total=False):
    """What both `open` and ArzipFile take."""

    model: ModelLike | None
    level: int | None
    threads: int | None
    executor: Executor | None
    segment_size: int | None
    max_size: int | None
    max_memory: int | None


@overload
def open(
    filename: FileLike,
    mode: Literal["r", "rb", "w", "wb", "x", "xb", "a", "ab"] = "rb",
    **options: Unpack[Options],
) -> ArzipFile: ...
@overload
def open(
    filename: FileLike,
    mode: Literal["rt", "wt", "xt", "at"],
    *,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
    **options: Unpack[Options],
) -> io.TextIOWrapper: ...
@overload
def open(
    filename: FileLike,
    mode: str,
    *,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
    **options: Unpack[Options],
) -> ArzipFile | io.TextIOWrapper: ...
def open(
    filename: FileLike,
    mode: str = "rb",
    *,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
    **options: Unpack[Options],
) -> ArzipFile | io.TextIOWrapper:
    """Open a compressed file as binary ("rb", "wb", "xb", "ab") or as text ("rt" and so on).

    The options are those of ArzipFile; `encoding`, `errors` and `newline` are for text only.
    """
    if "t" not in mode:
        if not encoding is errors is newline is None:
            raise ValueError("encoding, errors and newline are for text modes")
        return ArzipFile(filename, mode, **options)
    if "b" in mode:
        raise ValueError(f"invalid mode: {mode!r}")
    binary = ArzipFile(filename, mode.replace("t", ""), **options)
    return io.TextIOWrapper(binary, encoding, errors, newline)


def segments(file: IO[bytes]) -> Segments:
    """Where the segments of all frames in a seekable file are, found without decoding.

    The file may be read again while they are gone through. Raises FormatError, ChecksumError or
    LimitError.
    """
    return _Reader(file, FramesDecompressor()).located
