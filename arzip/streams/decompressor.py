"""ArzipDecompressor: frames to their data, shaped after the standard library's LZMADecompressor."""

import sys
import threading
from concurrent.futures import Executor
from typing import TYPE_CHECKING, NoReturn

from xxhash import xxh64

from arzip import codec
from arzip.arguments import as_view, whole
from arzip.codec import Model, Progress, unwatched
from arzip.errors import ChecksumError, TruncatedError
from arzip.format.layout import ENDS_EARLY, Header, Payload, Segment
from arzip.format.reader import Element, End, FrameReader
from arzip.streams.policy import Allowed, ModelLike, Policy
from arzip.streams.workers import Ordered

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["READ_SIZE", "ArzipDecompressor", "FramesDecompressor", "decompress", "restore"]

READ_SIZE = 1 << 16
"""Bytes of a file to be read at a time."""


class ArzipDecompressor:
    """Restores the data of one frame; what follows the frame is left in `unused_data`.

    `model` is needed for a frame that was made with a custom model. `max_size`
    limits the bytes of output in all, `max_memory` the bytes that decoding segments takes; None
    is no limit. `threads` and `executor` as for ArzipCompressor; with more than one segment at a
    time, output lags behind input. Several threads may share a decompressor.
    """

    def __init__(
        self,
        *,
        model: ModelLike | None = None,
        threads: int | None = None,
        executor: Executor | None = None,
        max_size: int | None = None,
        max_memory: int | None = None,
    ) -> None:
        self.policy = Policy(model, max_size, max_memory)
        self._buffer = bytearray()
        self._reader: FrameReader | None = FrameReader(self._buffer)
        self._between_frames = False
        self._model: Model | None = None  # of the frame that is being read
        self._allowed = Allowed(1, None)  # of the segment that is being read
        self._claimed = 0  # bytes of output that the headers so far announce
        self._calls: Ordered[bytes | End] = Ordered(threads, executor)
        self._content = xxh64()  # of the frame's data so far
        self._error: Exception | None = None  # to be raised after the data that precedes it
        self._segment = b""
        self._used = 0  # bytes of the segment that were returned
        self._input_size = self._output_size = 0
        self._lock = threading.Lock()

    @property
    def eof(self) -> bool:
        """Whether the end of the frame was reached and all of its data returned."""
        return not (self._reader or self._calls or self._error or self._is_ready)

    @property
    def needs_input(self) -> bool:
        """Whether `decompress` needs more input to return more output."""
        return (
            not (self._is_ready or self._calls.is_full or self._error) and self._reader is not None
        )

    @property
    def worked(self) -> tuple[int, float]:
        """Bytes of data that are decoded, within segments too, and about what they took."""
        return self._calls.worked

    @property
    def unused_data(self) -> bytes:
        """What was found after the end of the frame; b"" before that."""
        return bytes(self._buffer) if self.eof else b""

    def decompress(self, data: "ReadableBuffer", max_length: int = -1) -> bytes:
        """Take more of the frame; return more of its data, at most `max_length` bytes if not < 0.

        Data is returned when the checksum of its segment holds, not before. Empty `data` means
        that there is nothing else to do but wait for threads. Raises EOFError after the end of the
        frame, and FormatError, ChecksumError, ModelError or LimitError where the frame cannot be
        decoded; with a `max_length`, the data before that place is returned first.
        """
        view = as_view(data)
        max_length = whole("max_length", max_length, -sys.maxsize)
        with self._lock:
            return self._decompress(view, max_length)

    def _decompress(self, view: memoryview, max_length: int) -> bytes:
        if self.eof:
            raise EOFError("the end of the frame was reached")
        self._buffer += view
        self._input_size += len(view)
        out: list[bytes] = []
        room = max_length
        while room and self._get_ready(wait=not view and (max_length < 0 or not out)):
            end = self._used + room if room > 0 else len(self._segment)
            out.append(self._segment[self._used : end])
            self._used += len(out[-1])
            self._output_size += len(out[-1])
            room -= len(out[-1]) if room > 0 else 0
        self._start_segments()
        if self._error and not self._calls and not self._is_ready and (max_length < 0 or not out):
            raise self._error
        return b"".join(out)

    def __repr__(self) -> str:
        sizes = f"{self._input_size:,} bytes in, {self._output_size:,} out"
        return f"<arzip.{type(self).__name__}: {sizes}{', at the end' if self.eof else ''}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"cannot pickle {type(self).__name__!r} object")

    @property
    def segment(self) -> tuple[int, bytes]:
        """The data of the latest segment, after the number of its bytes that were returned."""
        return self._used, self._segment

    @property
    def _is_ready(self) -> bool:
        """Whether there is data to return."""
        return self._used < len(self._segment)

    def _get_ready(self, wait: bool) -> bool:
        """Decode until there is data to return; return whether there is.

        Unless `wait`, only what holds up the rest is waited for.
        """
        while not self._is_ready:
            self._start_segments()
            no_more = self._reader is None or self._error is not None
            if not self._calls or not (wait or no_more or self._calls.is_full):
                return False
            self._finish_segment()
        return True

    def _start_segments(self) -> None:
        """Begin to decode what the buffer holds, as far as there are threads for it."""
        try:
            while self._reader and not self._error and not self._calls.is_full:
                element = self._reader.read()
                if element is None:
                    break
                self._take(element)
        except Exception as error:
            self._error = error

    def _take(self, element: Element) -> None:
        match element:
            case Header():
                self._between_frames = False
                self._model = self.policy.model(element.identity)
            case Segment():
                self._claimed += element.size
                self.policy.check_size(self._claimed)
                self._allowed = self.policy.check_memory(
                    self._model, element, at_a_time=self._calls.capacity
                )
                self._calls.capacity = self._allowed.at_a_time
            case Payload():
                self._calls.put(restore, self._model, element, self._allowed.room)
            case End():
                self._between_frames = True
                self._calls.put_result(element)
                self._reader = self._next_reader()

    def _next_reader(self) -> FrameReader | None:
        """Return the reader of what follows a frame."""
        return None

    def _finish_segment(self) -> None:
        """Wait for the oldest segment; keep it, or the error that ends the data."""
        try:
            result = self._calls.get()
            if isinstance(result, End):
                self._check_content(result)
            else:
                self._content.update(result)
                self._segment, self._used = result, 0
        except Exception as error:
            self._error = error
            self._calls.close()

    def _check_content(self, end: End) -> None:
        if end.check is not None and end.check != self._content.intdigest():
            raise ChecksumError("the file is damaged: the checksum of the whole does not hold")
        self._content.reset()


