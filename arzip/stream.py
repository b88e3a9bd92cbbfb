"""Streams: `ArzipCompressor` and `ArzipDecompressor`, shaped after the standard library's lzma.

Here is the policy that container.py leaves open: how input is cut into segments, how many are
worked on at a time, what is refused. Memory holds a few segments, however long the stream.
Segments are coded by threads (the models' loops run without the GIL) but always given out in
order, so that threads never change a byte.
"""

import os
import sys
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from xxhash import xxh64

from arzip import codec, container
from arzip.codec import Coded, CodeLength, Model
from arzip.container import End, FrameReader, FrameWriter, Header, Payload, Segment
from arzip.density import Account, histogram
from arzip.errors import ChecksumError, LimitError, TruncatedError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = [
    "DEFAULT_MODEL",
    "DEFAULT_SEGMENT",
    "ArzipCompressor",
    "ArzipDecompressor",
    "FramesDecompressor",
    "as_view",
    "decompress",
    "restore",
]

DEFAULT_MODEL = "base"
DEFAULT_SEGMENT = 1 << 24
"""Bytes of input in a segment: 16 MiB. What a model learns and the memory it takes end there."""

READ_SIZE = 1 << 16

Result = TypeVar("Result")
ModelLike = str | os.PathLike[str] | Model


class _InOrder(Generic[Result]):
    """Calls, made by threads, whose results come out in the order in which the calls went in."""

    def __init__(self, threads: int) -> None:
        if threads < 0:
            raise ValueError("threads must be 0 (all cores) or more")
        threads = threads or os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None
        self._calls: deque[Callable[[], Result]] = deque()
        # One more than the threads, so that they have work while the oldest result is fetched.
        self.capacity = threads + 1 if self._pool else 1

    def __len__(self) -> int:
        return len(self._calls)

    @property
    def is_full(self) -> bool:
        return len(self._calls) >= self.capacity

    def put(self, call: Callable[[], Result]) -> None:
        """Start the call; without threads, `get` makes it."""
        self._calls.append(self._pool.submit(call).result if self._pool else call)

    def put_result(self, result: Result) -> None:
        """As if a call had returned it."""
        self._calls.append(lambda: result)

    def get(self) -> Result:
        """The oldest call's result. If it raises, or is interrupted, the call stays the oldest."""
        result = self._calls[0]()
        self._calls.popleft()
        return result

    def close(self) -> None:
        """Forget what was not started, and let the threads end."""
        self._calls.clear()
        if self._pool:
            self._pool.shutdown(wait=False, cancel_futures=True)


class _Job(NamedTuple):
    data: bytes
    coded: Coded
    histogram: NDArray[np.int64]


class ArzipCompressor:
    """Compresses a stream to one frame.

    The frame depends on the stream, the model and the segment size, and on nothing else. `model`
    is a name, the path of a model file, or a loaded model. `threads` segments of `segment_size`
    bytes (at most 64 MiB) are coded at a time; 0 means one for each core. Each takes the model's
    working memory. Raises ModelError for an unknown model.
    """

    def __init__(
        self,
        model: ModelLike = DEFAULT_MODEL,
        *,
        threads: int = 1,
        segment_size: int = DEFAULT_SEGMENT,
    ) -> None:
        if not 1 <= segment_size <= container.MAX_SEGMENT:
            raise ValueError(f"segment_size must be 1 to {container.MAX_SEGMENT}")
        self.model = _load(model)
        self._segment_size = segment_size
        self._buffer = bytearray()
        self._jobs: _InOrder[_Job] = _InOrder(threads)
        self._writer: FrameWriter | None = None
        self._flushed = False
        self._size = self._file_size = 0
        self._code = CodeLength()
        self._histogram = histogram(b"")

    @property
    def account(self) -> Account:
        """What was given out so far, and what it is made of."""
        counts = tuple(self._histogram.tolist())
        return Account(self._size, self._file_size, self._code, counts)

    def compress(self, data: "ReadableBuffer") -> bytes:
        """Take more of the stream; return more of the frame, often nothing.

        Raises ValueError after `flush`.
        """
        if self._flushed:
            raise ValueError("the compressor was flushed")
        view = as_view(data)
        out = []
        while view:
            # Coded only now that more follows it: it is not all, so the frame is a long one.
            if len(self._buffer) == self._segment_size:
                out.append(self._start_segment())
            room = self._segment_size - len(self._buffer)
            self._buffer += view[:room]
            view = view[room:]
        return self._given(out)

    def flush(self) -> bytes:
        """End the stream; return the rest of the frame. Raises ValueError the second time."""
        if self._flushed:
            raise ValueError("the compressor was flushed before")
        self._flushed = True
        if self._writer is None:
            return self._given([self._compact()])
        out = [self._start_segment()]
        out.extend(self._finish_segment(self._writer) for _ in range(len(self._jobs)))
        out.append(self._writer.finish())
        self._jobs.close()
        return self._given(out)

    def _start_segment(self) -> bytes:
        out = []
        if self._writer is None:
            self._writer = FrameWriter(self.model.identity)
            out.append(self._writer.header())
        data, self._buffer = bytes(self._buffer), bytearray()
        self._jobs.put(partial(_code, self.model, data))
        if self._jobs.is_full:
            out.append(self._finish_segment(self._writer))
        return b"".join(out)

    def _finish_segment(self, writer: FrameWriter) -> bytes:
        job = self._jobs.get()
        self._book(job)
        return writer.segment(job.coded, job.data)

    def _compact(self) -> bytes:
        job = _code(self.model, bytes(self._buffer))
        self._buffer = bytearray()
        frame = container.compact_frame(self.model.identity, job.coded, job.data)
        if len(frame) > len(job.data):
            # The few bytes that a model's frame needs more may be more than the model saves.
            plain = job._replace(coded=codec.stored(job.data))
            plain_frame = container.compact_frame(self.model.identity, plain.coded, plain.data)
            if len(plain_frame) <= len(frame):
                job, frame = plain, plain_frame
        self._book(job)
        return frame

    def _book(self, job: _Job) -> None:
        self._size += len(job.data)
        self._code += job.coded.account
        self._histogram += job.histogram

    def _given(self, out: list[bytes]) -> bytes:
        given = b"".join(out)
        self._file_size += len(given)
        return given


