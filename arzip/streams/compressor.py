"""ArzipCompressor: a stream to one frame, shaped after the standard library's LZMACompressor."""

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from arzip import codec
from arzip.arguments import as_view, whole
from arzip.codec import Coded, CodeLength
from arzip.density import Account, histogram
from arzip.errors import ArzipError
from arzip.format.layout import MAX_SEGMENT
from arzip.format.writer import FrameWriter, compact_frame
from arzip.levels import choose
from arzip.streams.numbers import Numbers
from arzip.streams.policy import ModelLike
from arzip.streams.workers import Ordered

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

    from arzip.arrays import Array

__all__ = ["DEFAULT_SEGMENT", "ArzipCompressor", "compressed"]

DEFAULT_SEGMENT = 1 << 25
"""Bytes of input in a segment: 32 MiB. The model starts anew, and frees its memory, after each."""


def compressed(
    data: "ReadableBuffer",
    level: int | None = None,
    *,
    model: ModelLike | None = None,
    threads: int | None = None,
    executor: Executor | None = None,
    unpack: bool = True,
    itemsize: int | None = None,
    shape: Sequence[int] | None = None,
) -> "tuple[bytes, ArzipCompressor]":
    """Return the frame that arzip.compress returns, and what made it, which has its account."""
    from arzip.arrays import array_of

    compressor = ArzipCompressor(
        model,
        level=level,
        threads=threads,
        executor=executor,
        unpack=unpack,
        array=array_of(data, itemsize, shape),
    )
    return compressor.compress(data) + compressor.flush(), compressor


class ArzipCompressor:
    """Compresses a stream to one frame.

    The frame depends on the stream, the model and the segment size, and on nothing else. `model`
    is a name, the path of a model file, or a loaded model; a `level` from 1 to 9 names one in its
    place, by default 6. `threads` segments of `segment_size` bytes (32 MiB, at most 64 MiB) are
    coded at a time, each in the model's working memory; 0 means one for each core. With an
    `executor` its workers code them, as many as it has unless `threads` says otherwise. Unless
    `unpack`, compressed streams in the data are left as they are. `array` tells what numbers are
    in the data, if that is known (arrays.array_of). Several threads may share a
    compressor. Raises ModelError for an unknown model, ValueError for a model and a level together.
    """

    def __init__(
        self,
        model: ModelLike | None = None,
        *,
        level: int | None = None,
        threads: int | None = None,
        executor: Executor | None = None,
        segment_size: int | None = None,
        unpack: bool = True,
        array: "Array | None" = None,
    ) -> None:
        if segment_size is None:
            segment_size = DEFAULT_SEGMENT
        self._segment_size = whole("segment_size", segment_size, 1, MAX_SEGMENT)
        self.model = choose(model, level)
        self._unpack, self._numbers = bool(unpack), Numbers(array)
        self._buffer = bytearray()  # of the next segment, which is coded from it
        self._calls: Ordered[Coded] = Ordered(threads, executor)
        self._started: deque[bytearray] = deque()  # the data of the calls
        self._writer: FrameWriter | None = None  # of a long frame
        self._flushed = False
        self._failure: BaseException | None = None
        self._lock = threading.Lock()
        self._input_size = 0  # of these bytes, `_size` are in segments that are coded
        self._size = self._file_size = 0
        self._code = CodeLength()
        self._histogram = histogram(b"")

    @property
    def worked(self) -> tuple[int, float]:
        """Bytes of the stream that are coded, within segments too, and about what they take."""
        return self._calls.worked

    @property
    def account(self) -> Account:
        """The account of what was returned so far."""
        counts = tuple(self._histogram.tolist())
        return Account(self._size, self._file_size, self._code, counts)

    def compress(self, data: "ReadableBuffer") -> bytes:
        """Take more of the stream; return more of the frame, often nothing.

        Raises ValueError after `flush`.
        """
        view = as_view(data)
        out = []
        with self._work():
            while view:
                # More follows this segment, so the frame is a long one.
                if len(self._buffer) == self._segment_size:
                    if self._writer is None:
                        self._writer = FrameWriter(self.model.identity)
                        out.append(self._writer.header())
                    self._start_segment(is_last=False)
                    if self._calls.is_full:
                        out.append(self._finish_segment(self._writer))
                room = self._segment_size - len(self._buffer)
                self._buffer += view[:room]
                self._input_size += len(view[:room])
                view = view[room:]
            return self._join(out)

    def flush(self) -> bytes:
        """End the stream; return the rest of the frame. Raises ValueError the second time."""
        with self._work():
            self._flushed = True
            self._start_segment(is_last=True)
            if self._writer is None:
                out = [self._compact_frame()]
            else:
                out = [self._finish_segment(self._writer) for _ in range(len(self._calls))]
                out.append(self._writer.finish())
            self._calls.close()
            return self._join(out)

    def __repr__(self) -> str:
        sizes = f"{self._input_size:,} bytes in, {self._file_size:,} out"
        return f"<arzip.{type(self).__name__} model={self.model.name!r}: {sizes}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"cannot pickle {type(self).__name__!r} object")

    @contextmanager
    def _work(self) -> Iterator[None]:
        """Let one thread work at a time, and none after one that failed.

        Input may be lost then. So that no frame is ended as if it were whole, every later call
        raises the same error or, after an interrupt, an ArzipError.
        """
        with self._lock:
            if isinstance(self._failure, Exception):
                raise self._failure
            if self._failure is not None:
                raise ArzipError("it was interrupted, so the frame cannot be ended")
            if self._flushed:
                raise ValueError("the compressor was flushed")
            try:
                yield
            except BaseException as error:
                self._failure = error
                self._calls.close()
                raise

    def _start_segment(self, *, is_last: bool) -> None:
        """Start to code what the buffer holds."""
        data, self._buffer = self._buffer, bytearray()
        known = self._numbers.part(data, is_last)
        self._calls.put(codec.encode, self.model, data, self._unpack, known)
        self._started.append(data)

    def _finish_segment(self, writer: FrameWriter) -> bytes:
        """Return the oldest segment of a long frame."""
        coded, data = self._calls.get(), self._started.popleft()
        self._book(data, coded)
        return writer.segment(coded, data)

    def _compact_frame(self) -> bytes:
        """Return the frame of the only segment."""
        coded, data = self._calls.get(), self._started.popleft()
        frame = compact_frame(self.model.identity, coded, data)
        if len(frame) > len(data):
            # A modelled frame has a longer header, which may cost more than the model saves.
            plain = codec.stored(data)
            plain_frame = compact_frame(self.model.identity, plain, data)
            if len(plain_frame) <= len(frame):
                coded, frame = plain, plain_frame
        self._book(data, coded)
        return frame

    def _book(self, data: bytearray, coded: Coded) -> None:
        self._size += len(data)
        self._code += coded.account
        self._histogram += histogram(data)

    def _join(self, out: list[bytes]) -> bytes:
        joined = b"".join(out)
        self._file_size += len(joined)
        return joined