class FramesDecompressor(ArzipDecompressor):
    """Restores the data of any number of frames, up to the end of the input."""

    def close(self) -> None:
        """Let threads end; what they worked on is lost."""
        self._calls.close()

    def finish(self) -> bytes:
        """Return the rest of the data. Raises TruncatedError if the last frame is not complete."""
        rest = self.decompress(b"")
        if self._buffer or not self._between_frames:
            raise TruncatedError(ENDS_EARLY)
        return rest

    def _next_reader(self) -> FrameReader:
        return FrameReader(self._buffer, first=False)


def decompress(
    data: "ReadableBuffer",
    *,
    model: ModelLike | None = None,
    threads: int | None = None,
    executor: Executor | None = None,
    max_size: int | None = None,
    max_memory: int | None = None,
) -> bytes:
    """Return the data of one or more frames; see arzip.decompress."""
    decompressor = FramesDecompressor(
        model=model,
        threads=threads,
        executor=executor,
        max_size=max_size,
        max_memory=max_memory,
    )
    view = as_view(data)
    pieces = range(0, len(view), READ_SIZE)
    try:
        out = [decompressor.decompress(view[first : first + READ_SIZE]) for first in pieces]
        return b"".join([*out, decompressor.finish()])
    finally:
        decompressor.close()


def restore(
    model: Model | None, payload: Payload, room: int | None, progress: Progress = unwatched
) -> bytes:
    """Return the data of a segment. `room` is that of codec.decode.

    Raises FormatError or ChecksumError if it was changed, LimitError if there is no room.
    """
    segment = payload.segment
    data = codec.decode(
        model, segment.method, payload.payload, segment.size, segment.plain_size, progress, room
    )
    payload.verify(data)
    return data