class _Policy:
    """What decoding may use: models and memory."""

    def __init__(
        self, model: ModelLike | None, max_size: int | None, max_memory: int | None
    ) -> None:
        self._given = None if model is None else _load(model)
        self._max_size = max_size
        self._max_memory = max_memory

    def model(self, identity: bytes | None) -> Model | None:
        """The model of that identity; None if none is needed. Raises ModelError if missing."""
        if identity is None:
            return None
        if self._given is not None and self._given.identity == identity:
            return self._given
        from arzip.models import by_identity

        return by_identity(identity, self._given)

    def check_size(self, size: int) -> None:
        """Raise LimitError if that is too much output in all."""
        if self._max_size is not None and size > self._max_size:
            raise LimitError(f"the output is larger than the limit of {self._max_size} bytes")

    def check_memory(self, model: Model | None, segment: Segment) -> int:
        """How many such segments may be decoded at a time. Raises LimitError if that is none."""
        if self._max_memory is None:
            return sys.maxsize
        need = codec.decoding_memory(model, segment.method, segment.coded_size, segment.size)
        if need > self._max_memory:
            raise LimitError(
                f"decoding takes {need} bytes of memory, more than the limit of {self._max_memory}"
            )
        return self._max_memory // max(1, need)


class ArzipDecompressor:
    """Restores the data of one frame; what follows the frame is left in `unused_data`.

    `model` is needed for a frame that was made with a model that arzip does not have. `max_size`
    limits the bytes of output in all, `max_memory` the bytes that decoding segments takes; None
    is no limit. `threads` segments are decoded at a time (0: one for each core); with more than
    one, output lags behind input.
    """

    def __init__(
        self,
        *,
        model: ModelLike | None = None,
        threads: int = 1,
        max_size: int | None = None,
        max_memory: int | None = None,
    ) -> None:
        self.policy = _Policy(model, max_size, max_memory)
        self._buffer = bytearray()
        self._reader: FrameReader | None = FrameReader(self._buffer)
        self._model: Model | None = None  # of the frame that is being read
        self._between_frames = False
        self._jobs: _InOrder[bytes | End] = _InOrder(threads)
        self._content = xxh64()  # of the frame's data so far
        self._claimed = 0  # bytes of output that the headers so far announce
        self._error: Exception | None = None  # raised when what precedes it was given out
        self._segment = b""
        self._used = 0  # bytes of the segment that were given out

    @property
    def eof(self) -> bool:
        """Whether the end of the frame was reached and all of its data given out."""
        return not (self._reader or self._jobs or self._error or self._is_ready)

    @property
    def needs_input(self) -> bool:
        """Whether more input is what `decompress` needs to give more output."""
        return (
            not (self._is_ready or self._jobs.is_full or self._error) and self._reader is not None
        )

    @property
    def unused_data(self) -> bytes:
        """What was found after the end of the frame; b"" before that."""
        return bytes(self._buffer) if self.eof else b""

    def decompress(self, data: "ReadableBuffer", max_length: int = -1) -> bytes:
        """Take more of the frame; return more of its data, at most `max_length` bytes if not < 0.

        Data is given out when the checksum of its segment held, not before. Empty `data` says
        that there is nothing to do but wait for what threads are working on. Raises EOFError
        after the end of the frame, and FormatError, ChecksumError, ModelError or LimitError where
        the frame cannot be decoded; if there is a `max_length`, what precedes that place is given
        out first.
        """
        if self.eof:
            raise EOFError("the end of the frame was reached")
        view = as_view(data)
        self._buffer += view
        out: list[bytes] = []
        room = max_length
        while room and self._get_ready(wait=not view and (max_length < 0 or not out)):
            end = self._used + room if room > 0 else len(self._segment)
            out.append(self._segment[self._used : end])
            self._used += len(out[-1])
            room -= len(out[-1]) if room > 0 else 0
        self._parse()
        if self._error and not self._jobs and not self._is_ready and (max_length < 0 or not out):
            raise self._error
        return b"".join(out)

    @property
    def segment(self) -> tuple[int, bytes]:
        """The data of the segment at hand, and how much of it was given out."""
        return self._used, self._segment

    @property
    def _is_ready(self) -> bool:
        """Whether data is there to be given out."""
        return self._used < len(self._segment)

    def _get_ready(self, wait: bool) -> bool:
        """Whether there is data to give out. May decode some, if only to `wait` for threads."""
        while not self._is_ready:
            self._parse()
            no_more = self._reader is None or self._error is not None
            if not self._jobs or not (wait or no_more or self._jobs.is_full):
                return False
            self._finish_job()
        return True

    def _parse(self) -> None:
        """Begin to decode what the buffer holds, as far as there are threads for it."""
        try:
            while self._reader and not self._error and not self._jobs.is_full:
                part = self._reader.read()
                if part is None:
                    break
                self._take(part)
        except Exception as error:
            self._error = error

    def _take(self, part: Header | Segment | Payload | End) -> None:
        match part:
            case Header():
                self._between_frames = False
                self._model = self.policy.model(part.identity)
            case Segment():
                self._claimed += part.size
                self.policy.check_size(self._claimed)
                at_a_time = self.policy.check_memory(self._model, part)
                self._jobs.capacity = min(self._jobs.capacity, at_a_time)
            case Payload():
                self._jobs.put(partial(restore, self._model, part))
            case End():
                self._between_frames = True
                self._jobs.put_result(part)
                self._reader = self._reader_of_next()

    def _reader_of_next(self) -> FrameReader | None:
        return None

    def _finish_job(self) -> None:
        try:
            result = self._jobs.get()
            if isinstance(result, End):
                self._check_content(result)
            else:
                self._content.update(result)
                self._segment, self._used = result, 0
        except Exception as error:
            self._error = error
            self._jobs.close()

    def _check_content(self, end: End) -> None:
        if end.check is not None and end.check != self._content.intdigest():
            raise ChecksumError("the file is damaged: the checksum of the whole does not hold")
        self._content.reset()


