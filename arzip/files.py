"""Compressed files: `ArzipFile` and `open`, shaped after the standard library's lzma.

A file object is a thin layer. Writing goes through an ArzipCompressor; reading through a buffer
over a RawReader, see streams/reader.py.
"""

import builtins
import io
import os
import threading
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from types import TracebackType
from typing import IO, TYPE_CHECKING, Literal, NoReturn, TypedDict, TypeVar, Unpack, cast, overload

from arzip.arguments import as_view
from arzip.density import Account
from arzip.errors import ArzipError
from arzip.format.locate import Segments
from arzip.streams.compressor import ArzipCompressor
from arzip.streams.decompressor import FramesDecompressor
from arzip.streams.policy import ModelLike, Policy
from arzip.streams.reader import RawReader, SegmentReader, Source
from arzip.system import transport

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

__all__ = ["ArzipFile", "FileLike", "open", "segments"]

Read = TypeVar("Read", bytes, int)

MODES = ("r", "rb", "w", "wb", "x", "xb", "a", "ab")


class ArzipFile(io.BufferedIOBase):
    """A file that is compressed as it is written, and restored as it is read.

    `filename` is a path, or a binary file that stays open when this one is closed; `mode` is one
    of "r", "w", "x" and "a", which may end in "b". Appending adds a frame. A file opened for
    reading may hold any number of frames, and is seekable if the compressed file is. `model`,
    `threads` and `executor` as for ArzipCompressor and ArzipDecompressor, `level`, `segment_size`
    and `unpack` for writing only, `max_size` and `max_memory` for reading only. Several threads
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
        unpack: bool | None = None,
        max_size: int | None = None,
        max_memory: int | None = None,
    ) -> None:
        if mode not in MODES:
            raise ValueError(f"invalid mode: {mode!r}")
        self.mode = mode.removesuffix("b") + "b"
        self._written = 0
        self._lock = threading.Lock()  # around what is written; a BufferedReader has its own
        if self.mode == "rb":
            self._refuse("writing", level=level, segment_size=segment_size, unpack=unpack)
            decompressor = FramesDecompressor(
                model=model,
                threads=threads,
                executor=executor,
                max_size=max_size,
                max_memory=max_memory,
            )
            self._open_file(filename)
            self._reader = RawReader(self._file, decompressor)
            self._buffer = io.BufferedReader(self._reader)
        else:
            self._refuse("reading", max_size=max_size, max_memory=max_memory)
            # Made before the file, so that an unknown model leaves no empty file.
            compressor = ArzipCompressor(
                model,
                level=level,
                threads=threads,
                executor=executor,
                segment_size=segment_size,
                unpack=unpack is not False,
            )
            self._open_file(filename)
            self._compressor = compressor

    def _refuse(self, direction: str, **options: int | None) -> None:
        """Raise ValueError if an option for the other direction is given."""
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
            self._release()  # `close` would only raise another error instead
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
        raise TypeError(f"cannot pickle {type(self).__name__!r} object")

    def fileno(self) -> int:
        """Return the compressed file's descriptor."""
        self._check_open()
        return self._file.fileno()

    def readable(self) -> bool:
        """Return whether the file was opened for reading."""
        self._check_open()
        return self._buffer is not None

    def writable(self) -> bool:
        """Return whether the file was opened for writing."""
        self._check_open()
        return self._compressor is not None

    def seekable(self) -> bool:
        """Return whether `seek` works: when reading, if the compressed file is seekable."""
        return self.readable() and self._reading.seekable()

    def read(self, size: int | None = -1) -> bytes:
        """Return at most `size` bytes, all that are left if it is -1; b"" at the end.

        Raises FormatError, ChecksumError, ModelError or LimitError when the data before the fault
        has been read; at once if all is to be read.
        """
        size = -1 if size is None else size
        data = self._reading.read(size)
        return self._given(data, missing=size < 0 or (size > 0 and not data))

    def read1(self, size: int = -1) -> bytes:
        """Return at most `size` bytes, those at hand if there are any; b"" at the end."""
        data = self._reading.read1(io.DEFAULT_BUFFER_SIZE if size < 0 else size)
        return self._given(data, missing=size != 0 and not data)

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Fill `buffer`; return how many bytes it got, fewer only at the end or at a fault."""
        size = self._reading.readinto(buffer)
        return self._given(size, missing=not size and memoryview(buffer).nbytes > 0)

    def readline(self, size: int | None = -1) -> bytes:
        """Return the rest of the line with its end, at most `size` bytes if not negative."""
        line = self._reading.readline(-1 if size is None else size)
        return self._given(line, missing=size != 0 and not line)

    def peek(self, size: int = -1) -> bytes:
        """Return some of the bytes that come next, at least one before the end, without moving."""
        data = self._reading.peek(size)
        return self._given(data, missing=not data)

    def _given(self, result: Read, missing: bool) -> Read:
        """Return the result. Raises the fault because of which something is `missing`."""
        if missing:
            self._reader.fail()
        return result

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place, or to the nearest within the data; return it.

        Reading there takes as long as decoding one segment.
        """
        return self._reading.seek(offset, whence)

    def tell(self) -> int:
        """Return how many bytes of data precede the position."""
        self._check_open()
        return self._buffer.tell() if self._buffer else self._written

    def write(self, data: "ReadableBuffer") -> int:
        """Compress `data`; return its size. Only `close` writes the end of the compressed file."""
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
        """Let one thread write at a time, and none after one that failed."""
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
        """The account of what was written; None when reading."""
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
    """The options of both `open` and ArzipFile."""

    model: ModelLike | None
    level: int | None
    threads: int | None
    executor: Executor | None
    segment_size: int | None
    unpack: bool | None
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
    """Return all segments of a seekable file, found without decoding.

    The file may be read again as they are iterated over. Raises FormatError, ChecksumError or
    LimitError.
    """
    return SegmentReader(Source(file), Policy(None, None, None)).located