class FramesDecompressor(ArzipDecompressor):
    """Restores the data of all frames that come."""

    def finish(self) -> bytes:
        """The rest of the data. Raises TruncatedError if the last frame is not complete."""
        rest = self.decompress(b"")
        if self._buffer or not self._between_frames:
            raise TruncatedError(container.ENDS_EARLY)
        self._jobs.close()
        return rest

    def _reader_of_next(self) -> FrameReader:
        return FrameReader(self._buffer, first=False)


def decompress(
    data: "ReadableBuffer",
    *,
    model: ModelLike | None = None,
    threads: int = 1,
    max_size: int | None = None,
    max_memory: int | None = None,
) -> bytes:
    """See arzip.decompress."""
    decompressor = FramesDecompressor(
        model=model, threads=threads, max_size=max_size, max_memory=max_memory
    )
    view = as_view(data)
    pieces = range(0, len(view), READ_SIZE)
    out = [decompressor.decompress(view[first : first + READ_SIZE]) for first in pieces]
    return b"".join([*out, decompressor.finish()])


def _load(model: ModelLike) -> Model:
    if isinstance(model, str | os.PathLike):
        from arzip.models import load

        return load(model)
    return model


def _code(model: Model, data: bytes) -> _Job:
    return _Job(data, codec.encode(model, data), histogram(data))


def restore(model: Model | None, payload: Payload) -> bytes:
    """The data of a segment. Raises FormatError or ChecksumError if it was changed."""
    segment = payload.segment
    data = codec.decode(model, segment.method, payload.payload, segment.size)
    payload.verify(data)
    return data


def as_view(data: "ReadableBuffer") -> memoryview:
    """Any bytes-like object as a row of bytes. Raises TypeError for what is none, such as str."""
    view = memoryview(data)
    if view.contiguous and view.ndim == 1 and view.format == "B":
        return view
    return memoryview(view.tobytes())
